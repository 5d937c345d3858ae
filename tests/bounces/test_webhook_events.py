"""Stored events are processed in short transactions, and by one program each."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from newsletter import config
from newsletter.bounces import webhook_events
from newsletter.models import Bounce, Delivery, Edition, NewWebhookEvent, Result, WebhookEvent
from subscribers.models import Subscriber, Suppression
from tests.sending import outbox_samples as samples

NOW = datetime(2026, 2, 6, 18, 0, tzinfo=UTC)
READERS = 6


@pytest.fixture
def edition(monkeypatch: pytest.MonkeyPatch) -> Edition:
    """An edition that a provider accepted for each reader; events have an effect in pairs, and are only stored."""
    monkeypatch.setattr(webhook_events, "EFFECTS", 2)
    monkeypatch.setattr(webhook_events, "enqueue", lambda *_: None)
    edition = samples.sending(READERS)
    Edition.objects.update(began_at=NOW - timedelta(hours=1))
    for number in range(1, READERS + 1):
        Result.objects.create(edition=edition, number=number, attempt=1, kind="accepted", at=0, queue_id=f"id-{number}")
    return edition


def event(number: int, kind: str = "bounced") -> NewWebhookEvent:
    """Return an event about a reader."""
    bounce, fault, status = ("hard", "reader", "5.1.1") if kind == "bounced" else ("", "", "")
    return NewWebhookEvent(
        provider="mailgun", key=f"{kind}{number}", kind=kind, bounce=bounce, fault=fault, status=status, text="",
        recipient=f"r{number}@reader.example", message_id=f"id-{number}", received_at=NOW, due_at=NOW,
    )  # fmt: skip


def transactions(queries: Sequence[dict[str, str]]) -> list[str]:
    """Return the queries, those of each transaction joined."""
    found = [""]
    for query in queries:
        if query["sql"].startswith("BEGIN"):
            found.append("")
        found[-1] += query["sql"] + "\n"
        if query["sql"].startswith("COMMIT"):
            found.append("")
    return [each for each in found if each]


@pytest.mark.django_db(transaction=True)
def test_events_with_an_effect_are_processed_in_short_transactions_and_the_others_in_one(edition: Edition) -> None:
    webhook_events.store([[event(number, kind)] for number in range(1, 6) for kind in ("bounced", "delivered")])
    with CaptureQueriesContext(connection) as captured:
        assert webhook_events.process(config.current(), NOW) == 10
    written = [each for each in transactions(captured.captured_queries) if each.startswith("BEGIN")]
    assert ["newsletter_bounce" in each for each in written] == [False, True, True, True]
    assert Bounce.objects.count() == 5
    assert not WebhookEvent.objects.exclude(due_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_deliveries_are_looked_up_before_a_transaction_begins(edition: Edition) -> None:
    webhook_events.store([[event(1), event(2, "delivered")]])
    with CaptureQueriesContext(connection) as captured:
        webhook_events.process(config.current(), NOW)
    for each in transactions(captured.captured_queries):
        assert not (each.startswith("BEGIN") and 'FROM "newsletter_delivery"' in each)


@pytest.mark.django_db
def test_events_that_another_program_processed_meanwhile_are_left_alone(
    edition: Edition, monkeypatch: pytest.MonkeyPatch
) -> None:
    webhook_events.store([[event(1), event(2), event(3, "delivered")]])
    look_up, others = webhook_events._deliveries, list[int]()

    def looked_up(rows: Sequence[WebhookEvent], now: datetime) -> dict[int, Delivery]:
        found = look_up(rows, now)
        if not others:
            others.append(0)
            others[0] = webhook_events.process(config.current(), now)
        return found

    monkeypatch.setattr(webhook_events, "_deliveries", looked_up)
    assert (webhook_events.process(config.current(), NOW), others) == (0, [3])
    assert Bounce.objects.count() == 2


@pytest.mark.django_db
def test_a_subscriber_who_was_erased_meanwhile_is_no_problem(edition: Edition) -> None:
    webhook_events.store([[event(1), event(2)]])
    look_up: Any = webhook_events._deliveries
    rows = list(WebhookEvent.objects.due(NOW))
    deliveries = look_up(rows, NOW)
    Subscriber.objects.get(key="r1@reader.example").delete()
    assert len(webhook_events._process_part(rows, deliveries, NOW)) == 2
    assert Suppression.objects.suppressed(["r1@reader.example", "r2@reader.example"]) == {
        "r2@reader.example": "bounced"
    }
