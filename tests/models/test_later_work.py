"""Deliveries to webhooks, and notices that wait, are later work after the upgrade, with what became of them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from newsletter.messages.general import TEXT
from newsletter.models import LaterWork, Notice

BEFORE = [("newsletter", "0055_machines_without_configuration")]
NOW = datetime(2026, 2, 6, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture
def before(transactional_db: None) -> Iterator[Any]:
    """The tables from before; afterwards they are as usual."""
    executor = MigrationExecutor(connection)
    latest = executor.loader.graph.leaf_nodes()
    executor.migrate(BEFORE)
    yield executor.loader.project_state(BEFORE).apps
    MigrationExecutor(connection).migrate(latest)


def upgrade() -> None:
    """Migrate to the newest tables."""
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())


def test_deliveries_to_webhooks_keep_what_became_of_them(before: Any) -> None:
    webhook = before.get_model("newsletter", "EventWebhook").objects.create(
        url="https://shop.example/", secret="", created_at=NOW, created_by=""
    )
    deliveries: Any = before.get_model("newsletter", "WebhookDelivery").objects
    for state in ("pending", "delivered", "failed"):
        event = before.get_model("newsletter", "RecordedEvent").objects.create(
            key=state, kind="edition.sent", newsletter="kinaforum", at=NOW
        )
        values = {"state": state, "attempts": 2, "due": NOW + HOUR, "tried_at": NOW, "problem": "away"}
        deliveries.create(webhook=webhook, event=event, **values)
    upgrade()
    rows = {row.payload["event"]: row for row in LaterWork.objects.all()}
    assert {name: (bool(row.done_at), bool(row.gave_up_at)) for name, row in rows.items()} == {
        "pending": (False, False),
        "delivered": (True, False),
        "failed": (False, True),
    }
    pending = rows["pending"]
    assert (pending.kind, pending.lane, pending.attempts) == ("webhook", f"webhook {webhook.pk}", 2)
    assert (pending.due, str(pending.problem)) == (NOW + HOUR, "away")


def test_notices_that_wait_are_later_work(before: Any) -> None:
    notices = before.get_model("newsletter", "Notice").objects
    of_all = {"newsletter": "kinaforum", "text": TEXT(words="It waits."), "at": NOW, "attempts": 3}
    done = notices.create(kind="paused", mailed_at=NOW, posted_at=NOW, **of_all)
    unposted = notices.create(kind="paused", mailed_at=NOW, problem="away", next_try_at=NOW + HOUR, **of_all)
    given_up = notices.create(kind="draft", posted_at=NOW, gave_up_at=NOW, **of_all)
    upgrade()
    rows = {(row.kind, row.payload["notice"]): row for row in LaterWork.objects.all()}
    assert rows.keys() == {("notice-post", unposted.pk), ("notice-email", given_up.pk)}
    waiting, failed = rows["notice-post", unposted.pk], rows["notice-email", given_up.pk]
    assert (waiting.due, waiting.attempts, str(waiting.problem)) == (NOW + HOUR, 3, "away")
    assert (failed.gave_up_at, failed.payload["about"], failed.problem) == (NOW, "draft", None)
    assert Notice.objects.filter(pk=done.pk).exists()
