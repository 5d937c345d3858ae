"""What the sending commands say and how they end; sending itself is tests/e2e/test_sending.py."""

import json
import threading
from collections.abc import Callable
from typing import Any

import pytest
import typer
from django.utils import timezone
from typer.testing import CliRunner

from newsletter import config
from newsletter.cli import common
from newsletter.cli import sending as commands
from newsletter.jobs import sending, underway
from newsletter.mail import Kind
from newsletter.models import Edition, State
from subscribers.models import Suppression
from tests.jobs import outbox_samples as samples

pytestmark = pytest.mark.django_db
EDITION = "kinaforum/2026-W06"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command; gives its exit status, what it printed, and its sentence where it failed."""
    monkeypatch.setattr(commands, "ready", lambda **_: config.current())
    app = typer.Typer()
    commands.register(app)

    def call(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, common.lift(words))
        problem = done.exception
        common.lift([])
        if problem is None or isinstance(problem, SystemExit):
            return done.exit_code, done.stdout, done.stderr
        status = getattr(problem, "status", 1)
        return status, done.stdout, str(problem)

    return call


def standing(run: Run) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run("status", EDITION, "--json")[1])
    return found


@pytest.fixture
def nobody_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taking part does nothing: whatever is to be seen is there already."""
    monkeypatch.setattr(sending, "take_part", lambda configuration, stop, until: until(""))


def settled(edition: Edition, *kinds: Kind) -> None:
    box = samples.outbox()
    chunk = box.next(len(kinds)).chunk
    outcomes = [samples.outcome(n, kind, text="words") for n, kind in enumerate(kinds, 1)]
    box.settle(edition.name, chunk, outcomes, finished=True)
    underway.complete([samples.NEWSLETTER], timezone.now())


def test_status_counts_and_names_the_unknown_ones(run: Run) -> None:
    settled(samples.sending(3), Kind.ACCEPTED, Kind.UNKNOWN)
    status, said, aside = run("status", EDITION)
    assert status == 0
    assert "kinaforum/2026-W06" in said
    assert "unknown: r2@reader.example (number 2): words" in aside
    found = standing(run)
    assert (found["audience"], found["accepted"], found["unknown"], found["pending"]) == (3, 1, 1, 1)
    assert found["unknown_deliveries"] == [
        {"number": 2, "address": "r2@reader.example", "text": "words", "settled": False}
    ]


def test_status_of_all_lists_what_is_on_its_way(run: Run) -> None:
    assert run("status")[1] == "Nothing is on its way.\n"
    samples.sending(1)
    assert EDITION in run("status")[1]
    assert [one["edition"] for one in json.loads(run("status", "--json")[1])["editions"]] == [EDITION]


def test_an_edition_that_is_not_there_is_said(run: Run) -> None:
    assert run("status", "kinaforum/1999-W01")[2].startswith("there is no edition 'kinaforum/1999-W01'")


@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        (State.DRAFT, 1, "is a draft: look at it"),
        (State.CANCELLED, 1, "is cancelled: it can't be sent"),
        (State.SKIPPED, 1, "is skipped: it can't be sent"),
        (State.PAUSED, 3, "is paused: the disk was full"),
    ],
)
def test_what_cannot_be_sent_is_said_with_its_status(run: Run, state: State, status: int, sentence: str) -> None:
    edition = samples.queued(reason="the disk was full")
    Edition.objects.filter(pk=edition.pk).update(state=state)
    ended, _, problem = run("send", EDITION)
    assert ended == status
    assert sentence in problem


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING])
def test_send_joins_what_is_on_its_way(run: Run, state: State) -> None:
    edition = samples.queued()
    Edition.objects.filter(pk=edition.pk).update(state=state)
    status, said, _ = run("send", EDITION)
    assert status == 0
    assert "'newsletter run' sends it" in said


