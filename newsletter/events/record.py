"""Record events in the transaction in which they happen, with work for each webhook that wants them.

So no event is lost, and none is told of what was rolled back.
"""

import secrets
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils import timezone

from newsletter import later
from newsletter.models import Edition, EventWebhook, LaterWork, RecordedEvent
from subscribers.models import (
    Subscription,
    person_erased,
    subscriptions_changed,
    subscriptions_ended,
    subscriptions_started,
)
from subscribers.models.inserts import insert_all, unsaved

WEBHOOK = "webhook"
"""The kind of later work that tells a webhook of an event."""


class EventKind(StrEnum):
    """The kinds of events."""

    EDITION_DRAFTED = "edition.drafted"
    EDITION_APPROVED = "edition.approved"
    EDITION_SENT = "edition.sent"
    SUBSCRIBER_JOINED = "subscriber.joined"
    SUBSCRIBER_CHANGED = "subscriber.changed"
    SUBSCRIBER_LEFT = "subscriber.left"
    EMAIL_BOUNCED = "email.bounced"
    EMAIL_COMPLAINED = "email.complained"


def of_edition(kind: EventKind, edition: Edition, at: datetime, **data: Any) -> None:
    """Record an event of an edition."""
    _record([_event_of(edition, kind=kind, data=data, at=at)])


def of_delivery(kind: EventKind, edition: Edition, subscription: int, data: dict[str, str], at: datetime) -> None:
    """Record what came back of an email."""
    _record([_event_of(edition, kind=kind, subscription=subscription, data=data, at=at)])


def _event_of(edition: Edition, **fields: Any) -> RecordedEvent:
    return RecordedEvent(key=_key(), newsletter=edition.newsletter, edition=edition.name, **fields)


def of_subscriptions(kind: EventKind, numbers: Collection[int], at: datetime) -> None:
    """Record an event of each of these subscriptions."""
    rows = Subscription.objects.filter(pk__in=numbers).order_by("pk").values_list("pk", "newsletter")
    _of_each(kind, rows, at)


def _of_each(kind: EventKind, newsletters: Iterable[tuple[int, str]], at: datetime) -> None:
    """Record an event of each subscription, given with its newsletter."""
    of_all = {"kind": kind, "data": {}, "at": at}
    _record(
        [unsaved(RecordedEvent, key=_key(), newsletter=name, subscription=pk, **of_all) for pk, name in newsletters]
    )


@receiver(subscriptions_started)
def _started(numbers: Collection[int], **_: Any) -> None:
    of_subscriptions(EventKind.SUBSCRIBER_JOINED, numbers, timezone.now())


@receiver(subscriptions_changed)
def _changed(numbers: Collection[int], **_: Any) -> None:
    of_subscriptions(EventKind.SUBSCRIBER_CHANGED, numbers, timezone.now())


@receiver(subscriptions_ended)
def _ended(newsletters: Mapping[int, str], **_: Any) -> None:
    _of_each(EventKind.SUBSCRIBER_LEFT, newsletters.items(), timezone.now())


@receiver(person_erased)
def _erased(subscriber: int, **_: Any) -> None:
    """Record that an erased person left; the event has only a number that leads nowhere."""
    subscriptions = Subscription.objects.filter(subscriber=subscriber).exclude(state=Subscription.State.UNSUBSCRIBED)
    of_subscriptions(EventKind.SUBSCRIBER_LEFT, list(subscriptions.values_list("pk", flat=True)), timezone.now())


def _key() -> str:
    return secrets.token_hex(12)


def _record(events: Sequence[RecordedEvent]) -> None:
    insert_all(events)
    webhooks = list(EventWebhook.objects.filter(stopped_at=None))
    later.add_all(_delivery(webhook, event) for event in events for webhook in webhooks if wants(webhook, event))


def _delivery(webhook: EventWebhook, event: RecordedEvent) -> LaterWork:
    return later.new(
        WEBHOOK,
        f"{webhook.pk} {event.key}",
        event.at,
        lane=_lane(webhook),
        newsletter=event.newsletter,
        webhook=webhook.pk,
        event=event.key,
        about=event.kind,
        to=urlsplit(webhook.url).hostname or "",
    )


def deliveries(webhook: EventWebhook) -> QuerySet[LaterWork]:
    """Return what a webhook was told within a month, and is to be told."""
    return LaterWork.objects.filter(kind=WEBHOOK, lane=_lane(webhook))


def _lane(webhook: EventWebhook) -> str:
    """Return the lane of a webhook: a slow one delays no other."""
    return f"{WEBHOOK} {webhook.pk}"


def wants(webhook: EventWebhook, event: RecordedEvent) -> bool:
    """Return whether a webhook is told of an event."""
    return (not webhook.kinds or event.kind in webhook.kinds) and (
        not webhook.newsletters or event.newsletter in webhook.newsletters
    )
