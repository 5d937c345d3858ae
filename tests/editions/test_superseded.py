"""Drafts that nobody sends do not pile up: the next one has their posts, and editors are not told every day."""

from collections import Counter
from datetime import datetime

import pytest

from newsletter import config
from newsletter.editions import approval, draft, editing
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.editions.states import change
from newsletter.models import Edition, EditionPost, Notice, Occurrence, State
from newsletter.scheduling.schedule import tick
from tests import factories
from tests.doubles.feeds import Article, Blog, article, collected_from
from tests.factories import DAY, DUE, HOUR, NAME, NOW, SOURCE, configured, inside, kinaforum

pytestmark = pytest.mark.django_db

DAYS = 10
DAILY = {"period": "day", "draft": "15:00", "send": "18:00"}


@pytest.fixture
def blog(monkeypatch: pytest.MonkeyPatch) -> Blog:
    """The blog that the newsletter collects from, with one article of yesterday that was there before."""
    blog = Blog(SOURCE)
    collected_from(blog, monkeypatch)
    blog.articles.append(article("before", NOW - 20 * HOUR))
    configured(**DAILY)
    tick(config.current(), NOW - 2 * HOUR)
    return blog


def ran_for(blog: Blog, days: int, start: datetime = NOW) -> datetime:
    """Let the clock look at each draft and send time of so many days, with an article a day."""
    for number in range(days):
        day = start + number * DAY
        blog.articles.append(article(f"{day:%F}", day - HOUR))
        tick(config.current(), day)
        tick(config.current(), day + (DUE - NOW))
    return start + days * DAY


@pytest.fixture
def unsent(blog: Blog) -> Edition:
    """The draft of the day after a first edition was sent, at its send time."""
    ran_for(blog, 1)
    sent(drafts()[-1], DUE)
    ran_for(blog, 1, NOW + DAY)
    [edition] = drafts()
    return edition


def drafts() -> list[Edition]:
    """The open drafts, oldest first."""
    return list(Edition.objects.filter(state=State.DRAFT).order_by("until"))


def sent(edition: Edition, now: datetime) -> None:
    """Approve, queue and send an edition."""
    edition = approval.approve(config.current(), edition, now=now)
    change(factories.sent(edition, now), State.SENT, ended_at=now)


def test_two_weeks_away_from_a_daily_newsletter_leave_one_draft(blog: Blog) -> None:
    end = ran_for(blog, 15)
    [left] = drafts()
    assert left.name == "kinaforum/2026-02-20"
    assert sorted(inside(left)) == sorted(f"Title of {a.name}" for a in blog.articles)
    assert Edition.objects.filter(state=State.SKIPPED, replaced_by=left).count() == 14
    sent(left, end)
    assert drafts() == []
    assert Counter(Notice.objects.values_list("kind", flat=True)) == {"draft": 3, "waiting": 1}
    assert [str(text) for text in Notice.objects.order_by("pk").values_list("text", flat=True)][2:4] == [
        (
            "The draft kinaforum/2026-02-07 is ready, with 3 posts. Once it is approved, it will be sent on "
            "2026-02-07 17:00 UTC. It includes the posts of kinaforum/2026-02-06, which was not sent."
        ),
        (
            "The draft kinaforum/2026-02-14 is ready, with 10 posts. Once it is approved, it will be sent on "
            "2026-02-14 17:00 UTC. It includes the posts of 8 earlier drafts that were not sent."
            " Until one is sent or cancelled, we tell you about new drafts once a week."
        ),
    ]


def test_a_closed_draft_says_what_replaced_it(blog: Blog) -> None:
    ran_for(blog, 2)
    closed = Edition.objects.get(period="2026-02-06")
    assert (closed.state, str(closed.reason)) == (
        State.SKIPPED,
        "replaced by kinaforum/2026-02-07, which has its posts",
    )


def test_editors_are_told_of_an_automatic_edition_that_missed_its_time(blog: Blog) -> None:
    configured(**DAILY, approval="none")
    for number in range(2):
        blog.articles.append(article(f"day {number}", NOW + number * DAY - HOUR))
        tick(config.current(), NOW + number * DAY)
    [notice] = Notice.objects.filter(kind="skipped")
    reason = "replaced by kinaforum/2026-02-07, which has its posts"
    assert (notice.edition, str(notice.text)) == (
        "kinaforum/2026-02-06",
        f"kinaforum/2026-02-06 was skipped: {reason}",
    )


def test_after_one_is_sent_each_draft_is_told_again(blog: Blog) -> None:
    end = ran_for(blog, 4)
    sent(drafts()[-1], end - DAY + 4 * HOUR)
    Notice.objects.all().delete()
    ran_for(blog, 2, end)
    assert Counter(Notice.objects.values_list("kind", flat=True)) == {"draft": 2, "waiting": 1}


def test_a_draft_before_its_send_time_is_not_closed(blog: Blog) -> None:
    tick(config.current(), NOW)
    draft.make(config.current(), kinaforum(), now=NOW, after=DUE + HOUR)
    assert [e.period for e in drafts()] == ["2026-02-06", "2026-02-07"]


