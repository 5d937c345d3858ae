"""The sender: retries of database errors, sharing, watching, and remaining work."""

import itertools
import os
import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.db import OperationalError
from django.utils import timezone

from newsletter import config, supervision
from newsletter.config import Config, DeliverySettings
from newsletter.delivery.journal import JournalError
from newsletter.delivery.limits import Limits
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages import Message
from newsletter.messages.general import TEXT
from newsletter.models import Edition, Identity, Retry, State
from newsletter.sending import journals, lifecycle, sender, worker_pool
from newsletter.sending.sql import database
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(tmp_path: Path) -> Config:
    """Return a configuration with its own folder."""
    given = config.current()
    return config.use(replace(given, delivery=replace(given.delivery, journal=str(tmp_path / "journal"))))


class Stumbling:
    """A function that fails a number of times before it succeeds."""

    def __init__(self, times: int) -> None:
        self.times = times
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.calls <= self.times:
            raise OperationalError("database is locked")
        return "done"


@pytest.fixture
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "FIRST_PAUSE", 0.001)


@pytest.mark.usefixtures("no_pause")
@pytest.mark.django_db(transaction=True)
def test_a_busy_database_is_retried_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    work = Stumbling(3)
    assert database.with_retries(work) == "done"
    assert work.calls == 4
    levels = [record.levelname for record in caplog.records if "trying again" in record.message]
    assert levels == ["WARNING"]


@pytest.mark.usefixtures("no_pause")
@pytest.mark.django_db(transaction=True)
def test_retries_end_after_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.0)
    with pytest.raises(OperationalError):
        database.with_retries(Stumbling(1))


def test_a_database_keeps_its_name() -> None:
    assert database.identity() == database.identity() == Identity.objects.get(pk=1).name


class Fleet:
    """Fake sending processes that record what is asked of them."""

    problem = unstable = None
    keeps_limits = True

    def __init__(self, configuration: Config, silent: float = 120.0) -> None:
        self.kept: list[set[str]] = []
        self.configuration = configuration
        Fleet.last = self
        Fleet.made.append(self)

    last: "Fleet"
    made: list["Fleet"]

    def limit(self, limits: Limits) -> None:
        self.limits = limits

    def ensure_running(self, providers: set[str]) -> None:
        self.kept.append(providers)

    def stop(self) -> None:
        self.kept.append(set())


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> type[Fleet]:
    Fleet.made = []
    monkeypatch.setattr(sender, "WorkerPool", Fleet)
    monkeypatch.setattr(sender, "TICK", 0.001)
    monkeypatch.setattr(sender, "LOOK_INTERVAL", 0.0)
    monkeypatch.setattr(database, "make_durable", lambda: None)
    return Fleet


def rounds(count: int) -> sender.StopCondition:
    """Stop after a number of rounds."""
    left = [count]

    def until(problem: Message | None) -> bool:
        left[0] -= 1
        return left[0] < 0

    return until


def test_the_sender_begins_due_editions_and_starts_processes(here: Config, fleet: type[Fleet]) -> None:
    samples.subscribers(1)
    edition = samples.queued()
    sender.run_sender(here, threading.Event(), rounds(2))
    edition.refresh_from_db()
    assert edition.state == State.SENDING
    assert {"smtp"} in fleet.last.kept
    assert fleet.last.kept[-1] == set(), "at the end, the processes are stopped"


def test_after_a_change_the_processes_get_the_new_configuration(here: Config, fleet: type[Fleet]) -> None:
    samples.sending(1)
    changed = replace(here)
    given = iter([here, here, here, changed])
    sender.run_reloading_sender(lambda: next(given, changed), threading.Event(), rounds(5))
    first, second = fleet.made
    assert (first.configuration, second.configuration) == (here, changed)
    assert second.configuration is changed
    assert first.kept[-1] == set()
    assert {"smtp"} in second.kept


def test_a_journal_folder_that_is_replaced_ends_the_sender(here: Config, fleet: type[Fleet]) -> None:
    folder, looks = journals.folder(here), []

    def until(problem: Message | None) -> bool:
        looks.append(problem)
        if len(looks) == 2:
            folder.rename(folder.with_suffix(".aside"))
        return len(looks) > 20

    with pytest.raises(JournalError, match="was removed or replaced"):
        sender.run_sender(here, threading.Event(), until)


def test_the_sender_starts_no_process_without_work(here: Config, fleet: type[Fleet]) -> None:
    sender.run_sender(here, threading.Event(), rounds(2))
    assert not any(fleet.last.kept)


def test_a_sender_without_the_lock_only_watches(here: Config, fleet: type[Fleet]) -> None:
    samples.subscribers(1)
    edition = samples.queued()
    with journals.sender_lock(journals.folder(here)) as ours:
        assert ours
        assert sender.sender_is_running(here)
        sender.run_sender(here, threading.Event(), rounds(3))
    edition.refresh_from_db()
    assert edition.state == State.QUEUED
    assert not sender.sender_is_running(here)


def test_a_stop_ends_it(here: Config, fleet: type[Fleet]) -> None:
    stop = threading.Event()
    stop.set()
    sender.run_sender(here, stop, rounds(1_000_000))
    service = supervision.Supervisor().add("sender", lambda service: None)
    service.stop()
    sender.serve(lambda: here, service)


