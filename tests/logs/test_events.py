"""What the log tells of an edition's life, of sources, letters, logins and the configuration."""

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks as Captured

from newsletter import config
from newsletter.cli import services
from newsletter.collecting import collect as collecting
from newsletter.config import snapshots
from newsletter.editions import approval, draft
from newsletter.logs import Event, setup
from newsletter.messages.general import TEXT
from newsletter.models import Edition
from newsletter.sending import lifecycle, unknown_deliveries
from newsletter.sending.results import ResultRow, record
from newsletter.supervision import Periods, Service
from tests import factories, settings
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
DOCUMENT = Path(__file__).parents[2] / "docs" / "operations.md"
LOGGERS = ("editions", "sending", "collecting", "letters", "desk", "services")


@pytest.fixture(autouse=True)
def events(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """The loggers of events at the level that `run` has by default."""
    before = {name: logging.getLogger(f"newsletter.{name}").level for name in LOGGERS}
    for name in LOGGERS:
        caplog.set_level(logging.INFO, f"newsletter.{name}")
    yield
    for name, level in before.items():
        logging.getLogger(f"newsletter.{name}").setLevel(level)


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    """The events so far, in order, and none of them again."""
    found = [record.event for record in caplog.records if hasattr(record, "event")]
    caplog.clear()
    return found


def test_every_event_is_documented() -> None:
    rows = [line.split("`")[1] for line in DOCUMENT.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert set(get_args(Event)) <= set(rows)


def test_an_edition_from_draft_to_queue(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Captured
) -> None:
    configuration = factories.configured()
    factories.collected(factories.found("a"))
    with django_capture_on_commit_callbacks(execute=True):
        edition = draft.make(configuration, factories.kinaforum(), now=factories.NOW, read_sources=False)
        draft.refresh(configuration, edition, now=factories.NOW, read_sources=False)
    assert told(caplog) == ["drafted"]
    with django_capture_on_commit_callbacks(execute=True):
        approval.approve(configuration, edition, by="kari@example.org", now=factories.NOW)
        edition = approval.reopen(edition, by="kari@example.org", now=factories.NOW)
        edition = approval.approve(configuration, edition, by="kari@example.org", now=factories.NOW)
        edition = approval.queue(configuration, edition, by="kari@example.org", now=factories.NOW)
    assert "kari" not in caplog.text
    assert told(caplog) == ["approved", "reopened", "approved", "queued"]


def test_an_edition_from_beginning_to_end(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Captured
) -> None:
    configuration = config.current()
    with django_capture_on_commit_callbacks(execute=True):
        edition = samples.sending(2)
        lifecycle.pause(edition, by="kari@example.org", now=samples.NOW)
        lifecycle.resume(edition, by="kari@example.org", now=samples.NOW)
        rows = [ResultRow(n, 1, kind, samples.NOW.timestamp()) for n, kind in ((1, "accepted"), (2, "unknown"))]
        record(edition, rows, configuration.delivery, samples.NOW)
        lifecycle.complete(["kinaforum"], samples.NOW + timedelta(minutes=2))
    assert "kinaforum/2026-W06: sent, 1 of 2 accepted" in caplog.text
    assert "in 120 s" in caplog.text
    assert "1 delivery is unconfirmed" in caplog.text
    assert told(caplog) == ["began", "paused", "resumed", "unknown", "sent"]
    with django_capture_on_commit_callbacks(execute=True):
        unknown_deliveries.resend(edition, now=samples.NOW)
        edition.refresh_from_db()
        lifecycle.cancel(configuration, edition, now=samples.NOW)
    assert told(caplog) == ["resumed", "cancelled"]


def test_nothing_is_logged_of_what_was_rolled_back(
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: Captured,
) -> None:
    with django_capture_on_commit_callbacks() as callbacks:
        edition: Edition = samples.queued()
        assert not callbacks
    assert edition.pk
    assert told(caplog) == []


def test_a_source_that_fails_and_recovers_is_told_once_each(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://user:word@kinaforum.example/feed?key=secret"
    configuration = factories.configured([url])
    failing = replace(factories.reading(reached=None), problems=(TEXT(words=f"{url}: it answered 500"),))
    readings = [failing, failing, factories.reading(factories.found("a"))]
    monkeypatch.setattr(collecting, "read", lambda *given, **more: readings.pop(0))
    for hours in range(3):
        collecting.collect(configuration, now=factories.NOW + timedelta(hours=hours))
    assert "https://kinaforum.example/feed: it answered 500" in caplog.text
    assert "secret" not in caplog.text
    assert told(caplog) == ["source-failing", "collected", "collected", "source-recovered", "collected"]


def test_a_source_that_is_read_alone_is_logged_when_it_has_something_new(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PostgreSQL each source is a task of its own; most readings find nothing."""
    configuration = config.current()
    (settings,) = configuration.newsletters["kinaforum"].sources
    stored = [collecting.Collected("kinaforum", settings.url, "feed", new, 0, None) for new in (3, 0)]
    monkeypatch.setattr(collecting, "_read", lambda *_given: None)
    monkeypatch.setattr(collecting, "_stored", lambda *_given: stored.pop(0))
    for _ in range(2):
        collecting.collect_source(configuration, "kinaforum", settings.url, now=factories.NOW)
    assert told(caplog) == ["collected"]


def test_a_failed_login_names_nobody(caplog: pytest.LogCaptureFixture, client: Client) -> None:
    client.post("/desk/login/", {"email": "kari@example.org", "password": "wrong"}, REMOTE_ADDR="203.0.113.9")
    assert "kari" not in caplog.text
    assert "203.0.113.9" not in caplog.text
    assert told(caplog) == ["login-failed"]


def test_a_changed_configuration_names_its_tables_and_no_values(
    caplog: pytest.LogCaptureFixture, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "config.toml"
    path.write_text(settings.TEXT, "utf-8")
    config.use(config.load(path))
    applied: list[config.Log] = []
    monkeypatch.setattr(setup, "apply", applied.append)
    service = Service("configuration", services._follow, str, Periods())
    changes = ['[log]\nlevel = "debug"\n', '[delivery]\nsmtp = { password = "hidden" }\n[log]\nlevel = "debug"\n']

    def refresh() -> config.Snapshot:
        """Stands between the file and the service: one change at each call, and then the end."""
        if not changes:
            service.stop()
            return config.snapshot()
        path.write_text(settings.TEXT + changes.pop(0), "utf-8")
        service.call()
        return snapshots.refresh()

    monkeypatch.setattr(config, "refresh", refresh)
    service.start()
    assert service.join(10)
    assert [r.tables for r in map(_Fields, caplog.records) if r.event] == [["log"], ["delivery"]]
    assert "hidden" not in caplog.text
    assert applied == [config.Log(level="debug")]


class _Fields:
    """A record's event and tables."""

    def __init__(self, record: logging.LogRecord) -> None:
        self.event = getattr(record, "event", "")
        self.tables = getattr(record, "fields", {}).get("tables")


def test_the_names_of_changed_newsletters() -> None:
    before = config.current()
    daily = before.newsletters["daily"]
    after = replace(before, newsletters={**before.newsletters, "daily": replace(daily, title="D")})
    assert config.changed_tables(before, after) == ["newsletters.daily"]
    assert config.changed_tables(before, replace(before, newsletters={"daily": daily})) == ["newsletters.kinaforum"]