@pytest.mark.parametrize("work", ["greeting", "title", "left out"])
def test_a_draft_that_an_editor_worked_on_stays(blog: Blog, work: str) -> None:
    ran_for(blog, 1)
    [mine] = drafts()
    post = mine.entries.filter(included=True)[0].post_id
    if work == "greeting":
        editing.set_words(config.current(), mine, "editor", None, {"greeting": "Hello"}, DUE)
    elif work == "title":
        editing.retitle(config.current(), mine, "editor", None, post, "Another", DUE)
    else:
        editing.leave_out(config.current(), mine, "editor", None, post, DUE)
    ran_for(blog, 1, NOW + DAY)
    assert [e.period for e in drafts()] == ["2026-02-06", "2026-02-07"]


def test_posts_that_a_later_edition_sent_are_removed_from_an_edited_draft(blog: Blog, unsent: Edition) -> None:
    mine = editing.set_words(config.current(), unsent, "editor", None, {"greeting": "Hello"}, DUE + DAY)
    end = ran_for(blog, 1, NOW + 2 * DAY)
    assert inside(drafts()[-1]) == ["Title of 2026-02-08", "Title of 2026-02-07"]
    sent(drafts()[-1], end)
    mine.refresh_from_db()
    assert (mine.state, inside(mine), mine.greeting) == (State.DRAFT, [], "Hello")
    assert (
        str(mine.waiting) == "its posts are in kinaforum/2026-02-08; use the text written here elsewhere, or cancel it"
    )


def test_an_edited_draft_without_text_is_closed_when_a_later_edition_has_its_posts(blog: Blog, unsent: Edition) -> None:
    mine = editing.pin(
        config.current(), unsent, "editor", None, unsent.entries.filter(included=True).get().post_id, DUE + DAY
    )
    end = ran_for(blog, 1, NOW + 2 * DAY)
    later = approval.approve(config.current(), drafts()[-1], now=end)
    mine.refresh_from_db()
    assert (mine.state, str(mine.reason), mine.replaced_by) == (State.SKIPPED, f"its posts are in {later.name}", later)


def test_a_post_written_for_an_earlier_draft_stays_in_it(blog: Blog, unsent: Edition) -> None:
    mine = editing.add_post(config.current(), unsent, "editor", None, title="Mine", url="", text="Words", now=DUE + DAY)
    end = ran_for(blog, 1, NOW + 2 * DAY)
    approval.approve(config.current(), drafts()[-1], now=end)
    mine.refresh_from_db()
    assert (mine.state, inside(mine), str(mine.waiting)) == (State.DRAFT, ["Mine"], "nobody has approved it yet")


def test_a_draft_of_dates_that_a_person_asked_for_stays_until_its_posts_are_sent(blog: Blog) -> None:
    tick(config.current(), NOW)
    asked = draft.make(config.current(), kinaforum(), RequestedWindow(DUE - HOUR, NOW - DAY), now=NOW)
    end = ran_for(blog, 2, NOW)
    asked.refresh_from_db()
    assert asked.state == State.DRAFT
    approval.approve(config.current(), Edition.objects.get(period="2026-02-07"), now=end)
    asked.refresh_from_db()
    assert asked.state == State.SKIPPED


def test_cancelling_the_later_edition_sets_the_posts_free(blog: Blog) -> None:
    end = ran_for(blog, 3)
    approval.cancel(drafts()[-1], now=end)
    ran_for(blog, 1, end)
    assert sorted(inside(drafts()[-1])) == sorted(f"Title of {a.name}" for a in blog.articles)


def test_a_month_of_a_hundred_posts_leaves_without_an_editor(blog: Blog) -> None:
    configured(period="month", draft="1 15:00", send="1 18:00", approval="none")
    Occurrence.objects.all().delete()
    tick(config.current(), NOW)
    blog.articles = [Article(f"n{n}", NOW + n * 5 * HOUR, NOW + n * 5 * HOUR) for n in range(100)]
    tick(config.current(), NOW + 23 * DAY)
    tick(config.current(), DUE + 23 * DAY)
    edition = Edition.objects.get()
    assert (edition.state, len(inside(edition)), edition.waiting) == (State.QUEUED, 100, None)


@pytest.mark.parametrize("sent_every", [1, 5])
def test_weeks_leave_no_pile_and_lose_no_post(blog: Blog, sent_every: int) -> None:
    """An editor sends the newest draft every so many days; nothing else is ever open."""
    now = NOW
    for number in range(1, DAYS + 1):
        now = ran_for(blog, 1, now)
        [open_] = drafts()
        if number % sent_every == 0:
            sent(open_, now - DAY + 4 * HOUR)
            assert drafts() == []
    held = EditionPost.objects.filter(edition__state__in=(State.SENT, State.DRAFT), included=True)
    assert Counter(held.values_list("post__title", flat=True)) == Counter(f"Title of {a.name}" for a in blog.articles)
    most = {1: 2 * DAYS, 5: 3 * DAYS // 5}[sent_every]
    assert Notice.objects.filter(newsletter=NAME).count() <= most
