"""Requests to subscribe: each stores a confirmation email, within limits.

The response and the work done are the same for a known, an unknown and a blocked address: what the email says, and
whether it is sent at all, is decided when it is sent. Requests are stored in groups, with a few statements for all,
because a burst of them would otherwise take all of the processor.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from subscribers import letters
from subscribers.models import Consent, CounterKey, Letter, Subscriber, Subscription, Suppression, counter_key
from subscribers.protection.sign_up_limits import Counters, Request, RequestAnswer, SignUpLimits, mailbox_of
from subscribers.tokens import secrets

WORDING = "2026-2"
"""The version of `consent_text`; change it with the text."""

AGAIN_AFTER, MONTH, LETTERS_A_MONTH = timedelta(hours=6), timedelta(days=30), 10
"""The time between two emails to an address for one newsletter, and the number per mailbox and month for all."""


def consent_text(title: str) -> str:
    """Return the text that a person consents to, in the active language."""
    return _("Yes, send me %(title)s by email. I can pause or unsubscribe at any time.") % {"title": title}


def confirmations_counter(key: str) -> str:
    """Return the name of the counter of confirmations sent to an address's mailbox."""
    return f"letters {mailbox_of(key)}"


def request_subscription(request: Request) -> RequestAnswer:
    """Store one request; see `request_subscriptions`."""
    return request_subscriptions([request])[0]


@transaction.atomic
def request_subscriptions(requests: Sequence[Request]) -> list[RequestAnswer]:
    """Store requests and their confirmation emails; return the answer to each: it may be one too many, or has to solve
    a challenge first.

    A request for an address that was emailed recently, or is requested again and again, is answered as accepted, and
    nothing is stored. The result is as if the requests had come one after another. On PostgreSQL rows are locked in
    the same order by all processes, so that they wait for each other instead of failing.
    """
    limits = SignUpLimits(requests)
    decisions = [limits.decide(request) for request in requests]
    accepted = [request for request, (_answer, stored) in zip(requests, decisions, strict=True) if stored]
    limits.store()
    if accepted:
        subscribers = _subscribers(accepted)
        _store(_without_repetitions(accepted, subscribers), subscribers)
    return [answer for answer, _stored in decisions]


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
    counters = Counters([_month(request) for request in requests])
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
            topics=request.topics,
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
