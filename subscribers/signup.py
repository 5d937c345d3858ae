"""Joining with proof: a request writes a letter, and only the link in that letter makes a subscription active.

Whoever asks gets the same answer for a known, an unknown and a suppressed address, and the same work is done for each:
what the letter says, and whether it is sent at all, is decided when it leaves.
"""

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.utils.translation import gettext as _

from newsletter import config
from subscribers import letters
from subscribers.addresses import Address
from subscribers.models import Consent, Hits, Letter, Subscriber, Subscription, Suppression
from subscribers.tokens import Purpose, read_timed

WORDING = "2026-1"
"""The version of `consent_text`; a new text gets a new one."""

HOUR = timedelta(hours=1)
PER_NETWORK, PER_DOMAIN, PER_MAILBOX = 30, 1_000, 10
"""Requests an hour: from one network (IPv4 /24, IPv6 /56), for addresses of one domain, and for one mailbox."""
AGAIN_AFTER, MONTH, LETTERS_A_MONTH = timedelta(hours=6), timedelta(days=30), 10
"""One letter to an address about a newsletter in the first; about all of them so many to a mailbox in a month."""
DOTLESS = frozenset(("gmail.com", "googlemail.com"))
KEEP_PENDING, KEEP_LETTERS = timedelta(days=30), timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked for on a newsletter's page, and from where."""

    newsletter: str
    address: Address
    language: str
    network: str
    page: str
    at: datetime


class Result(StrEnum):
    """What came of following a link to confirm."""

    DONE = "done"
    USED = "used"
    EXPIRED = "expired"
    GONE = "gone"
    REFUSED = "refused"
    TAKEN = "taken"


def consent_text(title: str) -> str:
    """What a person agrees to, in the language in force."""
    return _("Yes, send me %(title)s by mail. I can pause or leave at any time.") % {"title": title}


def network_of(address: str) -> str:
    """The network that a limit counts: an address's /24, of IPv6 its /56 (what one household or machine holds).

    Some proxies write a port behind the address; whoever comes from many ports comes from one network.
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


def ask(request: Request) -> bool:
    """Note a request and write the letter; False where the network or the domain has asked too often.

    A request for an address that was written to lately, or is asked for again and again, is taken like any other, and
    writes nothing.
    """
    with transaction.atomic():
        answer = _limited(request)
        if answer is not None:
            return answer
        Suppression.objects.adopt(request.address.key)
        subscriber, new = Subscriber.objects.select_for_update().named_or_new(
            request.address.key, request.address.written, language=request.language
        )
        if _written_to(subscriber, request, new=new):
            return True
        Hits.objects.add_one(request.at, MONTH, written_to(request.address.key))
        subscription = _subscription(subscriber, request, new=new)
        consent = _note(subscription, request)
        letters.write(Letter.Kind.CONFIRM, subscriber, subscription, request.newsletter, request.at, consent=consent.pk)
    return True


def _subscription(subscriber: Subscriber, request: Request, *, new: bool) -> Subscription:
    """The person's tie to the newsletter, made where there is none; a new person has none to be looked for."""
    if new:
        return Subscription.objects.create(subscriber=subscriber, newsletter=request.newsletter, created=request.at)
    return Subscription.objects.get_or_create(
        subscriber=subscriber, newsletter=request.newsletter, defaults={"created": request.at}
    )[0]


def invite(subscription: Subscription, how: Consent.How, text: str, at: datetime) -> None:
    """Ask a person to confirm a subscription that somebody else wrote down; within the caller's transaction."""
    consent = Consent.objects.create(subscription=subscription, how=how, text=text, at=at)
    letters.write(
        Letter.Kind.CONFIRM, subscription.subscriber, subscription, subscription.newsletter, at, consent=consent.pk
    )


def _limited(request: Request) -> bool | None:
    """What is answered where a limit is reached, None where none is; what is turned away leaves no row.

    An address that is asked for so often that it can be no person's wish is taken like any other: so a flood, wherever
    from, uses up neither its domain's share nor tells that it is one.
    """
    network = f"network {network_of(request.network)}"
    address, domain = asking_for(request.address.key), f"domain {request.address.domain}"
    of_network, of_mailbox, of_domain = Hits.objects.how_many(request.at, HOUR, network, address, domain)
    if of_network >= PER_NETWORK:
        return False
    if of_mailbox >= PER_MAILBOX:
        return True
    if of_domain >= PER_DOMAIN:
        return False
    Hits.objects.add_one(request.at, HOUR, network, address, domain)
    return None


