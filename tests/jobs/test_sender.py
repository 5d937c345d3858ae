"""The sender's own rules: patience with the database, sharing, watching, and what is left to do."""

import threading
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import OperationalError
from django.utils import timezone

from newsletter import config
from newsletter.config import Config, Delivery
from newsletter.jobs import database, journals, processes, sending, underway
from newsletter.mail import Kind
from newsletter.models import Edition, Retry, State
from tests.jobs import outbox_samples as samples

pytestmark = pytest.mark.django_db


@pytest.fixture
def here(tmp_path: Path) -> Config:
    """A configuration with a folder of its own."""
    given = config.current()
    return config.use(replace(given, delivery=replace(given.delivery, journal=str(tmp_path / "journal"))))


class Stumbling:
    """Fails so many times before it works."""

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
def test_a_busy_database_is_asked_again() -> None:
    work = Stumbling(3)
    assert database.patiently(work) == "done"
    assert work.calls == 4


@pytest.mark.usefixtures("no_pause")
@pytest.mark.django_db(transaction=True)
def test_patience_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "PATIENCE", 0.0)
    with pytest.raises(OperationalError):
        database.patiently(Stumbling(1))


def test_a_database_keeps_its_name() -> None:
    assert database.identity() == database.identity()


class Fleet:
    """Sending processes that only say what is wanted of them."""

    problem = ""

    def __init__(self, configuration: Config) -> None:
        self.kept: list[set[str]] = []
        Fleet.last = self

    last: "Fleet"

    def keep(self, providers: set[str]) -> None:
        self.kept.append(providers)

    def stop(self) -> None:
        self.kept.append(set())


@pytest.fixture
def fleet(monkeypatch: pytest.MonkeyPatch) -> type[Fleet]:
    monkeypatch.setattr(sending, "Fleet", Fleet)
    monkeypatch.setattr(sending, "TICK", 0.001)
    monkeypatch.setattr(sending, "LOOK_AROUND", 0.0)
    monkeypatch.setattr(database, "durable", lambda: None)
    return Fleet


def rounds(count: int) -> sending.Until:
    """Ends after so many looks."""
    left = [count]

    def until(problem: str) -> bool:
        left[0] -= 1
        return left[0] < 0

    return until


def test_the_sender_begins_what_is_due_and_starts_what_carries_it(here: Config, fleet: type[Fleet]) -> None:
    samples.readers(1)
    edition = samples.queued()
    sending.take_part(here, threading.Event(), rounds(2))
    edition.refresh_from_db()
    assert edition.state == State.SENDING
    assert {"smtp"} in fleet.last.kept


def test_the_sender_starts_nothing_where_nothing_is_to_be_sent(here: Config, fleet: type[Fleet]) -> None:
    sending.take_part(here, threading.Event(), rounds(2))
    assert not any(fleet.last.kept)


def test_who_has_not_the_lock_only_watches(here: Config, fleet: type[Fleet]) -> None:
    samples.readers(1)
    edition = samples.queued()
    with journals.sender_lock(journals.folder(here)) as ours:
        assert ours
        assert sending.somebody_sends(here)
        sending.take_part(here, threading.Event(), rounds(3))
    edition.refresh_from_db()
    assert edition.state == State.QUEUED
    assert not sending.somebody_sends(here)


def test_a_stop_ends_it(here: Config, fleet: type[Fleet]) -> None:
    stop = threading.Event()
    stop.set()
    sending.take_part(here, stop, rounds(1_000_000))
    sending.serve(here, stop)


