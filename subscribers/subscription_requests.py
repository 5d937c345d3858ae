"""Requests to subscribe: each stores a confirmation email, within limits.

The response and the work done are the same for a known, an unknown and a blocked address: what the email says, and
whether it is sent at all, is decided when it is sent. Requests are stored in groups, with a few statements for all,
because a burst of them would otherwise take all of the processor.
"""

import ipaddress
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from subscribers import letters
from subscribers.addresses import Address
from subscribers.models import Consent, CounterKey, Hits, Letter, Subscriber, Subscription, Suppression, counter_key
from subscribers.tokens import secrets

WORDING = "2026-2"
"""The version of `consent_text`; change it with the text."""

HOUR = timedelta(hours=1)
PER_NETWORK, PER_DOMAIN, PER_MAILBOX = 30, 1_000, 10
"""Requests per hour from one network (IPv4 /24, IPv6 /56), for addresses of one domain, and for one mailbox."""
AGAIN_AFTER, MONTH, LETTERS_A_MONTH = timedelta(hours=6), timedelta(days=30), 10
"""The time between two emails to an address for one newsletter, and the number per mailbox and month for all."""
DOTLESS = frozenset(("gmail.com", "googlemail.com"))


@dataclass(frozen=True, slots=True)
class Request:
    """A request to subscribe, with the text that was agreed to, and where it came from.

    An empty `cadence` is the newsletter's default.
    """

    newsletter: str
    address: Address
    language: str
    consent: str
    network: str
    page: str
    at: datetime
    cadence: str = ""


def consent_text(title: str) -> str:
    """Return the text that a person consents to, in the active language."""
    return _("Yes, send me %(title)s by email. I can pause or unsubscribe at any time.") % {"title": title}


def network_of(address: str) -> str:
    """Return the network that limits count: the /24 of an IPv4 address, the /56 of an IPv6 address (one household).

    A port after the address, as some proxies write it, is ignored.
    """
    host = address.partition("]")[0][1:] if address.startswith("[") else address
    host = host.partition(":")[0] if host.count(":") == 1 else host
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv6Address) and ip.ipv4_mapped:
        ip = ip.ipv4_mapped
    return str(ipaddress.ip_network((ip, 24 if ip.version == 4 else 56), strict=False))


def mailbox_of(key: str) -> str:
    """Return the mailbox that an address reaches: without `+…`, and at Gmail without dots."""
    local, _, domain = key.rpartition("@")
    box = local.partition("+")[0] or local
    return f"{box.replace('.', '') if domain in DOTLESS else box}@{domain}"


def requests_counter(key: str) -> str:
    """Return the name of the counter of requests for an address's mailbox."""
    return f"mailbox {mailbox_of(key)}"


def confirmations_counter(key: str) -> str:
    """Return the name of the counter of confirmations sent to an address's mailbox."""
    return f"letters {mailbox_of(key)}"


def request_subscription(request: Request) -> bool:
    """Store one request; see `request_subscriptions`."""
    return request_subscriptions([request])[0]


@transaction.atomic
def request_subscriptions(requests: Sequence[Request]) -> list[bool]:
    """Store requests and their confirmation emails; return False for each whose network or domain exceeds its limit.

    A request for an address that was emailed recently, or is requested again and again, gets the usual response, and
    nothing is stored. The result is as if the requests had come one after another. On PostgreSQL rows are locked in
    the same order by all processes, so that they wait for each other instead of failing.
    """
    limits = _Limits(requests)
    answers = [limits.answer(request) for request in requests]
    accepted = [request for request, answer in zip(requests, answers, strict=True) if answer is None]
    limits.store()
    if accepted:
        subscribers = _subscribers(accepted)
        _store(_without_repetitions(accepted, subscribers), subscribers)
    return [answer is not False for answer in answers]


class _Counters:
    """Counters that are read once for many requests, and what is added to them."""

    def __init__(self, keys: Sequence[CounterKey]) -> None:
        self._values = Hits.objects.values_of(keys)
        self._added: Counter[CounterKey] = Counter()

    def value(self, key: CounterKey) -> int:
        return self._values[key] + self._added[key]

    def increment(self, key: CounterKey) -> None:
        self._added[key] += 1

    def store(self) -> None:
        Hits.objects.add(self._added)


