"""The clock: each occurrence once, whoever else runs, whatever dies, and however late it is."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter import config
from newsletter.domain.found_post import FoundPost
from newsletter.editions import approval, draft
from newsletter.models import Edition, Notice, Occurrence, State
from newsletter.scheduling import schedule
from newsletter.scheduling.occurrences import DRAFT, LEASE, SEND
from newsletter.scheduling.schedule import tick
from tests.doubles.feeds import Blog, Web, article
from tests.factories import DAY, DUE, HOUR, NAME, NOW, SOURCE, WEEK, configured, inside, kinaforum

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Blog:
    """The blog that the newsletter collects from, with one article of yesterday; read once, and planned for."""
    blog = Blog(SOURCE)
    web = Web({SOURCE: blog})
    monkeypatch.setattr("newsletter.collecting.collect.read", web.read)
    monkeypatch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
    blog.articles.append(article("a", NOW - DAY))
    configured()
    tick(config.current(), NOW - 2 * HOUR)
    return blog


def outcome(act: str, due: datetime) -> str:
    """What came of an occurrence; fails where it is not done."""
    found = Occurrence.objects.get(newsletter=NAME, act=act, due_at=due)
    assert found.done_at is not None
    return str(found.outcome)


def ran(now: datetime) -> None:
    """One look of the clock."""
    tick(config.current(), now)


def the_edition() -> Edition:
    """The only edition there is."""
    return Edition.objects.get()


def waits() -> list[str]:
    """What editors are told of what waits."""
    return [str(text) for text in Notice.objects.filter(kind="waiting").values_list("text", flat=True)]


def test_the_draft_is_made_at_its_time_and_editors_are_told(blog: Blog) -> None:
    ran(NOW)
    assert (the_edition().name, inside(the_edition())) == ("kinaforum/2026-W06", ["Title of a"])
    assert outcome(DRAFT, NOW) == "kinaforum/2026-W06: a draft"
    assert str(Notice.objects.get().text) == (
        "The draft kinaforum/2026-W06 is ready, with 1 post. "
        "Once it is approved, it will be sent on 2026-02-06 17:00 UTC."
    )


def test_nothing_is_done_before_its_time(blog: Blog) -> None:
    ran(NOW - MINUTE)
    assert not Edition.objects.exists()


def test_an_approved_edition_leaves_at_its_time(blog: Blog) -> None:
    ran(NOW)
    approval.approve(config.current(), the_edition(), now=NOW + HOUR)
    ran(DUE - MINUTE)
    assert the_edition().state == State.APPROVED
    ran(DUE)
    assert (the_edition().state, outcome(SEND, DUE)) == (State.QUEUED, "kinaforum/2026-W06 is scheduled")


def test_one_that_nobody_approved_waits_and_says_so_once(blog: Blog) -> None:
    ran(NOW)
    ran(DUE)
    ran(DUE + HOUR)
    assert (the_edition().state, str(the_edition().waiting)) == (State.DRAFT, "nobody has approved it yet")
    assert waits() == ["kinaforum/2026-W06 is waiting: nobody has approved it yet"]


def test_approved_after_its_time_it_leaves_by_hand_only(blog: Blog) -> None:
    ran(NOW)
    ran(DUE)
    approval.approve(config.current(), the_edition(), now=DUE + MINUTE)
    for days in range(1, 9):
        ran(DUE + days * DAY)
    assert Edition.objects.get(period="2026-W06").state == State.APPROVED


def test_without_approval_it_goes_out_by_itself_with_what_came_since_the_draft(blog: Blog) -> None:
    configured(approval="none")
    ran(NOW)
    blog.articles.append(article("b", NOW + HOUR))
    ran(DUE)
    assert (the_edition().state, inside(the_edition())) == (State.QUEUED, ["Title of b", "Title of a"])


def test_the_next_occurrence_holds_only_new_posts(blog: Blog) -> None:
    configured(approval="none")
    ran(NOW)
    ran(DUE)
    blog.articles.append(article("b", DUE + DAY))
    ran(NOW + WEEK)
    ran(DUE + WEEK)
    assert inside(Edition.objects.get(period="2026-W07")) == ["Title of b"]


def test_an_occurrence_is_taken_once_by_two(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the first one is at it, a second clock looks."""
    make, looks = draft.make, []

    def slow(*arguments: object, **named: object) -> Edition:
        looks.append(1)
        if len(looks) == 1:
            ran(NOW + MINUTE)
        return make(*arguments, **named)

    monkeypatch.setattr(draft, "make", slow)
    ran(NOW)
    assert (len(looks), Edition.objects.count(), the_edition().revision) == (1, 1, 1)


