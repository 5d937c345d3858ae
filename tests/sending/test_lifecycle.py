"""The state changes of an edition that concern sending, and those that are refused."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.domain.outcome import OutcomeKind
from newsletter.editions.states import NotAllowed, state_message
from newsletter.messages.general import TEXT
from newsletter.models import Act, Delivery, DeliveryStatus, Edition, Notice, Result, Retry, State, Tally
from newsletter.sending import lifecycle, progress, unknown_deliveries
from newsletter.web.desk import formatting
from tests.sending import outbox_samples as samples

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rendering_in_transactions")]
HERE = [samples.NEWSLETTER]


def cancel(edition: Edition) -> Edition:
    return lifecycle.cancel(config.current(), edition)


def in_state(state: State, **fields: object) -> Edition:
    edition = samples.sending(3)
    Edition.objects.filter(pk=edition.pk).update(state=state, **fields)
    edition.refresh_from_db()
    return edition


def settled(edition: Edition, *kinds: OutcomeKind) -> None:
    """Record an outcome for each delivery of one chunk."""
    box = samples.outbox()
    chunk = samples.claim(box, len(kinds)).chunk
    outcomes = [samples.outcome(number, kind) for number, kind in enumerate(kinds, 1)]
    box.settle(edition.name, chunk, outcomes, finished=True)


def test_without_newsletters_nothing_is_completed() -> None:
    assert lifecycle.complete((), timezone.now()) == []


def test_queued_becomes_sending_when_due_with_its_audience() -> None:
    samples.subscribers(3)
    edition = samples.queued()
    assert lifecycle.begin_due(config.current(), samples.NOW - timedelta(seconds=1)) == []
    assert lifecycle.begin_due(config.current(), samples.NOW) == [edition]
    edition.refresh_from_db()
    assert (edition.state, edition.audience, edition.began_at) == (State.SENDING, 3, samples.NOW)
    assert list(Delivery.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


def test_the_audience_is_fixed_once() -> None:
    edition = samples.sending(3)
    samples.subscribe(["late@reader.example"])
    lifecycle.begin_due(config.current(), timezone.now())
    assert Delivery.objects.filter(edition=edition).count() == 3


def test_an_edition_for_nobody_is_sent_at_once() -> None:
    edition = samples.begun(samples.queued())
    assert lifecycle.complete(HERE, timezone.now()) == [edition]


def test_an_invalid_filter_keeps_the_edition_queued_with_the_reason() -> None:
    given = config.current()
    newsletter = replace(given.newsletters[samples.NEWSLETTER], where="no such filter ((")
    config.use(replace(given, newsletters={samples.NEWSLETTER: newsletter}))
    edition = samples.begun(samples.queued())
    assert edition.state == State.QUEUED
    assert edition.waiting
    assert not Delivery.objects.exists()


def test_sending_becomes_sent_when_no_delivery_is_pending() -> None:
    edition = samples.sending(2)
    settled(edition, OutcomeKind.ACCEPTED)
    assert lifecycle.complete(HERE, timezone.now()) == []
    box = samples.outbox()
    batch = samples.claim(box, 1)
    box.settle(edition.name, batch.chunk, [samples.outcome(2, OutcomeKind.DEFERRED)], finished=False)
    assert lifecycle.complete(HERE, timezone.now()) == [], "its chunk is open"
    box.settle(edition.name, batch.chunk, [], finished=True)
    assert lifecycle.complete(HERE, timezone.now()) == [edition]
    edition.refresh_from_db()
    assert edition.state == State.SENT
    assert edition.ended_at
    assert str(Notice.objects.get(kind="sent").text) == "kinaforum/2026-W06 was sent: 1 of 2 accepted, 1 to be retried"


def test_an_edition_of_which_nothing_was_accepted_was_not_delivered_and_editors_are_told() -> None:
    edition = samples.sending(3)
    settled(edition, OutcomeKind.REFUSED, OutcomeKind.REFUSED, OutcomeKind.REFUSED)
    assert lifecycle.complete(HERE, timezone.now()) == [edition]
    edition.refresh_from_db()
    assert (edition.state, str(edition.reason)) == (State.SENT, "no email was accepted (3 refused)")
    assert not Notice.objects.filter(kind="sent").exists()
    assert str(Notice.objects.get(kind="undelivered").text) == (
        "kinaforum/2026-W06 was not delivered: no email was accepted (3 refused); "
        "the servers' replies are in its report"
    )
    assert formatting.edition_state(edition) == ("Not delivered", "failed")
    assert formatting.standing(edition, UTC) == "Not delivered: No email was accepted (3 refused)."


@pytest.mark.parametrize("other", [OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN])
def test_an_edition_that_a_server_may_have_accepted_is_sent(other: OutcomeKind) -> None:
    edition = samples.sending(2)
    settled(edition, OutcomeKind.REFUSED, other)
    lifecycle.complete(HERE, timezone.now())
    edition.refresh_from_db()
    assert (edition.state, edition.reason) == (State.SENT, None)
    assert formatting.edition_state(edition) == ("Sent", "sent")


def test_sending_is_paused_with_a_reason_and_resumed() -> None:
    edition = in_state(State.SENDING)
    paused = lifecycle.pause(edition, by="kari@example.org")
    assert (paused.state, str(paused.reason)) == (State.PAUSED, "paused by kari@example.org")
    resumed = lifecycle.resume(edition)
    assert (resumed.state, resumed.reason) == (State.SENDING, None)
    assert list(Act.objects.order_by("pk").values_list("what__code", "by")) == [
        ("act.paused", "kari@example.org"),
        ("act.resumed", ""),
    ]


def test_the_circuit_breaker_pauses_and_notifies_the_editors() -> None:
    edition = in_state(State.SENDING)
    box = samples.outbox()
    box.pause(edition.name, TEXT(words="the login was refused"))
    box.pause(edition.name, TEXT(words="the login was refused"))
    edition.refresh_from_db()
    assert (edition.state, str(edition.reason)) == (State.PAUSED, "the login was refused")
    assert str(Notice.objects.get(kind="paused").text) == "kinaforum/2026-W06 is paused: the login was refused"


def test_a_sent_edition_can_be_paused_only_while_deliveries_are_deferred() -> None:
    edition = samples.sending(1)
    settled(edition, OutcomeKind.DEFERRED)
    lifecycle.complete(HERE, timezone.now())
    assert lifecycle.pause(edition).state == State.PAUSED
    Retry.objects.all().delete()
    Edition.objects.update(state=State.SENT)
    with pytest.raises(NotAllowed, match="no delivery is waiting for a retry"):
        lifecycle.pause(edition)


def test_cancelling_skips_untried_deliveries_and_keeps_deferred_ones() -> None:
    edition = samples.sending(5)
    box = samples.outbox()
    batch = samples.claim(box, 3)
    outcomes = [samples.outcome(1), samples.outcome(2, OutcomeKind.DEFERRED)]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    cancelled = lifecycle.cancel(config.current(), edition)
    counted = progress.counts(cancelled)
    assert (cancelled.state, counted.accepted, counted.skipped, counted.pending) == (State.CANCELLED, 1, 4, 0)
    assert not Retry.objects.exists()
    assert box.next(10) is None


def test_deliveries_in_flight_at_the_cancellation_still_count() -> None:
    edition = samples.sending(4)
    box = samples.outbox()
    batch = samples.claim(box, 3)
    lifecycle.cancel(config.current(), edition)
    outcomes = [samples.outcome(1), samples.outcome(2, OutcomeKind.DEFERRED)]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    counted = progress.counts(edition)
    assert (counted.accepted, counted.deferred, counted.skipped, counted.pending) == (1, 0, 3, 0)
    assert not Retry.objects.exists()


@pytest.mark.parametrize("state", [State.PAUSED, State.SENDING])
def test_an_edition_can_be_cancelled_until_all_emails_are_sent(state: State) -> None:
    assert lifecycle.cancel(config.current(), in_state(state)).state == State.CANCELLED


@pytest.mark.parametrize(
    ("act", "states"),
    [
        (lifecycle.pause, [State.DRAFT, State.APPROVED, State.QUEUED, State.PAUSED, State.CANCELLED, State.SKIPPED]),
        (lifecycle.resume, [s for s in State if s != State.PAUSED]),
        (
            lambda edition: lifecycle.cancel(config.current(), edition),
            [State.DRAFT, State.APPROVED, State.QUEUED, State.CANCELLED, State.SKIPPED],
        ),
    ],
)
def test_other_changes_are_refused_with_the_name_and_state(
    act: Callable[[Edition], Edition], states: list[State]
) -> None:
    edition = in_state(State.SENDING)
    for state in states:
        Edition.objects.filter(pk=edition.pk).update(state=state)
        with pytest.raises(NotAllowed, match=f"kinaforum/2026-W06 is {state_message(state)}|has been sent and"):
            act(edition)


def test_settle_resend_returns_a_sent_edition_to_sending_with_the_next_attempt() -> None:
    edition = samples.sending(3)
    settled(edition, OutcomeKind.ACCEPTED, OutcomeKind.UNKNOWN, OutcomeKind.UNKNOWN)
    lifecycle.complete(HERE, timezone.now())
    assert unknown_deliveries.resend(edition, by="kari@example.org") == 2
    edition.refresh_from_db()
    counted = progress.counts(edition)
    assert (edition.state, counted.pending, counted.unknown) == (State.SENDING, 2, 0)
    again = samples.claim(samples.outbox(), 10)
    assert again.attempts == {2: 2, 3: 2}


def test_settle_leave_keeps_deliveries_unknown_and_settled() -> None:
    edition = samples.sending(2)
    settled(edition, OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED)
    assert progress.unsettled(edition) == 1
    assert unknown_deliveries.leave(edition) == 1
    assert progress.unsettled(edition) == 0
    assert progress.counts(edition).unknown == 1
    assert unknown_deliveries.resend(edition) == 0


def test_nothing_of_a_cancelled_edition_is_sent_again() -> None:
    edition = samples.sending(1)
    settled(edition, OutcomeKind.UNKNOWN)
    lifecycle.cancel(config.current(), edition)
    with pytest.raises(NotAllowed, match="cancelled"):
        unknown_deliveries.resend(edition)


def test_a_late_outcome_replaces_a_planned_resend() -> None:
    edition = samples.sending(1)
    settled(edition, OutcomeKind.UNKNOWN)
    chunk = edition.chunks.get()
    unknown_deliveries.resend(edition)
    samples.outbox().settle(edition.name, chunk.pk, [samples.outcome(1)], finished=True)
    assert not Retry.objects.exists()
    assert Result.objects.get().kind == DeliveryStatus.ACCEPTED
    assert progress.counts(edition).accepted == 1


def test_status_lists_unknown_deliveries() -> None:
    edition = samples.sending(2)
    settled(edition, OutcomeKind.UNKNOWN, OutcomeKind.ACCEPTED)
    (found,) = progress.unknown(edition)
    assert (found.number, found.address, found.settled) == (1, "r1@reader.example", False)


def test_rate_and_time_left_are_computed_from_recent_deliveries() -> None:
    edition = samples.sending(4)
    began = timezone.now() - timedelta(seconds=10)
    Edition.objects.filter(pk=edition.pk).update(began_at=began)
    edition.refresh_from_db()
    settled(edition, OutcomeKind.ACCEPTED, OutcomeKind.ACCEPTED)
    rate = progress.rate(edition, began + timedelta(seconds=10))
    assert rate == pytest.approx(0.2, rel=0.2)
    assert progress.time_left(progress.counts(edition), 0.2) == timedelta(seconds=10)
    assert progress.time_left(progress.counts(edition), 0.0) is None
    Edition.objects.filter(pk=edition.pk).update(audience=2)
    edition.refresh_from_db()
    assert progress.time_left(progress.counts(edition), 0.2) == timedelta(0)
    Edition.objects.filter(pk=edition.pk).update(audience=4, state=State.PAUSED)
    edition.refresh_from_db()
    assert progress.time_left(progress.counts(edition), 0.2) is None


def test_the_first_rate_is_computed_over_a_whole_second() -> None:
    edition = samples.sending(9)
    began = timezone.now()
    Edition.objects.filter(pk=edition.pk).update(began_at=began)
    edition.refresh_from_db()
    Tally.objects.create(edition=edition, at=began + timedelta(milliseconds=100), accepted=6)
    for seconds, rate in ((0.5, 6.0), (1.0, 6.0), (1.5, 4.0)):
        assert progress.rate(edition, began + timedelta(seconds=seconds)) == pytest.approx(rate)


def test_an_edition_that_is_sent_is_logged_with_its_counts(
    caplog: pytest.LogCaptureFixture, django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[object]]
) -> None:
    caplog.set_level("INFO", "newsletter.sending")
    edition = samples.sending(1)
    settled(edition, OutcomeKind.ACCEPTED)
    with django_capture_on_commit_callbacks(execute=True):
        lifecycle.complete(HERE, timezone.now())
    assert f"{edition.name}: sent, 1 of 1 accepted" in caplog.text
