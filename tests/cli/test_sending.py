"""Output and exit status of the sending commands; tests/e2e/test_sending.py tests sending itself."""

import json
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import typer
from django.utils import timezone
from typer.testing import CliRunner

from newsletter import config
from newsletter.cli import common, resending, sending as commands
from newsletter.domain.outcome import OutcomeKind
from newsletter.messages.general import TEXT
from newsletter.models import Delivery, Edition, State
from newsletter.sending import lifecycle, sender
from subscribers.models import Suppression
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db
EDITION = "kinaforum/2026-W06"

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command; return its exit status, its output, and its error."""
    app = typer.Typer()
    for module in (commands, common):
        monkeypatch.setattr(module, "ready", lambda **_: config.current())
    for module in (commands, resending):
        app.add_typer(module.app)

    def call(*words: str) -> tuple[int, str, str]:
        done = CliRunner().invoke(app, common.take_common_options(words))
        problem = done.exception
        common.take_common_options([])
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
    """Replace sending; the results already exist."""
    monkeypatch.setattr(sender, "run_sender", lambda configuration, stop, until: until(""))


def settled(edition: Edition, *kinds: OutcomeKind) -> None:
    box = samples.outbox()
    chunk = samples.claim(box, len(kinds)).chunk
    outcomes = [samples.outcome(n, kind, text="words") for n, kind in enumerate(kinds, 1)]
    box.settle(edition.name, chunk, outcomes, finished=True)
    lifecycle.complete([samples.NEWSLETTER], timezone.now())


def test_status_counts_and_names_the_unknown_ones(run: Run) -> None:
    settled(samples.sending(3), OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)
    status, said, aside = run("status", EDITION)
    assert status == 0
    assert "kinaforum/2026-W06" in said
    assert "unknown: r2@reader.example (number 2): words" in aside
    found = standing(run)
    assert (found["audience"], found["accepted"], found["unknown"], found["pending"]) == (3, 1, 1, 1)
    assert found["unknown_deliveries"] == [
        {"number": 2, "address": "r2@reader.example", "text": "words", "reason_code": "text", "settled": False}
    ]


def test_status_of_all_lists_editions_being_sent(run: Run) -> None:
    assert run("status")[1] == "No edition is being sent.\n"
    samples.sending(1)
    assert EDITION in run("status")[1]
    assert [one["edition"] for one in json.loads(run("status", "--json")[1])["editions"]] == [EDITION]


def test_an_unknown_edition_is_an_error(run: Run) -> None:
    assert run("status", "kinaforum/1999-W01")[2].startswith("there is no edition 'kinaforum/1999-W01'")


@pytest.mark.parametrize(
    ("state", "status", "sentence"),
    [
        (State.DRAFT, 1, "is a draft; review it"),
        (State.CANCELLED, 1, "is cancelled and can't be sent"),
        (State.SKIPPED, 1, "is skipped and can't be sent"),
        (State.PAUSED, 3, "is paused: the disk was full"),
    ],
)
def test_editions_that_cannot_be_sent_are_errors(run: Run, state: State, status: int, sentence: str) -> None:
    edition = samples.queued(reason=TEXT(words="the disk was full"))
    Edition.objects.filter(pk=edition.pk).update(state=state)
    ended, _, problem = run("send", EDITION)
    assert ended == status
    assert sentence in problem


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING])
def test_send_joins_an_edition_being_sent(run: Run, state: State) -> None:
    edition = samples.queued()
    Edition.objects.filter(pk=edition.pk).update(state=state)
    status, said, _ = run("send", EDITION)
    assert status == 0
    assert "send it with 'newsletter run'" in said


def test_an_approved_edition_is_queued_after_confirmation(run: Run) -> None:
    samples.subscribers(2)
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


def test_an_invalid_time_is_refused(run: Run) -> None:
    samples.queued()
    assert run("send", EDITION, "--at", "tomorrow")[::2] == (
        2,
        "--at: 'tomorrow' is not a time; use a form such as 2026-02-06T18:00, with or without an offset",
    )
    assert run("send", EDITION, "--at", "9999-12-31T23:59:59-12:00")[0] == 2


def test_a_time_that_has_passed_sends_nothing(run: Run) -> None:
    samples.queued()
    status, _, problem = run("send", EDITION, "--at", "2020-01-01T10:00", "--yes")
    assert (status, "has passed" in problem) == (2, True)


def test_a_dry_run_shows_the_audience_and_does_nothing(run: Run) -> None:
    samples.subscribers(3)
    samples.queued()
    status, said, _ = run("send", EDITION, "--dry-run")
    assert status == 0
    assert "would be sent to 3 subscribers; excluded: none; nothing was done" in said
    assert standing(run)["state"] == "queued"


@pytest.mark.usefixtures("nobody_sends")
def test_waiting_ends_with_0_and_reports_deferred_and_refused_messages(run: Run) -> None:
    settled(samples.sending(3), OutcomeKind.ACCEPTED, OutcomeKind.DEFERRED, OutcomeKind.REFUSED)
    status, said, aside = run("send", EDITION, "--wait")
    assert status == 0
    assert "1 deferred, which 'newsletter run' will retry; 1 refused permanently" in said
    assert "nothing was sent again" in aside


@pytest.mark.usefixtures("nobody_sends")
def test_waiting_applies_the_policy_on_refusals(run: Run) -> None:
    settled(samples.sending(2), OutcomeKind.ACCEPTED, OutcomeKind.REFUSED)
    Edition.objects.update(began_at=timezone.now())
    run("send", EDITION, "--wait")
    assert Suppression.objects.suppressed(["r2@reader.example"])


@pytest.mark.usefixtures("nobody_sends")
def test_waiting_ends_with_3_if_a_person_must_decide(run: Run) -> None:
    edition = samples.sending(2)
    settled(edition, OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)
    status, _, problem = run("send", EDITION, "--wait")
    assert status == 3
    assert "1 unconfirmed" in problem
    assert run("settle", EDITION, "leave")[0] == 0
    assert run("send", EDITION, "--wait")[0] == 0


def test_waiting_ends_with_1_if_sending_cannot_continue(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.sending(1)
    monkeypatch.setattr(sender, "run_sender", lambda configuration, stop, until: until("the disk is full"))
    assert run("send", EDITION, "--wait")[::2] == (1, "the disk is full; kinaforum/2026-W06 is still sending")


def test_stopped_waiting_says_how_to_continue(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    samples.sending(1)

    def stopped(configuration: object, stop: threading.Event, until: object) -> None:
        stop.set()

    monkeypatch.setattr(sender, "run_sender", stopped)
    status, _, problem = run("send", EDITION, "--wait")
    assert status == 1
    assert "continue with 'newsletter send kinaforum/2026-W06 --wait'" in problem


def test_pause_resume_and_cancel(run: Run) -> None:
    samples.sending(2)
    for command, state in (("pause", "paused"), ("resume", "sending"), ("cancel", "cancelled")):
        assert run(command, EDITION)[0] == 0
        assert standing(run)["state"] == state
    status, _, problem = run("pause", EDITION)
    assert (status, problem) == (1, "kinaforum/2026-W06 is cancelled, so it can't be paused")


def test_cancelling_before_the_first_message_frees_the_posts(run: Run) -> None:
    samples.queued()
    assert "its posts are available again" in run("cancel", EDITION)[1]


def test_a_worker_needs_a_database_that_machines_can_share(run: Run) -> None:
    status, _, problem = run("worker")
    assert status == 1
    assert problem.startswith("site.database: 'newsletter worker' needs PostgreSQL")


def test_settle_resend_sends_again(run: Run) -> None:
    settled(samples.sending(1), OutcomeKind.UNKNOWN)
    assert "1 will be sent again" in run("settle", EDITION, "resend")[1]
    assert standing(run)["pending"] == 1


def test_resend_sends_a_cancelled_edition_to_those_who_were_skipped(run: Run) -> None:
    edition = samples.sending(3)
    settled(edition, OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN)
    run("cancel", EDITION)
    counted = "1 subscriber skipped, 0 refused for a reason other than their mailbox; nothing was done"
    assert run("resend", EDITION, "--dry-run")[:2] == (0, f"{EDITION}: {counted}\n")
    assert run("resend", EDITION)[0] == 3
    status, printed, _ = run("resend", EDITION, "--yes", "--json")
    document = json.loads(printed)
    assert (status, document["resent"], document["pending"], document["unknown"]) == (0, 1, 1, 1)


def test_resend_without_skipped_subscribers_is_an_error(run: Run) -> None:
    samples.sending(1)
    status, _, problem = run("resend", EDITION, "--yes")
    assert (status, problem.startswith(f"{EDITION} is being sent; only an edition that was sent")) == (1, True)


def test_a_scheduled_edition_is_sent_now(run: Run) -> None:
    edition = samples.queued(due_at=timezone.now() + timedelta(days=1))
    assert run("send", EDITION, "--now")[0] == 0
    edition.refresh_from_db()
    assert edition.due_at is not None
    assert edition.due_at <= timezone.now()
    assert run("send", EDITION, "--now", "--at", "2030-01-01")[0] == 2


def test_a_correction_is_sent_only_to_those_who_received_the_first_edition(run: Run) -> None:
    first = samples.sending(4)
    settled(first, OutcomeKind.ACCEPTED, OutcomeKind.REFUSED, OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED)
    samples.subscribe(["late@reader.example"])
    correction = samples.queued("2026-W06.2", corrects=first)
    assert json.loads(run("send", correction.name, "--dry-run", "--json")[1])["audience"] == 2
    samples.begun(correction)
    found = Delivery.objects.filter(edition=correction).values_list("subscription__subscriber__address", flat=True)
    assert sorted(found) == ["r1@reader.example", "r4@reader.example"]