def test_a_short_outage_of_the_database_does_not_end_the_sender(
    here: Config, fleet: type[Fleet], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    looks, closed = Stumbling(2), []
    monkeypatch.setattr(lifecycle, "begin_due", lambda newsletters, now: looks())
    monkeypatch.setattr(sender, "connection", SimpleNamespace(close=lambda: closed.append(looks.calls)))
    sender.run_sender(here, threading.Event(), rounds(2))
    assert looks.calls >= 3
    assert closed == [1, 2], "each failure opens a new connection"
    assert caplog.text.count("trying again") == 1


def test_a_step_without_the_database_does_not_say_that_it_is_back(
    here: Config, fleet: type[Fleet], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks, happened = Stumbling(1), []
    ticks = itertools.count()

    def look(configuration: Config, now: object) -> None:
        happened.append("looks")
        looks()

    monkeypatch.setattr(lifecycle, "begin_due", look)
    monkeypatch.setattr(sender, "connection", SimpleNamespace(close=lambda: None))
    monkeypatch.setattr(sender, "LOOK_INTERVAL", 8)
    monkeypatch.setattr(sender, "time", SimpleNamespace(monotonic=lambda: next(ticks)))  # some steps between two looks
    sender.run_reloading_sender(
        lambda: here, threading.Event(), rounds(2), lambda problem: happened.append("fails" if problem else "is well")
    )
    assert happened[:4] == ["looks", "fails", "looks", "is well"]


def test_the_end_does_not_wait_for_an_unavailable_database(
    here: Config, fleet: type[Fleet], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop, given = threading.Event(), []

    def full(folder: Path, name: str, settings: DeliverySettings, patience: float | None) -> int:
        stop.set()
        given.append(patience)
        assert name == database.identity()
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(journals, "settle_orphans", full)
    sender.run_sender(here, stop, rounds(1_000_000))
    assert given == [None, sender.FINAL_PATIENCE]
    assert "what is not recorded is in the journals" in caplog.text


def test_nothing_is_due_while_an_edition_is_paused_or_waits_for_retries() -> None:
    edition = samples.sending(2)
    assert not sender.nothing_due(edition)
    box = samples.outbox()
    batch = samples.claim(box, 10)
    lifecycle.pause(edition)
    assert not sender.nothing_due(edition), "its chunk is open"
    box.settle(edition.name, batch.chunk, [samples.outcome(1)], finished=True)
    assert sender.nothing_due(edition)
    lifecycle.resume(edition)
    assert not sender.nothing_due(edition)
    box.settle(edition.name, samples.claim(box, 10).chunk, [samples.outcome(2, OutcomeKind.DEFERRED)], finished=True)
    lifecycle.complete([samples.NEWSLETTER], timezone.now())
    assert sender.nothing_due(edition)
    Retry.objects.update(due=timezone.now() - timedelta(seconds=1))
    assert not sender.nothing_due(edition)


def put_off(edition: Edition, *kinds: OutcomeKind) -> None:
    """All that is due is tried; the first one comes to the first end, and so on. What is deferred is due at once."""
    box = samples.outbox()
    batch = samples.claim(box, 10)
    outcomes = [
        samples.outcome(number, kind, attempt=attempt)
        for (number, attempt), kind in zip(sorted(batch.attempts.items()), kinds, strict=True)
    ]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    lifecycle.complete([samples.NEWSLETTER], timezone.now())
    Retry.objects.update(due=timezone.now())


def test_waiting_continues_while_another_round_of_attempts_delivers_something() -> None:
    edition = samples.sending(3)
    waiting = sender.EditionWait(edition)
    assert not waiting.over()
    put_off(edition, OutcomeKind.DEFERRED, OutcomeKind.DEFERRED, OutcomeKind.DEFERRED)
    assert not waiting.over()
    put_off(edition, OutcomeKind.DEFERRED, OutcomeKind.DEFERRED, OutcomeKind.ACCEPTED)
    assert not waiting.over()
    put_off(edition, OutcomeKind.DEFERRED, OutcomeKind.DEFERRED)
    assert not sender.nothing_due(edition)
    assert waiting.over()


def test_waiting_begins_again_for_an_edition_that_is_resumed() -> None:
    edition = samples.sending(2)
    waiting = sender.EditionWait(edition)
    put_off(edition, OutcomeKind.DEFERRED, OutcomeKind.DEFERRED)
    assert not waiting.over()
    lifecycle.pause(edition)
    assert waiting.over()
    lifecycle.resume(edition)
    assert not waiting.over()


def test_an_edition_that_can_not_begin_is_not_waited_for() -> None:
    edition = samples.queued()
    waiting = sender.EditionWait(edition)
    assert not waiting.over()
    Edition.objects.filter(pk=edition.pk).update(waiting=TEXT(words="another one is being sent"))
    assert waiting.over()
    Edition.objects.filter(pk=edition.pk).update(state=State.SENDING)
    assert not waiting.over()


def test_an_edition_of_a_newsletter_that_is_gone_from_the_configuration_is_left_alone(
    here: Config, fleet: type[Fleet]
) -> None:
    edition = samples.queued()
    Edition.objects.filter(pk=edition.pk).update(newsletter="gone")
    sender.run_sender(here, threading.Event(), rounds(2))
    edition.refresh_from_db()
    assert edition.state == State.QUEUED


def test_the_number_of_processes_follows_the_connections(here: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[worker_pool.WorkerSlot] = []
    monkeypatch.setattr(worker_pool.WorkerPool, "_start", lambda self, place: started.append(place))
    monkeypatch.setattr(os, "sched_getaffinity", lambda pid: set(range(8)))
    for delivery, count in (
        (DeliverySettings(connections=75, domains={}), 3),
        (DeliverySettings(processes=2, domains={}), 2),
    ):
        started.clear()
        worker_pool.WorkerPool(replace(here, delivery=delivery)).ensure_running({"smtp"})
        assert [(place.index, place.of) for place in started] == [(n, count) for n in range(count)]
    started.clear()
    worker_pool.WorkerPool(here).ensure_running({"mailgun"})
    assert [(place.index, place.of) for place in started] == [(0, 1)]
