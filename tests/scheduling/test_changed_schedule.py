"""The schedule is changed while an edition waits for its time: what subscribers get, by their emails."""

from datetime import date

import pytest

from newsletter import config
from newsletter.config.values import parse_moment
from newsletter.editions import approval, draft, editing
from newsletter.models import Edition, Post, State
from newsletter.scheduling.occurrences import SEND
from tests.factories import DAY, DUE, HOUR, NOW, WEEK, inside
from tests.scheduling.schedule_samples import outcome, tick_at, waiting_notices
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db
THREE = ("week", "day", "month")


@pytest.fixture
def paper(monkeypatch: pytest.MonkeyPatch) -> Newsletter:
    """Return a newsletter whose blog was empty long ago, on a Friday before drafts are made; the schedule runs."""
    monkeypatch.setattr(draft, "_look_at_sources", lambda *_given: frozenset())
    paper = Newsletter(NOW - 8 * WEEK)
    paper.configure("week", *THREE)
    paper.read()
    paper.now = NOW - 2 * HOUR
    tick_at(paper.now)
    for cadence in THREE:
        paper.subscribe(cadence, cadence)
    return paper


def approved(period: str, paper: Newsletter) -> None:
    """Approve a draft."""
    approval.approve(config.current(), Edition.objects.get(period=period), now=paper.now)


def next_week(paper: Newsletter) -> None:
    """Let the clock run until the drafts of the next week are made."""
    paper.now = NOW + WEEK - HOUR
    paper.run(1)


def left(period: str) -> bool:
    """Return whether an edition was sent."""
    return Edition.objects.get(period=period).state == State.SENT


@pytest.mark.parametrize("still", [("week", "month"), ("week",)])
def test_an_approved_edition_of_a_cadence_that_is_no_longer_offered_leaves_at_its_time(
    paper: Newsletter, still: tuple[str, ...]
) -> None:
    paper.publish("one")
    paper.run(2)
    approved("day-2026-02-06", paper)
    approved("2026-W06", paper)
    paper.configure("week", *still)
    paper.publish("two")
    paper.run(4)
    assert (left("day-2026-02-06"), left("2026-W06")) == (True, True)
    next_week(paper)
    approved("2026-W07", paper)
    paper.run(4)
    assert paper.mailed["week"] == paper.mailed["day"] == ["one", "two"]
    assert waiting_notices() == []


def test_a_draft_of_a_cadence_that_is_no_longer_offered_waits_and_its_posts_come_in_the_next_edition(
    paper: Newsletter,
) -> None:
    paper.publish("one")
    paper.run(2)
    approval.cancel(Edition.objects.get(period="2026-W06"), now=paper.now)
    paper.configure("week", "week", "month")
    paper.run(4)
    assert waiting_notices() == ["kinaforum/day-2026-02-06 is waiting: nobody has approved it yet"]
    next_week(paper)
    approved("2026-W07", paper)
    paper.run(4)
    assert paper.mailed == {"week": ["one"], "day": ["one"]}


def test_an_edition_that_cannot_leave_keeps_back_no_other_of_the_same_time(paper: Newsletter) -> None:
    paper.publish("one", "put_off")
    paper.run(2)
    put_off = Post.objects.get(title="Post put_off")
    approved("2026-W06", paper)
    daily = Edition.objects.get(period="day-2026-02-06")
    editing.leave_out(config.current(), daily, "", None, put_off.pk, paper.now)
    approved("day-2026-02-06", paper)
    Post.objects.filter(pk=put_off.pk).update(published=DUE + DAY)
    paper.configure("week", "week", "month")
    paper.run(4)
    assert paper.mailed == {"week": ["one"], "day": ["one"]}
    assert [notice.partition(":")[0] for notice in waiting_notices()] == ["kinaforum/2026-W06 is waiting"]


