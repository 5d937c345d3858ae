"""Events of email services, as Anymail reads them: stored when they arrive, and processed afterwards.

An event has its effect once, however often and in whichever order it is reported. It affects a subscription only if it
names a delivery: by the provider's identifier of the message or our Message-ID, and the address. One that arrives
before the result of its delivery is stored waits for it.

A bounce is judged by the receiving server's reply, as in a report by email, and then by what the service calls
permanent. A service that keeps a list of bounced addresses repeats the bounce when it refuses one of them.
"""

import hashlib
import json
import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Case, Count, Max, Q, Value, When, prefetch_related_objects

from newsletter.background import Task, enqueue
from newsletter.bounces import policy
from newsletter.bounces.processing import LOOK_BACK, is_about, place_of, recent_editions
from newsletter.bounces.reading import BounceKind
from newsletter.config import Config
from newsletter.domain.outcome import Fault
from newsletter.models import Bounce, Delivery, Edition, NewWebhookEvent, Result, WebhookEvent
from newsletter.providers import PROVIDERS
from subscribers.models import Subscription
from subscribers.preferences import unsubscribe

log = logging.getLogger("newsletter.bounces")

Kind = WebhookEvent.Kind

NO_EFFECT = (Kind.DELIVERED, Kind.DEFERRED)
"""What is only counted."""
BATCH = 500
EFFECTS = 10
"""The number of events with an effect in one transaction; such an event takes a hundred times as long as another."""
PAUSE = 0.025
"""Seconds between two transactions: how often others on SQLite try to begin one. They would wait for the last one."""
SOON = timedelta(seconds=1)
"""Events that arrive within this time are processed together: many services report each in a call of its own."""
AGAIN, GIVE_UP = timedelta(minutes=1), timedelta(hours=2)
KEEP = LOOK_BACK + timedelta(days=30)
"""How long events are kept: for longer than an event can find a delivery, so that none is processed twice."""

LONGEST_ADDRESS, LONGEST_ID = 320, 255
_KINDS = {
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.DEFERRED: Kind.DEFERRED,
    EventType.BOUNCED: Kind.BOUNCED,
    EventType.FAILED: Kind.BOUNCED,
    EventType.REJECTED: Kind.BOUNCED,
    EventType.COMPLAINED: Kind.COMPLAINED,
    EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
}
_ON_A_LIST = {RejectReason.SPAM: Kind.COMPLAINED, RejectReason.UNSUBSCRIBED: Kind.UNSUBSCRIBED}
_MISSING = (RejectReason.INVALID, RejectReason.BOUNCED)


def read(provider: str, events: Iterable[AnymailTrackingEvent], now: datetime) -> list[NewWebhookEvent]:
    """Return rows for those events that change something."""
    return [row for event in events if (row := _stored_event(provider, event, now))]


def store(calls: Sequence[Sequence[NewWebhookEvent]]) -> Sequence[None]:
    """Store the events of some calls that are not stored yet, in one transaction, and start to process them."""
    rows = sorted((row for call in calls for row in call), key=lambda row: (row.provider, row.key))
    if rows:
        with transaction.atomic():
            WebhookEvent.objects.add(rows)
        enqueue(PROCESS, "events", rows[0].received_at + SOON)
    return [None] * len(calls)


def hand_out(now: datetime) -> None:
    """Start to process events that are due."""
    if WebhookEvent.objects.due(now).exists():
        enqueue(PROCESS, "events")


def process(_configuration: Config, now: datetime) -> int:
    """Process all events that are due, and return how many found their delivery.

    What is read is read outside of transactions, and what is written is written in short ones: SQLite has one writer
    at a time, and calls of services are answered once they are stored.
    """
    count = 0
    while rows := list(WebhookEvent.objects.due(now).order_by("due_at", "pk")[:BATCH]):
        deliveries = _deliveries(rows, now)
        taken = list[WebhookEvent]()
        for number, part in enumerate(_parts(rows, deliveries)):
            if number:
                time.sleep(PAUSE)
            taken += _process_part(part, deliveries, now)
        count += sum(row.pk in deliveries for row in taken)
        if not taken:  # another program is processing them
            break
    return count


