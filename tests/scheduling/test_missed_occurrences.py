"""Occurrences that were missed, that failed, or that several schedulers find due: each is done once."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings, strategies as st

from newsletter import config
from newsletter.editions import approval, draft
from newsletter.models import Edition, Occurrence, State
from newsletter.scheduling import schedule
from newsletter.scheduling.occurrences import DRAFT, LEASE, SEND
from tests.doubles.feeds import Blog, Web, article
from tests.editions.renderings import renderings
from tests.factories import DAY, DUE, HOUR, NOW, SOURCE, WEEK, configured, inside, kinaforum
from tests.scheduling.schedule_samples import MINUTE, only_edition, outcome, tick_at, waiting_notices

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("no_rendering_in_transactions")]


def test_two_schedulers_do_an_occurrence_once(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second scheduler ticks while the first one makes the draft."""
    make, calls = draft.make, []

    def slow(*arguments: object, **named: object) -> Edition:
        calls.append(1)
        if len(calls) == 1:
            tick_at(NOW + MINUTE)
        return make(*arguments, **named)

    monkeypatch.setattr(draft, "make", slow)
    tick_at(NOW)
    assert (len(calls), Edition.objects.count(), only_edition().revision) == (1, 1, 1)


def _everything_done_before(act: str) -> datetime:
    """Do everything that is due before the draft or the send, and return when that is due."""
    configured(approval="none")
    if act == SEND:
        tick_at(NOW)
    return NOW if act == DRAFT else DUE


@pytest.mark.parametrize("act", [DRAFT, SEND])
def test_an_occurrence_that_failed_is_done_once_its_lease_has_ended(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    due = _everything_done_before(act)
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "finish", _die)
        with pytest.raises(MemoryError):
            tick_at(due)
    assert not Edition.objects.filter(state=State.QUEUED).exists()
    assert Edition.objects.count() == (0 if act == DRAFT else 1)
    tick_at(due + LEASE - MINUTE)
    assert Occurrence.objects.get(act=act, due_at=due).done_at is None
    tick_at(due + LEASE + MINUTE)
    assert only_edition().state == (State.DRAFT if act == DRAFT else State.QUEUED)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("act", [DRAFT, SEND])