def test_a_database_that_is_away_for_a_moment_does_not_end_the_sender(
    here: Config, fleet: type[Fleet], monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = Stumbling(2)
    monkeypatch.setattr(underway, "begin_due", lambda newsletters, now: looks())
    monkeypatch.setattr(sending, "connection", type("Connection", (), {"close": staticmethod(lambda: None)}))
    sending.take_part(here, threading.Event(), rounds(2))
    assert looks.calls >= 3


def test_a_database_that_is_away_at_the_end_keeps_nobody_waiting(
    here: Config, fleet: type[Fleet], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    stop, given = threading.Event(), []

    def full(folder: Path, name: str, settings: Delivery, patience: float | None) -> int:
        stop.set()
        given.append(patience)
        raise OperationalError("database or disk is full")

    monkeypatch.setattr(journals, "adopt", full)
    sending.take_part(here, stop, rounds(1_000_000))
    assert given == [None, sending.AT_THE_END]
    assert "what is not recorded is in the journals" in caplog.text


def test_what_is_left_to_do_now() -> None:
    edition = samples.sending(2)
    assert not sending.nothing_left_now(edition)
    box = samples.outbox()
    batch = box.next(10)
    underway.pause(edition)
    assert not sending.nothing_left_now(edition), "its chunk is in hand"
    box.settle(edition.name, batch.chunk, [samples.outcome(1)], finished=True)
    assert sending.nothing_left_now(edition)
    underway.resume(edition)
    assert not sending.nothing_left_now(edition)
    box.settle(edition.name, box.next(10).chunk, [samples.outcome(2, Kind.DEFERRED)], finished=True)
    underway.complete([samples.NEWSLETTER], timezone.now())
    assert sending.nothing_left_now(edition)
    Retry.objects.update(due=timezone.now() - timedelta(seconds=1))
    assert not sending.nothing_left_now(edition)


def put_off(edition: Edition, *kinds: Kind) -> None:
    """All that is due is tried; the first reader comes to the first end, and so on. What is deferred is due at once."""
    box = samples.outbox()
    batch = box.next(10)
    outcomes = [
        samples.outcome(number, kind, attempt=attempt)
        for (number, attempt), kind in zip(sorted(batch.attempts.items()), kinds, strict=True)
    ]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    underway.complete([samples.NEWSLETTER], timezone.now())
    Retry.objects.update(due=timezone.now())


def test_who_waits_does_so_as_long_as_another_round_of_tries_brings_something_and_no_longer() -> None:
    edition = samples.sending(3)
    waiting = sending.Waiting(edition)
    assert not waiting.over()
    put_off(edition, Kind.DEFERRED, Kind.DEFERRED, Kind.DEFERRED)
    assert not waiting.over()
    put_off(edition, Kind.DEFERRED, Kind.DEFERRED, Kind.ACCEPTED)
    assert not waiting.over()
    put_off(edition, Kind.DEFERRED, Kind.DEFERRED)
    assert not sending.nothing_left_now(edition)
    assert waiting.over()


def test_who_waits_does_so_anew_for_an_edition_that_goes_on() -> None:
    edition = samples.sending(2)
    waiting = sending.Waiting(edition)
    put_off(edition, Kind.DEFERRED, Kind.DEFERRED)
    assert not waiting.over()
    underway.pause(edition)
    assert waiting.over()
    underway.resume(edition)
    assert not waiting.over()


def test_an_edition_of_a_newsletter_that_is_gone_from_the_configuration_is_left_alone(
    here: Config, fleet: type[Fleet]
) -> None:
    edition = samples.queued()
    Edition.objects.filter(pk=edition.pk).update(newsletter="gone")
    sending.take_part(here, threading.Event(), rounds(2))
    edition.refresh_from_db()
    assert edition.state == State.QUEUED


def test_there_are_as_many_processes_as_are_useful(here: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[processes.Place] = []
    monkeypatch.setattr(processes.Fleet, "_start", lambda self, place: started.append(place))
    monkeypatch.setattr(processes.os, "sched_getaffinity", lambda pid: set(range(8)))
    for delivery, count in ((Delivery(connections=75, domains={}), 3), (Delivery(processes=2, domains={}), 2)):
        started.clear()
        processes.Fleet(replace(here, delivery=delivery)).keep({"smtp"})
        assert [(place.index, place.of) for place in started] == [(n, count) for n in range(count)]
    started.clear()
    processes.Fleet(here).keep({"mailgun"})
    assert [(place.index, place.of) for place in started] == [(0, 1)]