def mailbox_of(key: str) -> str:
    """What addresses have in common that reach one mailbox: all but `+…`, and at Gmail the dots."""
    local, _, domain = key.rpartition("@")
    box = local.partition("+")[0] or local
    return f"{box.replace('.', '') if domain in DOTLESS else box}@{domain}"


def asking_for(key: str) -> str:
    """Under what name it is counted how often an address's mailbox was asked for."""
    return f"mailbox {mailbox_of(key)}"


def written_to(key: str) -> str:
    """Under what name it is counted how many letters of this kind went to an address's mailbox."""
    return f"letters {mailbox_of(key)}"


def _written_to(subscriber: Subscriber, request: Request, *, new: bool) -> bool:
    """Whether one more letter would be one too many for this address."""
    if Hits.objects.how_many(request.at, MONTH, written_to(subscriber.key))[0] >= LETTERS_A_MONTH:
        return True
    of_late = request.at - AGAIN_AFTER
    asked = subscriber.letters.filter(kind=Letter.Kind.CONFIRM, newsletter=request.newsletter, created__gt=of_late)
    return not new and asked.exists()


def _note(subscription: Subscription, request: Request) -> Consent:
    newsletter = config.current().newsletters[request.newsletter]
    return Consent.objects.create(
        subscription=subscription,
        how=Consent.How.FORM,
        wording=WORDING,
        text=consent_text(newsletter.title),
        language=request.language,
        at=request.at,
        network=request.network[:45],
        page=request.page[:500],
    )


def asked_by(token: str) -> tuple[Result, Consent | None]:
    """What a confirm link stands for, without doing it: DONE means that confirming would do it."""
    timed = read_timed(Purpose.CONFIRM, token)
    if timed is None:
        return Result.GONE, None
    consent = Consent.objects.select_related("subscription__subscriber").filter(pk=timed.number).first()
    if consent is None:
        return Result.GONE, None
    if consent.confirmed_at:
        return Result.USED, consent
    return (Result.EXPIRED if timed.expired else Result.DONE), consent


@transaction.atomic
def confirm(token: str, at: datetime) -> tuple[Result, Subscription | None]:
    """Make the subscription active that the link stands for, once; lifts what confirming lifts."""
    result, consent = asked_by(token)
    if consent is None or result is not Result.DONE:
        return result, consent.subscription if consent else None
    if not Consent.objects.filter(pk=consent.pk, confirmed_at=None).update(confirmed_at=at):
        return Result.USED, consent.subscription
    subscription = consent.subscription
    if not lift(subscription.subscriber.key, at):
        return Result.REFUSED, subscription
    subscription.consents.filter(confirmed_at=None).delete()
    _activate(subscription, at)
    return Result.DONE, subscription


def lift(key: str, at: datetime) -> bool:
    """Lift what suppresses this address; False where something stays."""
    if not letters.may_be_lifted(key, at):
        return False
    covering = Suppression.objects.covering(key)
    if covering.filter(reason=Suppression.Reason.BOUNCED).exists():
        Hits.objects.add_one(at, letters.LIFT_BOUNCED_EVERY, letters.lifting(key))
    covering.filter(kind=Suppression.Kind.ADDRESS).delete()
    return not covering.exists()


def _activate(subscription: Subscription, at: datetime) -> None:
    if subscription.state != Subscription.State.ACTIVE:
        subscription.state, subscription.joined = Subscription.State.ACTIVE, at
    subscription.unsubscribed_at, subscription.reason, subscription.paused_until = None, "", None
    subscription.save()
    newsletter = config.current().newsletters.get(subscription.newsletter)
    if newsletter and newsletter.welcome:
        letters.write(Letter.Kind.WELCOME, subscription.subscriber, subscription, subscription.newsletter, at)


@transaction.atomic
def tidy(at: datetime) -> int:
    """Drop what nobody confirmed in 30 days, letters sent so long ago, and counts that are over; gives how many went.

    Meant for once a day.
    """
    before = at - KEEP_PENDING
    unanswered = Subscription.objects.filter(state=Subscription.State.PENDING, created__lt=before)
    asked_since = Consent.objects.filter(at__gte=before).values("subscription")
    gone = unanswered.exclude(pk__in=asked_since).exclude(consents__how=Consent.How.IMPORT).delete()[0]
    gone += Subscriber.objects.filter(subscriptions=None, created__lt=before).delete()[0]
    gone += Letter.objects.filter(sent_at__lt=at - KEEP_LETTERS).delete()[0]
    return gone + Hits.objects.tidy(at)