def test_an_occurrence_that_crashes_the_program_three_times_is_given_up_and_editors_are_told(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    due = _everything_done_before(act)

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(schedule, "finish", kill)
        for tried in range(3):
            with pytest.raises(Killed):
                tick_at(due + tried * (LEASE + MINUTE))
    tick_at(due + 3 * (LEASE + MINUTE))
    assert outcome(act, due).startswith("it failed: the task due at")
    assert ["crashed 3 times" in told for told in waiting_notices()] == [True]


def test_an_occurrence_that_fails_without_a_crash_is_never_given_up(
    blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "finish", _die)
        for tried in range(5):
            with pytest.raises(MemoryError):
                tick_at(NOW + tried * (LEASE + MINUTE))
    tick_at(NOW + 5 * (LEASE + MINUTE))
    assert only_edition().state == State.DRAFT


def _die(*_: object) -> None:
    raise MemoryError


def test_a_missed_edition_is_made_and_queued_once(blog: Blog) -> None:
    configured(approval="none")
    tick_at(DUE + HOUR)
    tick_at(DUE + HOUR + MINUTE)
    assert (only_edition().name, only_edition().state) == ("kinaforum/2026-W06", State.QUEUED)
    assert only_edition().revision == 1


def test_an_edition_without_approval_is_rendered_before_the_transaction_that_queues_it(blog: Blog) -> None:
    configured(approval="none")
    tick_at(NOW)
    with renderings() as in_transaction:
        tick_at(DUE)
    assert only_edition().state == State.QUEUED
    assert in_transaction
    assert not any(in_transaction)


def test_after_several_missed_weeks_one_edition_has_all_posts(blog: Blog) -> None:
    configured(approval="none")
    tick_at(NOW)
    tick_at(DUE)
    blog.articles += [article("b", DUE + DAY), article("c", DUE + WEEK + DAY)]
    tick_at(DUE + 2 * WEEK + HOUR)
    made = Edition.objects.exclude(period="2026-W06").get()
    assert (made.name, made.state) == ("kinaforum/2026-W08", State.QUEUED)
    assert inside(made) == ["Title of c", "Title of b"]


@pytest.mark.parametrize(("hours", "state"), [(6, State.QUEUED), (7, State.APPROVED)])
def test_an_edition_later_than_late_allows_waits_for_an_editor(blog: Blog, hours: int, state: State) -> None:
    configured(late=timedelta(hours=6))
    tick_at(NOW)
    approval.approve(config.current(), only_edition(), now=NOW)
    tick_at(DUE + timedelta(hours=hours))
    assert only_edition().state == state
    if state == State.APPROVED:
        assert waiting_notices() == [
            (
                "kinaforum/2026-W06 is waiting: it was due at 2026-02-06 17:00 UTC, "
                "but newsletter was not running; send it by hand"
            )
        ]


def test_a_draft_that_was_not_made_in_time_is_made_when_it_is_due(blog: Blog) -> None:
    """A first start, or another schedule, between the draft's time and the send's."""
    Occurrence.objects.all().delete()
    configured(approval="none")
    tick_at(NOW + HOUR)
    tick_at(DUE)
    assert (only_edition().name, only_edition().state) == ("kinaforum/2026-W06", State.QUEUED)


@pytest.mark.parametrize(
    ("zone", "moment", "changes"),
    [
        ("Europe/Oslo", "02:30", ["2026-03-29T01:30Z", "2026-10-25T00:30Z"]),
        ("America/New_York", "01:30", ["2026-03-08T06:30Z", "2026-11-01T05:30Z"]),
    ],
)
def test_each_day_has_one_edition_when_daylight_saving_time_begins_or_ends(
    blog: Blog, zone: str, moment: str, changes: list[str]
) -> None:
    configured(period="day", timezone=zone, draft="00:30", send=moment, approval="none", minimum_posts=0)
    for at in map(datetime.fromisoformat, changes):
        around_send = {day * 24 * 60 + minutes for day in (-1, 0, 1) for minutes in range(-180, 121, 30)}
        for minutes in sorted(around_send.union(range(-36 * 60, 36 * 60, 4 * 60))):
            tick_at(at + timedelta(minutes=minutes))
        around = Edition.objects.filter(due_at__gt=at - 36 * HOUR, due_at__lt=at + 36 * HOUR, state=State.QUEUED)
        times = sorted(due for due in around.values_list("due_at", flat=True) if due)
        assert at in times
        days = [due.astimezone(kinaforum().zone).date() for due in times]
        assert days == [days[0] + n * DAY for n in range(3)]


@given(st.lists(st.integers(1, 40 * 60), min_size=5, max_size=30), st.sampled_from(["editor", "none"]))
@settings(max_examples=5, deadline=None)
def test_each_post_is_in_one_edition_whatever_the_pauses_between_ticks(pauses: list[int], approval_: str) -> None:
    _tick_with_pauses(pauses, approval_)


def _tick_with_pauses(pauses: list[int], approval_: str) -> None:
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        blog = Blog(SOURCE, articles=[article(str(n), NOW - WEEK + n * 5 * HOUR) for n in range(60)])
        patch.setattr("newsletter.collecting.collect.read", _published_until_now(blog, lambda: now))
        patch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
        now = NOW - WEEK
        configured(period="day", draft="15:00", send="18:00", approval=approval_)
        for pause in pauses:
            now += timedelta(minutes=pause)
            tick_at(now)
        held = [title for edition in Edition.objects.filter(state=State.QUEUED) for title in inside(edition)]
        assert len(held) == len(set(held))
        if approval_ == "editor":
            assert not held
        transaction.set_rollback(True)


def _published_until_now(blog: Blog, clock: Callable[[], datetime]) -> Callable[..., object]:
    def read(*arguments: object, **named: object) -> object:
        shown = Blog(SOURCE, articles=[a for a in blog.articles if a.published <= clock()])
        return Web({SOURCE: shown}).read(*arguments, **named)

    return read
