"""Nobody begins a chunk before each machine with a web server has been heard from since PostgreSQL was away."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from newsletter import config
from newsletter.models import Worker
from newsletter.sending import unapplied
from newsletter.sending.sql import database
from newsletter.sending.unsubscriptions import SERVICE

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 6, 18, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL, which was started a day ago."""
    monkeypatch.setattr(unapplied, "connection", SimpleNamespace(vendor="postgresql"))
    monkeypatch.setattr(unapplied, "_server_started", lambda: NOW - timedelta(days=1))
    monkeypatch.setattr(database, "now", lambda: NOW)


def machine(seconds: int, state: str = "running", *, host: str = "web1", service: str = SERVICE) -> None:
    """A program that was seen this many seconds ago."""
    Worker.objects.create(
        key=host,
        host=host,
        folder="/srv/newsletter",
        pid=1,
        command="run",
        version="1",
        started_at=NOW - timedelta(days=2),
        seen_at=NOW - timedelta(seconds=seconds),
        services={service: state},
    )


def waits(reachable_since: datetime | None = None) -> bool:
    return unapplied.problem(config.current(), reachable_since) is not None


@pytest.mark.parametrize(
    ("seconds", "state", "expected"),
    [
        (5, "running", False),
        (5, "failing", True),
        (60, "running", True),
        (179, "running", True),
        (181, "running", False),
        (181, "failing", False),
    ],
)
def test_a_machine_is_waited_for_until_it_says_that_nothing_waits_or_is_lost(
    seconds: int, state: str, expected: bool
) -> None:
    machine(seconds, state)
    assert waits() is expected


def test_after_a_restart_of_the_server_or_an_outage_each_machine_has_to_be_heard_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    machine(10)
    assert waits(NOW - timedelta(seconds=5))
    assert not waits(NOW - timedelta(seconds=15))
    monkeypatch.setattr(unapplied, "_server_started", lambda: NOW - timedelta(seconds=5))
    with pytest.raises(unapplied.Unapplied, match="nothing is sent until web1:/srv/newsletter reaches"):
        unapplied.check(config.current())


def test_a_machine_that_was_away_for_as_long_as_the_server_is_waited_for_from_then_on() -> None:
    machine(3600)
    assert not waits()
    assert waits(NOW - timedelta(seconds=5))
    assert not waits(NOW - timedelta(seconds=200))


def test_workers_without_a_web_server_accept_nothing() -> None:
    machine(60, service="sender")
    assert not waits()


def test_with_sqlite_nobody_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(60)
    monkeypatch.setattr(unapplied, "connection", SimpleNamespace(vendor="sqlite"))
    assert not waits()
