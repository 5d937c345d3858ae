"""Each row of the life of an edition that has to do with sending; and what may not be."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter import config
from newsletter.jobs import progress, underway, unknowns
from newsletter.jobs.states import NotAllowed
from newsletter.mail import Kind
from newsletter.models import Act, Became, Delivery, Edition, Notice, Result, Retry, State
from tests.jobs import outbox_samples as samples

pytestmark = pytest.mark.django_db
HERE = [samples.NEWSLETTER]


def in_state(state: State, **fields: object) -> Edition:
    edition = samples.sending(3)
    Edition.objects.filter(pk=edition.pk).update(state=state, **fields)
    edition.refresh_from_db()
    return edition


def settled(edition: Edition, *kinds: Kind) -> None:
    """One chunk with an outcome each."""
    box = samples.outbox()
    chunk = box.next(len(kinds)).chunk
    outcomes = [samples.outcome(number, kind) for number, kind in enumerate(kinds, 1)]
    box.settle(edition.name, chunk, outcomes, finished=True)


def test_queued_becomes_sending_when_due_with_its_audience() -> None:
    samples.readers(3)
    edition = samples.queued()
    assert underway.begin_due(HERE, samples.NOW - timedelta(seconds=1)) == []
    assert underway.begin_due(HERE, samples.NOW) == [edition]
    edition.refresh_from_db()
    assert (edition.state, edition.audience, edition.began_at) == (State.SENDING, 3, samples.NOW)
    assert list(Delivery.objects.order_by("number").values_list("number", flat=True)) == [1, 2, 3]


def test_the_audience_is_frozen_once() -> None:
    edition = samples.sending(3)
    samples.subscribe(["late@reader.example"])
    underway.begin_due(HERE, timezone.now())
    assert Delivery.objects.filter(edition=edition).count() == 3


def test_an_edition_for_nobody_is_sent_at_once() -> None:
    edition = samples.begun(samples.queued())
    assert underway.complete(HERE, timezone.now()) == [edition]


def test_a_filter_that_is_wrong_keeps_the_edition_queued_and_says_why() -> None:
    given = config.current()
    newsletter = replace(given.newsletters[samples.NEWSLETTER], where="no such filter ((")
    config.use(replace(given, newsletters={samples.NEWSLETTER: newsletter}))
    edition = samples.begun(samples.queued())
    assert edition.state == State.QUEUED
    assert edition.waiting
    assert not Delivery.objects.exists()


def test_sending_becomes_sent_once_none_is_pending() -> None:
    edition = samples.sending(2)
    settled(edition, Kind.ACCEPTED)
    assert underway.complete(HERE, timezone.now()) == []
    box = samples.outbox()
    batch = box.next(1)
    box.settle(edition.name, batch.chunk, [samples.outcome(2, Kind.DEFERRED)], finished=False)
    assert underway.complete(HERE, timezone.now()) == [], "its chunk is open"
    box.settle(edition.name, batch.chunk, [], finished=True)
    assert underway.complete(HERE, timezone.now()) == [edition]
    edition.refresh_from_db()
    assert edition.state == State.SENT
    assert edition.ended_at
    assert Notice.objects.get(kind="sent").text == "kinaforum/2026-W06 is sent: 1 of 2 accepted, 1 deferred"


def test_sending_becomes_paused_with_the_reason_and_goes_on() -> None:
    edition = in_state(State.SENDING)
    paused = underway.pause(edition, by="kari@example.org", reason="a wrong picture")
    assert (paused.state, paused.reason) == (State.PAUSED, "a wrong picture")
    resumed = underway.resume(edition)
    assert (resumed.state, resumed.reason) == (State.SENDING, "")
    assert list(Act.objects.order_by("pk").values_list("what", "by")) == [
        ("paused", "kari@example.org"),
        ("resumed", ""),
    ]


def test_the_circuit_pauses_and_tells_the_editors() -> None:
    edition = in_state(State.SENDING)
    box = samples.outbox()
    box.pause(edition.name, "the login was refused")
    box.pause(edition.name, "the login was refused")
    edition.refresh_from_db()
    assert (edition.state, edition.reason) == (State.PAUSED, "the login was refused")
    assert Notice.objects.get(kind="paused").text == "kinaforum/2026-W06 is paused: the login was refused"


def test_sent_with_deferred_can_be_paused_and_without_it_can_not() -> None:
    edition = samples.sending(1)
    settled(edition, Kind.DEFERRED)
    underway.complete(HERE, timezone.now())
    assert underway.pause(edition).state == State.PAUSED
    Retry.objects.all().delete()
    Edition.objects.update(state=State.SENT)
    with pytest.raises(NotAllowed, match="nobody is deferred"):
        underway.pause(edition)


def test_cancelling_skips_what_was_not_tried_and_spares_the_deferred() -> None:
    edition = samples.sending(5)
    box = samples.outbox()
    batch = box.next(3)
    outcomes = [samples.outcome(1), samples.outcome(2, Kind.DEFERRED)]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    cancelled = underway.cancel(edition)
    counted = progress.counts(cancelled)
    assert (cancelled.state, counted.accepted, counted.skipped, counted.pending) == (State.CANCELLED, 1, 4, 0)
    assert not Retry.objects.exists()
    assert box.next(10) is None


def test_what_is_in_flight_when_it_is_cancelled_still_counts() -> None:
    edition = samples.sending(4)
    box = samples.outbox()
    batch = box.next(3)
    underway.cancel(edition)
    outcomes = [samples.outcome(1), samples.outcome(2, Kind.DEFERRED)]
    box.settle(edition.name, batch.chunk, outcomes, finished=True)
    counted = progress.counts(edition)
    assert (counted.accepted, counted.deferred, counted.skipped, counted.pending) == (1, 0, 3, 0)
    assert not Retry.objects.exists()


@pytest.mark.parametrize("state", [State.PAUSED, State.SENDING])
def test_an_edition_on_its_way_can_be_cancelled(state: State) -> None:
    assert underway.cancel(in_state(state)).state == State.CANCELLED


@pytest.mark.parametrize(
    ("act", "states"),
    [
        (underway.pause, [State.DRAFT, State.APPROVED, State.QUEUED, State.PAUSED, State.CANCELLED, State.SKIPPED]),
        (underway.resume, [s for s in State if s != State.PAUSED]),
        (underway.cancel, [State.DRAFT, State.APPROVED, State.QUEUED, State.CANCELLED, State.SKIPPED]),
    ],
)
def test_other_changes_are_refused_by_name(act: object, states: list[State]) -> None:
    edition = in_state(State.SENDING)
    for state in states:
        Edition.objects.filter(pk=edition.pk).update(state=state)
        with pytest.raises(NotAllowed, match=f"kinaforum/2026-W06 is {state}"):
            act(edition)  # type: ignore[operator]


def test_settle_resend_takes_a_sent_edition_back_to_sending_under_the_next_attempt() -> None:
    edition = samples.sending(3)
    settled(edition, Kind.ACCEPTED, Kind.UNKNOWN, Kind.UNKNOWN)
    underway.complete(HERE, timezone.now())
    assert unknowns.resend(edition, by="kari@example.org") == 2
    edition.refresh_from_db()
    counted = progress.counts(edition)
    assert (edition.state, counted.pending, counted.unknown) == (State.SENDING, 2, 0)
    again = samples.outbox().next(10)
    assert again.attempts == {2: 2, 3: 2}


def test_settle_leave_keeps_them_unknown_and_asks_no_more() -> None:
    edition = samples.sending(2)
    settled(edition, Kind.UNKNOWN, Kind.ACCEPTED)
    assert progress.unsettled(edition) == 1
    assert unknowns.leave(edition) == 1
    assert progress.unsettled(edition) == 0
    assert progress.counts(edition).unknown == 1
    assert unknowns.resend(edition) == 0


def test_nothing_of_a_cancelled_edition_is_sent_again() -> None:
    edition = samples.sending(1)
    settled(edition, Kind.UNKNOWN)
    underway.cancel(edition)
    with pytest.raises(NotAllowed, match="cancelled"):
        unknowns.resend(edition)


def test_an_outcome_that_comes_late_answers_what_was_to_be_sent_again() -> None:
    edition = samples.sending(1)
    settled(edition, Kind.UNKNOWN)
    chunk = edition.chunks.get()
    unknowns.resend(edition)
    samples.outbox().settle(edition.name, chunk.pk, [samples.outcome(1)], finished=True)
    assert not Retry.objects.exists()
    assert Result.objects.get().kind == Became.ACCEPTED
    assert progress.counts(edition).accepted == 1


def test_status_names_the_unknown_ones() -> None:
    edition = samples.sending(2)
    settled(edition, Kind.UNKNOWN, Kind.ACCEPTED)
    (found,) = progress.unknown(edition)
    assert (found.number, found.address, found.settled) == (1, "r1@reader.example", False)


def test_rate_and_time_left_are_those_of_late() -> None:
    edition = samples.sending(4)
    began = timezone.now() - timedelta(seconds=10)
    Edition.objects.filter(pk=edition.pk).update(began_at=began)
    edition.refresh_from_db()
    settled(edition, Kind.ACCEPTED, Kind.ACCEPTED)
    rate = progress.rate(edition, began + timedelta(seconds=10))
    assert rate == pytest.approx(0.2, rel=0.2)
    assert progress.time_left(progress.counts(edition), 0.2) == timedelta(seconds=10)
    assert progress.time_left(progress.counts(edition), 0.0) is None