def _parts(rows: Sequence[WebhookEvent], deliveries: Mapping[int, Delivery]) -> Iterator[Sequence[WebhookEvent]]:
    """Yield the events in parts that are processed in a transaction each, one of them for all that have no effect."""
    if others := [row for row in rows if not _has_effect(row, deliveries)]:
        yield others
    effective = [row for row in rows if _has_effect(row, deliveries)]
    for start in range(0, len(effective), EFFECTS):
        yield effective[start : start + EFFECTS]


def _has_effect(row: WebhookEvent, deliveries: Mapping[int, Delivery]) -> bool:
    return row.pk in deliveries and row.kind not in NO_EFFECT


@transaction.atomic
def _process_part(
    rows: Sequence[WebhookEvent], deliveries: Mapping[int, Delivery], now: datetime
) -> list[WebhookEvent]:
    """Process those of the events that no other program is processing or has processed, and return them."""
    free = WebhookEvent.objects.select_for_update(skip_locked=True).due(now).filter(pk__in=[row.pk for row in rows])
    mine = set(free.values_list("pk", flat=True))
    taken = [row for row in rows if row.pk in mine]
    effective = [row for row in taken if _has_effect(row, deliveries)]
    prefetch_related_objects([deliveries[row.pk] for row in effective], "edition", "subscription__subscriber")
    for row in taken:
        if delivery := deliveries.get(row.pk):
            row.edition_id, row.number = delivery.edition_id, delivery.number
    for row in effective:
        _apply_safely(row, deliveries[row.pk], now)
    rows_done = [row for row in taken if row.pk in deliveries or now - row.received_at >= GIVE_UP]
    WebhookEvent.objects.complete(rows_done)
    unmatched = mine - {row.pk for row in rows_done}
    WebhookEvent.objects.filter(pk__in=unmatched).update(due_at=now + AGAIN)
    return taken


def _apply_safely(row: WebhookEvent, delivery: Delivery, now: datetime) -> None:
    """Apply an event; one that the program fails on is logged without its content, and doesn't hold up the others."""
    try:
        with transaction.atomic():
            _apply(row, delivery, now)
    except (InterfaceError, OperationalError):
        raise
    except Exception as fault:  # noqa: BLE001 - see above
        where = place_of(fault)
    else:
        return
    log.error("an event of %s could not be processed (number %d): %s", row.provider, row.pk, where)


def _apply(row: WebhookEvent, delivery: Delivery, now: datetime) -> None:
    row.text = policy.redact(row.text, delivery) if row.text else ""
    if row.kind == Kind.UNSUBSCRIBED:
        unsubscribe(delivery.subscription_id, now)
    elif row.kind == Kind.COMPLAINED:
        policy.record(policy.Report(Bounce.Kind.COMPLAINT, Fault.NONE, "", "", row.key), delivery, now)
    elif row.kind == Kind.BOUNCED:
        kind, fault = Bounce.Kind(row.bounce), Fault(row.fault)
        policy.record(policy.Report(kind, fault, row.status, row.text, row.key), delivery, now)


def _deliveries(rows: Sequence[WebhookEvent], now: datetime) -> dict[int, Delivery]:
    """Return the delivery that each event is about, by the event's primary key."""
    people = _subscriptions({row.recipient for row in rows})
    numbers = [number for of_person in people.values() for number in of_person]
    recent = Delivery.objects.filter(edition_id__in=recent_editions(now), subscription_id__in=numbers)
    sent: dict[int, list[Delivery]] = {}
    for delivery in recent.order_by("-edition_id"):
        sent.setdefault(delivery.subscription_id, []).append(delivery)
    names = _provider_ids(sent, {row.message_id for row in rows if row.message_id})
    deliveries = {}
    for row in rows:
        candidates = [d for number in people.get(row.recipient, ()) for d in sent.get(number, ())]
        for delivery in candidates if row.message_id else ():
            is_providers = names.get((delivery.edition_id, delivery.number)) == row.message_id
            if is_providers or is_about(delivery, row.message_id):
                deliveries[row.pk] = delivery
                break
    return deliveries


def _subscriptions(recipients: Collection[str]) -> dict[str, list[int]]:
    subscriptions: dict[str, list[int]] = {}
    rows = Subscription.objects.filter(subscriber__key__in=[r for r in recipients if r])
    for key, number in rows.values_list("subscriber__key", "pk"):
        subscriptions.setdefault(key, []).append(number)
    return subscriptions


