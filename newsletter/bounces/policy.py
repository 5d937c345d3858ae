"""What a bounce or a complaint does to a subscription: mostly nothing.

Promises: only "no such mailbox" suppresses an address at once, and otherwise only `EDITIONS` emails in a row that came
back over at least `AT_LEAST`; what servers hold against the sender or the email counts for nothing; a complaint ends
every subscription. This is for reports that our return path proves. Any other may come from anyone who was forwarded
the email, and ends at most the subscription that its link ends. A report about an address that the person has left
since touches nobody.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from newsletter.config import Config
from newsletter.delivery.reply import redact_stored
from newsletter.domain.outcome import Fault
from newsletter.events import record as events
from newsletter.events.record import EventKind
from newsletter.models import Bounce, Delivery, DeliveryStatus, Edition, Result
from newsletter.sending import refusals
from subscribers.models import Subscriber, Subscription, Suppression
from subscribers.preferences import unsubscribe, unsubscribe_all

EDITIONS = 3
AT_LEAST, AT_MOST = timedelta(days=7), timedelta(days=100)
OURS = (Fault.POLICY, Fault.CONTENT)
REFUSALS = {Fault.RECIPIENT: Bounce.Kind.HARD, Fault.MAILBOX: Bounce.Kind.SOFT, Fault.EXPIRED: Bounce.Kind.SOFT}
SMTP_REFUSAL = 500
"""The lowest code of a permanent refusal by SMTP. Services with an API name a cause themselves, with lower codes."""
LOOK_BACK = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class SentEmail:
    """An email that a person was sent, and whether it came back."""

    at: datetime
    came_back: bool


def is_over(emails: Iterable[SentEmail]) -> bool:
    """Return whether emails have come back for so long that no more are to be sent.

    An email younger than the last that came back may yet come back itself, and says nothing.
    """
    newest_first = sorted(emails, key=lambda each: each.at, reverse=True)
    while newest_first and not newest_first[0].came_back:
        newest_first.pop(0)
    returned_at: list[datetime] = []
    for email in newest_first:
        if not email.came_back:
            break
        returned_at.append(email.at)
    return len(returned_at) >= EDITIONS and returned_at[0] - returned_at[-1] >= AT_LEAST


@dataclass(frozen=True, slots=True)
class Report:
    """A report about one delivery; `mail` is the same whenever it is repeated, `proven` as in `Bounce`."""

    kind: Bounce.Kind
    fault: Fault
    status: str
    text: str
    mail: str
    proven: bool = True


def record(report: Report, delivery: Delivery, now: datetime) -> bool:
    """Store and apply a report, in a transaction, unless it is stored; return whether it suppresses an address."""
    bounce, new = Bounce.objects.get_or_create(
        edition_id=delivery.edition_id,
        number=delivery.number,
        mail=report.mail,
        defaults={
            "kind": report.kind,
            "fault": report.fault,
            "status": report.status[:12],
            "text": redact(report.text, delivery),
            "proven": report.proven,
            "at": now,
        },
    )
    return new and apply(bounce, delivery, now)


def apply(bounce: Bounce, delivery: Delivery, now: datetime) -> bool:
    """Apply a new bounce or complaint, in a transaction; return whether an address is suppressed by it.

    One that isn't proven ends at most what its link would end: one subscription.
    """
    complaint = bounce.kind == Bounce.Kind.COMPLAINT
    kind = EventKind.EMAIL_COMPLAINED if complaint else EventKind.EMAIL_BOUNCED
    about = {"kind": bounce.kind, "status": bounce.status}
    events.of_delivery(kind, delivery.edition, delivery.subscription_id, about, now)
    subscriber = _subscriber(delivery)
    if subscriber is None:
        return False
    if complaint:
        every = subscriber.subscriptions.values_list("pk", flat=True)
        unsubscribe_all(list(every) if bounce.proven else [delivery.subscription_id], now)
    began = delivery.edition.began_at
    has_moved = subscriber.moved_at and began and subscriber.moved_at > began
    if has_moved or not (complaint or _is_gone(bounce, subscriber, now)):
        return False
    if not bounce.proven:
        unsubscribe(delivery.subscription_id, now)
        return False
    if complaint:
        return Suppression.objects.suppress(subscriber.key, Suppression.Reason.COMPLAINED)
    return Suppression.objects.suppress(subscriber.key, Suppression.Reason.BOUNCED, note=bounce.status)


def _is_gone(bounce: Bounce, subscriber: Subscriber, now: datetime) -> bool:
    """Return whether nothing more is to be sent after this bounce. Bounces that prove less than it does don't count."""
    if bounce.kind == Bounce.Kind.HARD:
        return True
    return bounce.fault not in OURS and is_over(_recent_emails(subscriber, now, proven=bounce.proven))