class _Limits:
    """The limits of an hour. Rejected requests are not counted."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self._counters = _Counters([key for request in requests for key in self._keys(request)])

    @staticmethod
    def _keys(request: Request) -> tuple[CounterKey, CounterKey, CounterKey]:
        key = request.address.key
        names = (f"network {network_of(request.network)}", requests_counter(key), f"domain {request.address.domain}")
        network, mailbox, domain = (counter_key(name, request.at, HOUR) for name in names)
        return network, mailbox, domain

    def answer(self, request: Request) -> bool | None:
        """Return the response if a limit is reached; None otherwise, and count the request.

        A flood of requests for one mailbox gets the usual response, so that it neither uses up the domain's limit nor
        learns that it was recognized.
        """
        network, mailbox, domain = self._keys(request)
        if self._counters.value(network) >= PER_NETWORK:
            return False
        if self._counters.value(mailbox) >= PER_MAILBOX:
            return True
        if self._counters.value(domain) >= PER_DOMAIN:
            return False
        for key in (network, mailbox, domain):
            self._counters.increment(key)
        return None

    def store(self) -> None:
        """Write what was counted."""
        self._counters.store()


def _subscribers(requests: Sequence[Request]) -> dict[str, Subscriber]:
    """Return the subscribers of these requests by key, locked; those that are unknown are created."""
    first = {request.address.key: request for request in reversed(requests)}
    if len(secrets()) > 1:
        for key in first:
            Suppression.objects.rekey(key)
    known = set(Subscriber.objects.filter(key__in=first).values_list("key", flat=True))
    new = [
        Subscriber(key=key, address=r.address.written, language=r.language, **Subscriber.hashed(key))
        for key, r in sorted(first.items())
        if key not in known
    ]
    Subscriber.objects.bulk_create(new, ignore_conflicts=True)
    locked = Subscriber.objects.select_for_update().filter(key__in=first).order_by("key")
    return {subscriber.key: subscriber for subscriber in locked}


def _without_repetitions(requests: Sequence[Request], subscribers: dict[str, Subscriber]) -> list[Request]:
    """Return the requests that may be emailed: not too many in a month, and not again within AGAIN_AFTER."""
    counters = _Counters([_month(request) for request in requests])
    since = min(request.at for request in requests) - AGAIN_AFTER
    recent = Letter.objects.filter(kind=Letter.Kind.CONFIRM, created__gt=since, subscriber__in=subscribers.values())
    latest: dict[tuple[int, str], datetime] = {}
    for subscriber, newsletter, created in recent.order_by("created").values_list(
        "subscriber", "newsletter", "created"
    ):
        latest[subscriber, newsletter] = created
    fitting = []
    for request in requests:
        to = subscribers[request.address.key].pk, request.newsletter
        if counters.value(_month(request)) >= LETTERS_A_MONTH:
            continue
        if to in latest and latest[to] > request.at - AGAIN_AFTER:
            continue
        latest[to] = request.at
        counters.increment(_month(request))
        fitting.append(request)
    counters.store()
    return fitting


def _month(request: Request) -> CounterKey:
    return counter_key(confirmations_counter(request.address.key), request.at, MONTH)


def _store(requests: Sequence[Request], subscribers: dict[str, Subscriber]) -> None:
    """Write the subscription, the consent and the letter of each request."""
    subscriptions = _subscriptions(requests, subscribers)
    tied = [subscriptions[subscribers[r.address.key].pk, r.newsletter] for r in requests]
    consents = Consent.objects.bulk_create(
        Consent(
            subscription=subscription,
            how=Consent.How.FORM,
            wording=WORDING,
            text=request.consent,
            language=request.language,
            at=request.at,
            network=request.network[:45],
            page=request.page[:500],
            cadence=request.cadence,
        )
        for request, subscription in zip(requests, tied, strict=True)
    )
    letters.write_all(
        letters.unwritten(
            Letter.Kind.CONFIRM,
            subscribers[request.address.key],
            consent.subscription,
            request.newsletter,
            request.at,
            consent=consent.pk,
        )
        for request, consent in zip(requests, consents, strict=True)
    )


def _subscriptions(
    requests: Sequence[Request], subscribers: dict[str, Subscriber]
) -> dict[tuple[int, str], Subscription]:
    """Return the subscriptions of these requests by subscriber and newsletter; missing ones are created."""
    first = {(subscribers[r.address.key].pk, r.newsletter): r for r in reversed(requests)}
    found = _existing_subscriptions(first)
    missing = [
        Subscription(subscriber_id=subscriber, newsletter=newsletter, created=request.at)
        for (subscriber, newsletter), request in first.items()
        if (subscriber, newsletter) not in found
    ]
    if missing:  # an import, which doesn't lock subscribers, may create the same ones
        Subscription.objects.bulk_create(missing, ignore_conflicts=True)
        found = _existing_subscriptions(first)
    return found


def _existing_subscriptions(wanted: dict[tuple[int, str], Request]) -> dict[tuple[int, str], Subscription]:
    ties = Subscription.objects.filter(
        subscriber__in={subscriber for subscriber, _newsletter in wanted},
        newsletter__in={newsletter for _subscriber, newsletter in wanted},
    )
    return {(tie.subscriber_id, tie.newsletter): tie for tie in ties}