@pytest.mark.parametrize("act", [DRAFT, SEND])
def test_one_that_dies_at_it_leaves_it_to_the_next(blog: Blog, monkeypatch: pytest.MonkeyPatch, act: str) -> None:
    configured(approval="none")
    if act == SEND:
        ran(NOW)
    due = NOW if act == DRAFT else DUE
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "finish", _die)
        with pytest.raises(MemoryError):
            ran(due)
    assert not Edition.objects.filter(state=State.QUEUED).exists()
    assert Edition.objects.count() == (0 if act == DRAFT else 1)
    ran(due + LEASE - MINUTE)
    assert Occurrence.objects.get(act=act, due_at=due).done_at is None
    ran(due + LEASE + MINUTE)
    assert the_edition().state == (State.DRAFT if act == DRAFT else State.QUEUED)


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("act", [DRAFT, SEND])
def test_what_ends_every_program_that_tries_it_is_given_up_and_told(
    blog: Blog, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    configured(approval="none")
    if act == SEND:
        ran(NOW)
    due = NOW if act == DRAFT else DUE

    def kill(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(schedule, "finish", kill)
        for tried in range(3):
            with pytest.raises(Killed):
                ran(due + tried * (LEASE + MINUTE))
    ran(due + 3 * (LEASE + MINUTE))
    assert outcome(act, due).startswith("it failed: the task due at")
    assert ["crashed 3 times" in told for told in waits()] == [True]


def test_what_fails_without_ending_the_program_is_never_given_up(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(schedule, "finish", _die)
        for tried in range(5):
            with pytest.raises(MemoryError):
                ran(NOW + tried * (LEASE + MINUTE))
    ran(NOW + 5 * (LEASE + MINUTE))
    assert the_edition().state == State.DRAFT


def _die(*_: object) -> None:
    raise MemoryError


def test_what_was_missed_is_done_once_when_it_runs_again(blog: Blog) -> None:
    configured(approval="none")
    ran(DUE + HOUR)
    ran(DUE + HOUR + MINUTE)
    assert (the_edition().name, the_edition().state) == ("kinaforum/2026-W06", State.QUEUED)
    assert the_edition().revision == 1


def test_of_many_missed_weeks_the_last_one_is_made_with_all_their_posts(blog: Blog) -> None:
    configured(approval="none")
    ran(NOW)
    ran(DUE)
    blog.articles += [article("b", DUE + DAY), article("c", DUE + WEEK + DAY)]
    ran(DUE + 2 * WEEK + HOUR)
    made = Edition.objects.exclude(period="2026-W06").get()
    assert (made.name, made.state) == ("kinaforum/2026-W08", State.QUEUED)
    assert inside(made) == ["Title of c", "Title of b"]


@pytest.mark.parametrize(("hours", "state"), [(6, State.QUEUED), (7, State.APPROVED)])
def test_a_send_missed_by_more_than_late_waits_for_an_editor(blog: Blog, hours: int, state: State) -> None:
    configured(late=timedelta(hours=6))
    ran(NOW)
    approval.approve(config.current(), the_edition(), now=NOW)
    ran(DUE + timedelta(hours=hours))
    assert the_edition().state == state
    if state == State.APPROVED:
        assert waits() == [
            (
                "kinaforum/2026-W06 is waiting: it was due at 2026-02-06 17:00 UTC, "
                "but newsletter was not running; send it by hand"
            )
        ]


@pytest.mark.parametrize("skip", [date(2026, 2, 5), date(2026, 2, 6)])
def test_no_edition_is_made_whose_draft_or_send_is_on_a_date_that_is_skipped(blog: Blog, skip: date) -> None:
    configured(skip=(skip,), draft="thu 15:00")
    ran(NOW - 30 * HOUR)
    ran(NOW - DAY)
    assert outcome(DRAFT, NOW - DAY) == "no edition: the date is in 'skip'"
    ran(DUE)
    assert not Edition.objects.exists()


def test_too_few_posts_wait_for_the_next(blog: Blog) -> None:
    configured(minimum_posts=2, approval="none")
    ran(NOW)
    ran(DUE)
    assert the_edition().state == State.SKIPPED
    assert str(Notice.objects.get(kind="skipped").text) == (
        "kinaforum/2026-W06 was skipped: it has 1 post, and minimum_posts is 2; its posts go into the next edition"
    )
    blog.articles.append(article("b", DUE + DAY))
    ran(NOW + WEEK)
    ran(DUE + WEEK)
    following = Edition.objects.get(period="2026-W07")
    assert (following.state, len(inside(following))) == (State.QUEUED, 2)


def test_a_post_that_came_after_the_draft_saves_the_edition(blog: Blog) -> None:
    blog.articles.clear()
    ran(NOW)
    blog.articles.append(article("b", NOW + HOUR))
    ran(DUE)
    assert the_edition().state == State.DRAFT


def test_a_silent_source_is_no_quiet_week(blog: Blog) -> None:
    configured(approval="none")
    ran(NOW)
    ran(DUE)
    blog.up = False
    ran(NOW + WEEK)
    ran(DUE + WEEK)
    waiting = Edition.objects.get(period="2026-W07")
    assert waiting.state == State.DRAFT
    assert str(waiting.waiting).endswith(f"posts may be missing: {SOURCE} (not read since the last edition)")
    assert Notice.objects.filter(kind="source").exists()


def test_an_edition_that_waited_for_a_silent_source_leaves_when_it_answers(blog: Blog) -> None:
    configured(approval="none")
    ran(NOW)
    ran(DUE)
    blog.articles.append(article("b", DUE + DAY))
    blog.up = False
    ran(NOW + WEEK)
    ran(DUE + WEEK)
    assert Edition.objects.get(period="2026-W07").state == State.DRAFT
    blog.up = True
    ran(DUE + WEEK + MINUTE)
    assert Edition.objects.get(period="2026-W07").state == State.DRAFT
    ran(DUE + WEEK + HOUR)
    left = Edition.objects.get(period="2026-W07")
    assert (left.state, inside(left)) == (State.QUEUED, ["Title of b"])


def test_a_source_that_answers_too_late_leaves_it_to_editors(blog: Blog) -> None:
    configured(approval="none", late=timedelta(hours=6))
    ran(NOW)
    ran(DUE)
    blog.up = False
    ran(NOW + WEEK)
    ran(DUE + WEEK)
    blog.up = True
    ran(DUE + WEEK + 7 * HOUR)
    assert Edition.objects.get(period="2026-W07").state == State.DRAFT


def test_lint_errors_keep_an_edition_that_nobody_approves(blog: Blog, monkeypatch: pytest.MonkeyPatch) -> None:
    def found(self: Blog, one: object) -> FoundPost:
        text = '<p>A picture: <a href="https://x.example/"></a></p>'
        return FoundPost("a", "ftp://x.example/a", "A", text, published=NOW - DAY)

    monkeypatch.setattr(Blog, "found", found)
    configured(approval="none", body="full")
    ran(NOW)
    ran(DUE)
    assert the_edition().state == State.DRAFT
    assert the_edition().waiting.code == "edition.lint-errors"


def test_a_template_that_is_broken_is_told_and_nothing_is_lost(blog: Blog) -> None:
    configured(approval="none", subject="{{ nonsense ")
    ran(NOW)
    assert inside(the_edition()) == ["Title of a"]
    ran(DUE)
    assert the_edition().state == State.DRAFT
    assert the_edition().waiting
    configured(subject="Mended")
    blog.articles.append(article("b", DUE + DAY))
    ran(NOW + WEEK)
    ran(DUE + WEEK)
    assert Edition.objects.get(period="2026-W07").state == State.QUEUED


def test_one_newsletter_that_fails_leaves_the_other_alone(blog: Blog) -> None:
    broken = configured(approval="none", subject="{{ nonsense ")
    whole = replace(kinaforum(), name="second", subject="A subject")
    config.use(replace(broken, newsletters={NAME: kinaforum(), "second": whole}))
    ran(NOW - HOUR)
    ran(NOW)
    ran(DUE)
    states = dict(Edition.objects.values_list("newsletter", "state"))
    assert states == {NAME: State.DRAFT, "second": State.QUEUED}


def test_another_schedule_is_planned_anew_and_promises_stand(blog: Blog) -> None:
    ran(NOW)
    approval.approve(config.current(), the_edition(), now=NOW)
    configured(send="fri 20:00")
    ran(NOW + MINUTE)
    ran(DUE)
    assert the_edition().state == State.QUEUED


def test_a_draft_that_no_clock_made_is_made_when_it_should_leave(blog: Blog) -> None:
    """A first start, or another schedule, between the draft's time and the send's."""
    Occurrence.objects.all().delete()
    configured(approval="none")
    ran(NOW + HOUR)
    ran(DUE)
    assert (the_edition().name, the_edition().state) == ("kinaforum/2026-W06", State.QUEUED)


def test_an_edition_that_was_cancelled_is_not_made_again(blog: Blog) -> None:
    configured(approval="none")
    ran(NOW)
    approval.cancel(the_edition(), now=NOW + HOUR)
    ran(DUE)
    assert the_edition().state == State.CANCELLED
    assert outcome(SEND, DUE) == "its edition was already sent or given up"


def test_an_edition_sent_early_by_hand_is_not_followed_by_a_second_one(blog: Blog) -> None:
    ran(NOW)
    approval.approve(config.current(), the_edition(), now=NOW + MINUTE)
    approval.queue(config.current(), the_edition(), now=NOW + MINUTE)
    blog.articles.append(article("b", NOW + HOUR))
    ran(DUE)
    assert the_edition().state == State.QUEUED
    assert outcome(SEND, DUE) == "its edition was sent early by hand; later posts go into the next one"
    assert waits() == []


def test_a_draft_that_was_frozen_early_is_not_announced_as_one(blog: Blog) -> None:
    approval.approve(config.current(), draft.make(config.current(), kinaforum(), now=NOW - HOUR), now=NOW - HOUR)
    ran(NOW)
    assert outcome(DRAFT, NOW) == "kinaforum/2026-W06: approved"
    assert not Notice.objects.exists()


@pytest.mark.parametrize(
    ("zone", "moment", "changes"),
    [
        ("Europe/Oslo", "02:30", ["2026-03-29T01:30Z", "2026-10-25T00:30Z"]),
        ("America/New_York", "01:30", ["2026-03-08T06:30Z", "2026-11-01T05:30Z"]),
    ],
)
def test_across_a_change_of_the_clock_each_day_has_one_edition(
    blog: Blog, zone: str, moment: str, changes: list[str]
) -> None:
    configured(period="day", timezone=zone, draft="00:30", send=moment, approval="none", minimum_posts=0)
    for at in map(datetime.fromisoformat, changes):
        for minutes in range(-36 * 60, 36 * 60, 30):
            ran(at + timedelta(minutes=minutes))
        around = Edition.objects.filter(due_at__gt=at - 36 * HOUR, due_at__lt=at + 36 * HOUR, state=State.QUEUED)
        times = sorted(due for due in around.values_list("due_at", flat=True) if due)
        assert at in times
        days = [due.astimezone(kinaforum().zone).date() for due in times]
        assert days == [days[0] + n * DAY for n in range(3)]


@given(st.lists(st.integers(1, 40 * 60), min_size=5, max_size=30), st.sampled_from(["editor", "none"]))
@settings(max_examples=15, deadline=None)
def test_however_often_it_looks_each_occurrence_is_done_once(pauses: list[int], approval_: str) -> None:
    _whatever_pauses(pauses, approval_)


def _whatever_pauses(pauses: list[int], approval_: str) -> None:
    with transaction.atomic(), pytest.MonkeyPatch.context() as patch:
        blog = Blog(SOURCE, articles=[article(str(n), NOW - WEEK + n * 5 * HOUR) for n in range(60)])
        patch.setattr("newsletter.collecting.collect.read", _showing_what_is_published(blog, lambda: now))
        patch.setattr("newsletter.editions.selection.link_check.missing", lambda *_, **__: frozenset())
        now = NOW - WEEK
        configured(period="day", draft="15:00", send="18:00", approval=approval_)
        for pause in pauses:
            now += timedelta(minutes=pause)
            ran(now)
        held = [title for edition in Edition.objects.filter(state=State.QUEUED) for title in inside(edition)]
        assert len(held) == len(set(held))
        if approval_ == "editor":
            assert not held
        transaction.set_rollback(True)


def _showing_what_is_published(blog: Blog, clock: Callable[[], datetime]) -> Callable[..., object]:
    def read(*arguments: object, **named: object) -> object:
        shown = Blog(SOURCE, articles=[a for a in blog.articles if a.published <= clock()])
        return Web({SOURCE: shown}).read(*arguments, **named)

    return read


def test_each_cadence_has_its_own_times_and_approval(blog: Blog) -> None:
    own = config.CadenceSettings(draft="06:00", send="07:00", approval="none")
    configured(cadences=("week", "day"), cadence={"day": own})
    morning = DUE.replace(hour=6)
    ran(morning - MINUTE)
    ran(morning)
    ran(NOW)
    states = dict(Edition.objects.values_list("period", "state"))
    assert states == {"day-2026-02-06": State.QUEUED, "2026-W06": State.DRAFT}
    assert [inside(edition) for edition in Edition.objects.all()] == [["Title of a"]] * 2


def test_what_was_planned_for_a_cadence_is_forgotten_when_it_is_not_offered_any_more(blog: Blog) -> None:
    configured(cadences=("week", "day"))
    ran(NOW - 2 * HOUR)
    assert Occurrence.objects.filter(cadence="day").exists()
    configured(cadences=())
    ran(NOW - HOUR)
    assert set(Occurrence.objects.values_list("cadence", flat=True)) == {""}