def redact(text: str, delivery: Delivery) -> str:
    """Return a server's words without the subscriber's address or what stands before its `@`."""
    subscriber = _subscriber(delivery)
    if subscriber is None:
        return text
    return redact_stored(text, subscriber.address)


def count_refusals(configuration: Config, now: datetime) -> int:
    """Count refusals in the session as bounces, and return how many addresses are blocked because of them.

    Where more of an edition is refused or has expired than was accepted, the fault is the server's or ours, and no
    refusal counts. While it is being sent, a few of them may be the first of many, and wait.
    """
    editions = Edition.objects.filter(began_at__gt=now - LOOK_BACK, newsletter__in=configuration.newsletters)
    return sum(_count_of_edition(edition, now) for edition in editions)


@transaction.atomic
def _count_of_edition(edition: Edition, now: datetime) -> int:
    refused = Result.objects.filter(edition=edition, kind=DeliveryStatus.REFUSED, fault__in=list(REFUSALS))
    refused = refused.exclude(status=refusals.OUR_RELAYS)
    if refusals.blames_everyone(edition, list(REFUSALS)):
        return 0
    weighed = Bounce.objects.filter(edition=edition, number=OuterRef("number"), mail=Bounce.REFUSED)
    return sum(_count_refusal(result, now) for result in refused.filter(~Exists(weighed)))


def _count_refusal(result: Result, now: datetime) -> int:
    delivery = Delivery.objects.filter(edition_id=result.edition_id, number=result.number).first()
    if delivery is None:
        return 0
    fault = _fault_of_refusal(result)
    kind = REFUSALS.get(fault, Bounce.Kind.SOFT)
    return int(record(Report(kind, fault, result.status, result.text, Bounce.REFUSED), delivery, now))


def _fault_of_refusal(result: Result) -> Fault:
    """Return the fault of a refusal in the session. The server's words outweigh its status, as in reports by email."""
    from newsletter.bounces.reading.words import fault_of_words  # its rules are compiled by the first refusal

    fault = Fault(result.fault)
    words = fault_of_words(result.text) if fault is Fault.RECIPIENT and result.code >= SMTP_REFUSAL else Fault.NONE
    return words or fault


def _subscriber(delivery: Delivery) -> Subscriber | None:
    """Return the subscriber of a delivery; None if it was erased since."""
    try:
        return delivery.subscription.subscriber
    except Subscription.DoesNotExist:
        return None


def _recent_emails(subscriber: Subscriber, now: datetime, *, proven: bool) -> list[SentEmail]:
    """Return the recent emails to this person, of all newsletters: accepted, or returned by a bounce that counts."""
    editions = Edition.objects.filter(began_at__gt=now - AT_MOST)
    began = {edition.pk: edition.began_at for edition in editions.only("began_at") if edition.began_at}
    numbers = list(subscriber.subscriptions.values_list("pk", flat=True))
    sent = Delivery.objects.filter(edition_id__in=list(began), subscription_id__in=numbers)
    mails = set(sent.values_list("edition_id", "number"))
    bounces = _reported(mails)
    ours = {mail for mail, fault, _sure in bounces if fault in OURS}
    back = {mail for mail, _fault, sure in bounces if sure or not proven} - ours
    results = _rows_about(mails, Result.objects.filter(kind=DeliveryStatus.ACCEPTED))
    accepted = mails.intersection(results.values_list("edition_id", "number")) - {mail for mail, *_ in bounces}
    return [SentEmail(began[edition], (edition, number) in back) for edition, number in back | accepted]


Mail = tuple[int, int]
"""An edition and a number in it."""
AboutMail = TypeVar("AboutMail", Bounce, Result)


def _reported(mails: set[Mail]) -> list[tuple[Mail, str, bool]]:
    """Return these emails' bounces, each with its fault and whether it is proven."""
    rows = _rows_about(mails, Bounce.objects.exclude(kind=Bounce.Kind.COMPLAINT))
    bounces = rows.values_list("edition_id", "number", "fault", "proven")
    return [((edition, n), fault, sure) for edition, n, fault, sure in bounces if (edition, n) in mails]


def _rows_about(mails: set[Mail], rows: QuerySet[AboutMail]) -> QuerySet[AboutMail]:
    """Return the rows that may be about these emails, and others of their editions with the same numbers."""
    return rows.filter(edition_id__in={e for e, _ in mails}, number__in={n for _, n in mails})