def _provider_ids(sent: Mapping[int, list[Delivery]], message_ids: Collection[str]) -> dict[tuple[int, int], str]:
    """Return under which of these identifiers the provider accepted each delivery."""
    every = [delivery for deliveries in sent.values() for delivery in deliveries]
    rows = Result.objects.filter(
        edition_id__in={d.edition_id for d in every},
        number__in={d.number for d in every},
        queue_id__in=message_ids,
    )
    return {(edition, number): name for edition, number, name in rows.values_list("edition_id", "number", "queue_id")}


def last_received(provider: str) -> datetime | None:
    """Return when the last event of a provider arrived."""
    rows = WebhookEvent.objects.filter(provider=provider).order_by("-received_at")
    return rows.values_list("received_at", flat=True).first()


def counts(edition: Edition) -> dict[str, int]:
    """Return how many deliveries of an edition have each kind of event, each counted by the worst."""
    worst = Max(Case(*(When(kind=kind, then=Value(rank)) for rank, kind in enumerate(_WORSE))))
    deliveries = WebhookEvent.objects.filter(edition=edition).values("number").annotate(worst=worst)
    counted: dict[str, int] = deliveries.aggregate(
        **{kind.value: Count("number", filter=Q(worst=rank)) for rank, kind in enumerate(_WORSE)}
    )
    return counted


_WORSE = (Kind.DEFERRED, Kind.DELIVERED, Kind.UNSUBSCRIBED, Kind.BOUNCED, Kind.COMPLAINED)


def _process(configuration: Config) -> None:
    now = datetime.now(UTC)
    process(configuration, now)
    if WebhookEvent.objects.filter(due_at__gt=now).exists():
        enqueue(PROCESS, "again", now + AGAIN)


PROCESS = Task("process-webhook-events", _process, lane="webhooks", queue="work")


def _stored_event(provider: str, event: AnymailTrackingEvent, now: datetime) -> NewWebhookEvent | None:
    """Return the row for an event; None for one that changes nothing, such as an opened message."""
    kind = _KINDS.get(event.event_type)
    if event.event_type == EventType.REJECTED:
        kind = _ON_A_LIST.get(event.reject_reason, kind)
    if kind is None:
        return None
    bounce, fault, status, text = _cause(provider, event) if kind is Kind.BOUNCED else ("", "", "", "")
    return NewWebhookEvent(
        provider=provider,
        key=_key(kind, bounce, event),
        kind=kind.value,
        bounce=bounce,
        fault=fault,
        status=status,
        text=text,
        recipient=_text(event.recipient).strip().lower()[:LONGEST_ADDRESS],
        message_id=_text(event.message_id).strip("<> ")[:LONGEST_ID],
        received_at=now,
        due_at=now,
    )


def _cause(provider: str, event: AnymailTrackingEvent) -> tuple[str, str, str, str]:
    """Return the kind of a bounce, whose fault it was, its enhanced status, and the server's words."""
    from newsletter.bounces.reading.parsing import read_reply  # imported by the first bounce

    if event.event_type == EventType.REJECTED:
        permanent: bool | None = event.reject_reason in _MISSING
    else:
        permanent = _is_permanent(provider, event.esp_event)
    reply = _text(event.mta_response) or _text(event.description)
    kind, fault, status, text = read_reply(reply, permanent=permanent)
    if fault is Fault.NONE:
        fault = Fault.RECIPIENT if kind is BounceKind.HARD else Fault.MAILBOX
    return kind.value, fault.value, status[:12], text


def _key(kind: Kind, bounce: str, event: AnymailTrackingEvent) -> str:
    """Return a hash of what is the same in each report of an event: some services sign each one with a new token.

    A soft bounce and the hard one after it may have the same second.
    """
    when = (
        event.timestamp.isoformat()
        if event.timestamp
        else event.event_id or json.dumps(event.esp_event, sort_keys=True, default=str)
    )
    soft = [bounce] if bounce == Bounce.Kind.SOFT else []
    what = "\0".join((kind, _text(event.message_id), _text(event.recipient).lower(), str(when), *soft))
    return hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _text(value: object) -> str:
    return "" if value is None else str(value).replace("\0", "").encode("utf-8", "replace").decode()


def _is_permanent(provider: str, raw: object) -> bool | None:
    """Return whether the service calls a bounce permanent; None if it doesn't say."""
    webhook = PROVIDERS[provider].webhook if provider in PROVIDERS else None
    return webhook.permanent(raw) if webhook and isinstance(raw, Mapping) else None
