"""The reputation guard: which figures pause an edition, what counts, and what a resumption changes."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given, strategies as st

from newsletter import config
from newsletter.bounces import policy, webhook_events
from newsletter.config import Guard
from newsletter.domain.outcome import Fault, OutcomeKind
from newsletter.models import Bounce, Delivery, Edition, NewWebhookEvent, Notice, State, WebhookEvent
from newsletter.sending import lifecycle
from newsletter.sending.safeguards.guard import LEAST_COMPLAINTS, GuardFigures, figures, judge, watch
from tests.sending import outbox_samples as samples

SMALL = Guard(minimum=50)


def sent(edition: Edition, *kinds: OutcomeKind, **more: object) -> None:
    """Record outcomes of the next subscribers."""
    box = samples.outbox()
    batch = box.begin(samples.claim(box, len(kinds)))
    found = [
        samples.outcome(recipient.number, kind, **{"code": 550 if kind is OutcomeKind.REFUSED else 250, **more})
        for recipient, kind in zip(batch.recipients, kinds, strict=True)
    ]
    box.settle(edition.name, batch.chunk, found, finished=True)


def many(accepted: int, refused: int = 0) -> list[OutcomeKind]:
    return [OutcomeKind.ACCEPTED] * accepted + [OutcomeKind.REFUSED] * refused


def reported(edition: Edition, kind: Bounce.Kind, *numbers: int, mail: str = "mail") -> None:
    """Record a report of each delivery, as the mailbox and webhooks do."""
    for number in numbers:
        delivery = Delivery.objects.get(edition=edition, number=number)
        policy.record(policy.Report(kind, Fault.RECIPIENT, "5.1.1", "", f"{mail}{number}"), delivery, datetime.now(UTC))


def state(edition: Edition) -> str:
    edition.refresh_from_db()
    return edition.state


def looked(edition: Edition, guard: Guard = SMALL) -> str:
    watch([samples.NEWSLETTER], guard)
    return state(edition)


def at_least(bounced: int, count: int, rate: Fraction) -> Fraction:
    """The probability of this many bounces or more, by adding one email after the other."""
    of = [Fraction(1)]
    for _ in range(count):
        of = [x * (1 - rate) + y * rate for x, y in zip([*of, Fraction(0)], [Fraction(0), *of], strict=True)]
    return sum(of[bounced:], Fraction(0))


@given(
    st.one_of(st.integers(0, 40), st.integers(200, 5_000)),
    st.integers(0, 5_000),
    st.integers(0, 50),
    st.integers(0, 9),
)
def test_an_edition_pauses_only_after_enough_emails_and_above_a_bound(
    count: int, bounced: int, complained: int, pauses: int
) -> None:
    shown = GuardFigures(count, min(bounced, count), min(complained, count))
    limit = min(100, 10 * 2**pauses)
    bouncing = shown.bounced * 100 > limit * count
    if count < 200:
        bouncing = bouncing and at_least(shown.bounced, count, Fraction(limit, 100)) < Fraction(1, 10_000)
    reported_as_spam = (
        shown.complained >= LEAST_COMPLAINTS and shown.complained * 100 > min(100, 0.3 * 2**pauses) * count
    )
    expected = bouncing or (count >= 200 and reported_as_spam)
    assert (judge(shown, Guard(), pauses) is not None) is expected


def test_a_bound_of_zero_never_pauses() -> None:
    assert judge(GuardFigures(1_000, 1_000, 1_000), Guard(bounces=0, complaints=0), 0) is None


def test_the_reason_has_the_figures() -> None:
    reason = judge(GuardFigures(1_000, 153, 0), Guard(), 0)
    assert str(reason) == (
        "153 of 1,000 emails bounced (15.3 %), more than the 10.0 % at which sending pauses; find out where these "
        "addresses came from, then resume or cancel"
    )


@pytest.mark.django_db
def test_refusals_during_the_session_pause_the_edition_and_tell_its_editors() -> None:
    edition = samples.sending(100)
    sent(edition, *many(51, 9))
    assert looked(edition) == State.PAUSED
    assert edition.reason
    assert edition.reason.code == "sending.bouncing"
    assert "9 of 60 emails bounced (15.0 %)" in str(Notice.objects.get(kind="paused").text)


@pytest.mark.django_db
def test_a_message_that_was_never_accepted_is_no_bounce() -> None:
    edition = samples.sending(100)
    sent(edition, *many(51, 9), code=0)
    assert looked(edition) == State.SENDING


@pytest.mark.django_db
def test_each_subscriber_counts_once_whichever_way_a_bounce_is_reported() -> None:
    edition = samples.sending(100)
    sent(edition, *many(55, 5))
    policy.count_refusals(config.current(), datetime.now(UTC))
    reported(edition, Bounce.Kind.HARD, 1, 2, mail="mailbox")
    reported(edition, Bounce.Kind.SOFT, 2, mail="webhook")
    reported(edition, Bounce.Kind.COMPLAINT, 3, 4, mail="loop")
    assert figures(edition) == GuardFigures(sent=60, bounced=7, complained=2)


@pytest.mark.django_db
def test_bounces_that_webhooks_report_pause_the_edition() -> None:
    edition = samples.sending(60)
    sent(edition, *many(55), queue_id="")
    now = datetime.now(UTC)
    Edition.objects.filter(pk=edition.pk).update(began_at=now)
    rows = [
        NewWebhookEvent(
            provider="mailgun", key=f"key{n}", kind="bounced", bounce="hard", fault="reader", status="5.1.1", text="",
            recipient=f"r{n}@reader.example", message_id=f"named{n}", received_at=now, due_at=now,
        )
        for n in range(1, 9)
    ]  # fmt: skip
    for number in range(1, 9):
        edition.results.filter(number=number).update(queue_id=f"named{number}")
    WebhookEvent.objects.add(rows)
    assert webhook_events.process(config.current(), now) == 8
    assert looked(edition) == State.PAUSED


@pytest.mark.django_db
def test_complaints_pause_the_edition() -> None:
    edition = samples.sending(100)
    sent(edition, *many(60))
    reported(edition, Bounce.Kind.COMPLAINT, 1, 2)
    assert looked(edition) == State.SENDING, "two complaints say nothing yet"
    reported(edition, Bounce.Kind.COMPLAINT, 3)
    assert looked(edition) == State.PAUSED
    assert edition.reason
    assert edition.reason.code == "sending.complained"


@pytest.mark.django_db
def test_a_resumed_edition_goes_on_with_the_same_bounces_and_pauses_at_twice_as_many() -> None:
    edition = samples.sending(300)
    sent(edition, *many(51, 9))
    assert looked(edition) == State.PAUSED
    lifecycle.resume(edition, by="kari@example.org", now=datetime.now(UTC))
    assert looked(edition) == State.SENDING
    edition.refresh_from_db()
    sent(edition, *many(85, 15))
    assert looked(edition) == State.SENDING, "15 % of what was sent since is less than 20 %"
    sent(edition, *many(0, 20))
    assert looked(edition) == State.PAUSED
    assert edition.guard_pauses == 1


@pytest.mark.django_db
def test_late_reports_of_what_was_sent_before_do_not_pause_a_resumed_edition_again() -> None:
    edition = samples.sending(300)
    sent(edition, *many(51, 9))
    looked(edition)
    lifecycle.resume(edition, now=datetime.now(UTC))
    edition.refresh_from_db()
    sent(edition, *many(60))
    reported(edition, Bounce.Kind.HARD, *range(1, 50))
    assert looked(edition) == State.SENDING
    assert figures(edition).bounced == 0


@pytest.mark.django_db
def test_a_pause_by_hand_changes_no_bound() -> None:
    edition = samples.sending(100)
    lifecycle.pause(edition)
    resumed = lifecycle.resume(edition)
    assert (resumed.guard_pauses, resumed.guarded_since) == (0, None)


@pytest.mark.django_db
def test_other_newsletters_and_finished_editions_are_left_alone() -> None:
    edition = samples.sending(60)
    sent(edition, *many(0, 60))
    watch(["another"], SMALL)
    assert state(edition) == State.SENDING
    lifecycle.complete([samples.NEWSLETTER], datetime.now(UTC) + timedelta(seconds=1))
    assert looked(edition) == State.SENT
