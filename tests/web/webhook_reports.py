"""Calls of services about editions that they accepted, and what a call has changed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django.test import Client

from newsletter.models import Bounce, Edition, Result
from subscribers.models import Subscription, Suppression
from tests.doubles.providers import CALLS, DOUBLES
from tests.doubles.webhook_calls import Call, Happened
from tests.sending import outbox_samples as samples

ADDRESS, NAME = "r1@reader.example", "id-1"
EVERY = [(provider, kind) for provider in CALLS for kind in DOUBLES[provider].kinds]


def accepted(count: int = 1) -> Edition:
    """Return an edition that a provider accepted for each reader."""
    edition = samples.sending(count)
    Edition.objects.update(began_at=datetime.now(UTC) - timedelta(hours=1))
    for number in range(1, count + 1):
        Result.objects.create(edition=edition, number=number, attempt=1, kind="accepted", at=0, queue_id=f"id-{number}")
    return edition


def posted(provider: str, call: Call) -> int:
    """Return the status of the answer."""
    answer = Client().generic("POST", f"/hooks/{provider}/", call.body, call.content_type, headers=dict(call.headers))
    return answer.status_code


def report(provider: str, kind: str, **more: Any) -> Call:
    """Return a call about the first reader."""
    return CALLS[provider](Happened(kind, NAME, ADDRESS, **more))


def state() -> tuple[Any, ...]:
    """Return what a report has changed."""
    bounces = sorted({(b.number, b.kind, b.fault, b.status) for b in Bounce.objects.all()})
    blocked = Suppression.objects.suppressed([ADDRESS]).get(ADDRESS)
    return bounces, blocked, Subscription.objects.get(subscriber__key=ADDRESS).state


EXPECTED = {
    "delivered": ([], None, "active"),
    "deferred": ([], None, "active"),
    "hard": ([(1, "hard", "reader", "5.1.1")], "bounced", "active"),
    "soft": ([(1, "soft", "mailbox", "4.2.2")], None, "active"),
    "complained": ([(1, "complaint", "", "")], "complained", "unsubscribed"),
    "unsubscribed": ([], None, "unsubscribed"),
}