def test_an_approved_one_is_asked_about_and_queued(run: Run) -> None:
    samples.readers(2)
    edition = samples.queued()
    Edition.objects.filter(pk=edition.pk).update(state=State.APPROVED)
    ended, _, problem = run("send", EDITION)
    assert ended == 3
    assert problem.startswith("Send kinaforum/2026-W06 to 2 subscribers?")
    assert run("send", EDITION, "--yes", "--at", "2030-01-01T09:00")[0] == 0
    edition.refresh_from_db()
    assert edition.state == State.QUEUED
    assert edition.due_at is not None
    assert edition.due_at.isoformat() == "2030-01-01T08:00:00+00:00"


def test_a_time_that_is_none_is_refused(run: Run) -> None:
    samples.queued()
    assert run("send", EDITION, "--at", "tomorrow")[::2] == (2, "--at tomorrow: write a time such as 2026-02-06T18:00")


def test_a_dry_run_says_who_would_get_it_and_does_nothing(run: Run) -> None:
    samples.readers(3)
    samples.queued()
    status, said, _ = run("send", EDITION, "--dry-run")
    assert status == 0
    assert "would go to 3 subscribers; left out: nobody; nothing was done" in said
    assert standing(run)["state"] == "queued"


@pytest.mark.usefixtures("nobody_sends")
def test_waiting_ends_with_0_and_tells_of_deferred_and_refused_ones(run: Run) -> None:
    settled(samples.sending(3), Kind.ACCEPTED, Kind.DEFERRED, Kind.REFUSED)
    status, said, aside = run("send", EDITION, "--wait")
    assert status == 0
    assert "1 are deferred, and 'newsletter run' will try them again; 1 were refused for good" in said
    assert "nothing is sent again" in aside


@pytest.mark.usefixtures("nobody_sends")
def test_waiting_weighs_what_was_refused_as_the_clock_does(run: Run) -> None:
    settled(samples.sending(2), Kind.ACCEPTED, Kind.REFUSED)
    Edition.objects.update(began_at=timezone.now())
    run("send", EDITION, "--wait")
    assert Suppression.objects.suppressed(["r2@reader.example"])


@pytest.mark.usefixtures("nobody_sends")
def test_waiting_ends_with_3_where_a_person_must_decide(run: Run) -> None:
    edition = samples.sending(2)
    settled(edition, Kind.ACCEPTED, Kind.UNKNOWN)
    status, _, problem = run("send", EDITION, "--wait")
    assert status == 3
    assert "of 1 nobody can tell whether they got it" in problem
    assert run("settle", EDITION, "leave")[0] == 0
    assert run("send", EDITION, "--wait")[0] == 0


def test_waiting_ends_with_1_where_sending_cannot_go_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.sending(1)
    monkeypatch.setattr(sending, "take_part", lambda configuration, stop, until: until("the disk is full"))
    assert run("send", EDITION, "--wait")[::2] == (1, "the disk is full; kinaforum/2026-W06 is still sending")


def test_waiting_that_was_stopped_says_how_to_go_on(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.sending(1)

    def stopped(configuration: object, stop: threading.Event, until: object) -> None:
        stop.set()

    monkeypatch.setattr(sending, "take_part", stopped)
    status, _, problem = run("send", EDITION, "--wait")
    assert status == 1
    assert "'newsletter send kinaforum/2026-W06 --wait' goes on" in problem


def test_pause_resume_and_cancel(run: Run) -> None:
    samples.sending(2)
    for command, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        assert run(command, EDITION)[0] == 0
        assert standing(run)["state"] == state
    status, _, problem = run("pause", EDITION)
    assert (status, problem) == (1, "kinaforum/2026-W06 is cancelled: it can't be paused")


def test_cancelling_before_the_first_mail_frees_the_posts(run: Run) -> None:
    samples.queued()
    assert "its posts are free again" in run("cancel", EDITION)[1]


def test_a_worker_needs_a_database_that_machines_can_share(run: Run) -> None:
    status, _, problem = run("worker")
    assert status == 1
    assert problem.startswith("site.database: several machines need PostgreSQL")


def test_settle_resend_sends_again(run: Run) -> None:
    settled(samples.sending(1), Kind.UNKNOWN)
    assert "1 are to be sent again" in run("settle", EDITION, "resend")[1]
    assert standing(run)["pending"] == 1