@pytest.mark.parametrize("approval_", ["editor", "none"])
def test_a_send_time_that_is_moved_after_an_edition_has_left_brings_the_next_posts_at_that_time(
    paper: Newsletter, approval_: str
) -> None:
    _leave(paper, approval_)
    _move(paper, approval_, "sun 18:00")
    paper.wait(days=2, hours=-2)
    paper.run(2)
    second = Edition.objects.get(period="2026-W06.2")
    assert inside(second) == ["Post two"]
    if approval_ == "none":
        assert paper.mailed["week"] == ["one", "two"]
    else:
        assert waiting_notices() == ["kinaforum/2026-W06.2 is waiting: nobody has approved it yet"]


def test_a_send_time_that_had_passed_when_it_was_configured_brings_no_second_edition(paper: Newsletter) -> None:
    _leave(paper, "none")
    _move(paper, "none", "fri 18:30")
    paper.run(1)
    assert Edition.objects.get().name == "kinaforum/2026-W06"
    next_week(paper)
    paper.run(4)
    assert paper.mailed["week"] == ["one", "two"]


def test_an_edition_sent_early_by_hand_is_followed_by_no_second_one_at_a_time_that_was_moved(paper: Newsletter) -> None:
    paper.configure("week")
    paper.publish("one")
    paper.run(2)
    approved("2026-W06", paper)
    paper.deliver(Edition.objects.get())
    _move(paper, "none", "fri 20:00")
    paper.run(6)
    assert Edition.objects.get().name == "kinaforum/2026-W06"


def _leave(paper: Newsletter, approval_: str) -> None:
    """Let a weekly edition leave on Friday at 18:00, an hour ago."""
    paper.configure("week", approval=approval_)
    paper.publish("one")
    paper.run(2)
    if approval_ == "editor":
        approved("2026-W06", paper)
    paper.run(4)
    assert paper.mailed["week"] == ["one"]


def _move(paper: Newsletter, approval_: str, send: str) -> None:
    """Move the send time, and publish a post."""
    paper.configure("week", approval=approval_, send=parse_moment(send))
    paper.publish("two")


def test_a_draft_whose_date_is_skipped_since_is_on_hold_and_its_posts_come_in_the_next_edition(
    paper: Newsletter,
) -> None:
    paper.configure("week", approval="none")
    paper.publish("one")
    paper.run(2)
    paper.configure("week", approval="none", skip=(date(2026, 2, 6),))
    paper.run(4)
    assert paper.mailed == {}
    assert outcome(SEND, DUE) == "kinaforum/2026-W06 is waiting: no edition on this date, as set"
    assert waiting_notices() == ["kinaforum/2026-W06 is waiting: no edition on this date, as set"]
    next_week(paper)
    paper.run(4)
    assert paper.mailed["week"] == ["one"]


def test_an_approved_edition_leaves_if_its_cadence_was_removed_while_the_program_was_off(paper: Newsletter) -> None:
    later = parse_moment("fri 22:00")
    paper.configure("week", *THREE, send=later)
    paper.publish("one")
    paper.run(2)
    approved("day-2026-02-06", paper)
    paper.configure("week", "week", "month", send=later)
    paper.now = DUE
    paper.run(1)
    assert paper.mailed["day"] == ["one"]


def test_an_approved_edition_leaves_if_its_time_and_a_later_one_were_missed(paper: Newsletter) -> None:
    paper.configure("week")
    paper.publish("one")
    paper.run(2)
    approved("2026-W06", paper)
    _move(paper, "editor", "fri 19:00")
    tick_at(paper.now)
    paper.now = DUE + HOUR
    paper.run(1)
    assert paper.mailed["week"] == ["one"]


def test_an_approved_edition_whose_time_passes_while_the_newsletter_is_paused_is_on_hold(paper: Newsletter) -> None:
    paper.configure("week")
    paper.publish("one")
    paper.run(2)
    approved("2026-W06", paper)
    paper.configure("week", status="paused")
    paper.run(4)
    paper.configure("week", status="active")
    paper.run(1)
    assert paper.mailed == {}
    (notice,) = waiting_notices()
    assert notice.startswith("kinaforum/2026-W06 is waiting: it was scheduled for 2026-02-06 17:00 UTC")
