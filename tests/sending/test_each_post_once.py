"""Histories in which subscribers once got posts twice, too late or never, judged by their emails."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from newsletter import config
from newsletter.config import Topic
from newsletter.editions import approval, draft, editing
from newsletter.editions.composing import standalone
from newsletter.editions.selection.windows import RequestedWindow
from newsletter.models import Edition, Post, State, Variant
from newsletter.scheduling import schedule
from subscribers import preferences
from tests.factories import collected, configured, found, kinaforum
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
FIRST_OF_APRIL = datetime(2026, 4, 1, 9, 0, tzinfo=UTC)
ELSEWHERE = "https://other.example/feed"


@pytest.fixture(autouse=True)
def unread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The schedule reads no sources: tests put posts into the ledger."""
    monkeypatch.setattr(draft, "_look_at_sources", lambda *_given: frozenset())


@pytest.fixture
def paper() -> Newsletter:
    """Return a newsletter whose blog was empty when it was set up, two months ago."""
    paper = Newsletter(MONDAY - timedelta(days=60))
    paper.configure()
    paper.read()
    paper.now = MONDAY
    return paper


def test_a_choice_of_a_slower_cadence_brings_nothing_twice(paper: Newsletter) -> None:
    paper.configure("week")
    paper.subscribe("r")
    paper.publish("one")
    paper.send()
    paper.configure("day")
    for name in ("two", "three"):
        paper.wait(days=1)
        paper.publish(name)
        paper.send()
    paper.configure("day", "day", "week")
    paper.choose("r", "week")
    paper.wait(days=1)
    paper.publish("four", "five")
    paper.send("week")
    assert sorted(paper.mailed["r"]) == sorted(["one", "two", "three", "four", "five"])


def test_an_edition_with_fewer_posts_than_usual_that_an_editor_sends_is_received(paper: Newsletter) -> None:
    paper.configure("week", minimum_posts=2)
    paper.subscribe("r")
    paper.publish("one")
    paper.send()
    assert paper.mailed["r"] == ["one"]


def _add_page(paper: Newsletter, edition: Edition, name: str) -> int:
    """Add a post to a draft by its page, before a source lists it."""
    words = {"title": f"{name} | The blog", "text": "", "description": f"This is the text of {name}, and a page's."}
    link = f"{found(name, paper.now).url}?utm_source=share"
    editing.add_post(config.current(), edition, "e", None, url=link, now=paper.now, **words)
    return Post.objects.get(title=words["title"]).pk


def test_a_page_that_an_editor_added_is_the_same_post_once_a_source_lists_it(paper: Newsletter) -> None:
    paper.configure("week", "week", "day")
    paper.subscribe("weekly")
    paper.subscribe("daily", "day")
    paper.publish("one")
    edition = draft.make(config.current(), kinaforum(), now=paper.now, read_sources=False)
    _add_page(paper, edition, "two")
    paper.deliver(approval.approve(config.current(), edition, now=paper.now))
    paper.wait(hours=1)
    paper.publish("two")
    paper.send("day")
    paper.wait(days=1)
    paper.publish("three")
    paper.send("day")
    paper.send("week")
    assert sorted(paper.mailed["weekly"]) == sorted(paper.mailed["daily"]) == ["one", "three", "two"]


def test_a_page_that_an_editor_added_is_the_same_post_where_the_blog_moved_before_it_was_listed(
    paper: Newsletter,
) -> None:
    paper.subscribe("r")
    paper.publish("one")
    edition = draft.make(config.current(), kinaforum(), now=paper.now, read_sources=False)
    words = {"title": "Post two | The blog", "text": "", "description": "This is the text of two, and a page's."}
    url = "https://before.example/two.html"
    editing.add_post(config.current(), edition, "e", None, url=url, now=paper.now, **words)
    paper.deliver(approval.approve(config.current(), edition, now=paper.now))
    paper.wait(hours=1)
    paper.publish("two", "three")
    paper.send()
    assert sorted(paper.mailed["r"]) == ["one", "three", "two"]


def test_a_page_that_an_editor_added_and_removed_counts_as_found_when_a_source_lists_it(paper: Newsletter) -> None:
    paper.subscribe("r")
    paper.publish("one")
    edition = draft.make(config.current(), kinaforum(), now=paper.now, read_sources=False)
    for name in ("two", "old"):
        editing.leave_out(config.current(), edition, "e", None, _add_page(paper, edition, name), paper.now)
    paper.deliver(approval.approve(config.current(), edition, now=paper.now))
    paper.wait(hours=1)
    paper.publish("old", at=paper.now - timedelta(days=400))
    paper.publish("two")
    paper.send()
    assert paper.mailed["r"] == ["one", "two"]


def test_a_page_reaches_subscribers_of_a_topic_once_its_source_says_that_it_is_in_it(paper: Newsletter) -> None:
    paper.configure("week", topics={"film": Topic(categories=("film",)), "books": Topic(categories=("books",))})
    for name in ("all", "film", "books"):
        paper.subscribe(name)
    for name in ("film", "books"):
        preferences.choose_topics(paper.subscription(name), [name], paper.now)
    paper.publish("one")
    edition = draft.make(config.current(), kinaforum(), now=paper.now, read_sources=False)
    _add_page(paper, edition, "two")
    paper.deliver(approval.approve(config.current(), edition, now=paper.now))
    paper.wait(hours=1)
    paper.publish("two")
    paper.listed["two"] = replace(paper.listed["two"], categories=("film",))
    paper.read()
    paper.send()
    paper.publish("three")
    paper.send()
    assert {name: sorted(paper.mailed[name]) for name in ("all", "film", "books")} == {
        "all": ["one", "three", "two"],
        "film": ["two"],
        "books": [],
    }


def test_a_page_is_the_same_post_in_a_copy_of_its_letter(paper: Newsletter) -> None:
    paper.subscribe("r")
    letter = standalone.make(config.current(), kinaforum(), now=paper.now, subject="Hello")
    _add_page(paper, letter, "two")
    editing.add_post(config.current(), letter, "e", None, title="A note", url="", text="Come!", now=paper.now)
    copy = standalone.duplicate(config.current(), letter, now=paper.now)
    assert copy.entries.filter(included=True).count() == letter.entries.count()
    paper.deliver(approval.approve(config.current(), copy, now=paper.now))
    again = standalone.duplicate(config.current(), copy, now=paper.now)
    assert [entry.post.title for entry in again.entries.filter(included=True)] == ["A note"]
    paper.wait(hours=1)
    paper.publish("one", "two")
    paper.send()
    assert sorted(paper.mailed["r"]) == ["one", "two"]


@pytest.mark.parametrize("ahead", [timedelta(days=20), timedelta(days=400)])
def test_a_clock_that_was_ahead_holds_no_later_post_back(paper: Newsletter, ahead: timedelta) -> None:
    paper.configure("day", "day", "post", approval="none")
    paper.subscribe("daily")
    paper.subscribe("every", "post")
    paper.publish("one")
    paper.run(hours=5)
    paper.now += ahead
    paper.publish("two", at=paper.now - ahead)
    paper.run(hours=1)
    paper.now -= ahead
    paper.publish("three")
    paper.run(hours=40)
    missed = set() if ahead < timedelta(days=30) else {"two"}  # it was dated too long before it was found
    for reader in ("daily", "every"):
        assert {"one", "two", "three"} - set(paper.mailed[reader]) <= missed


def test_who_lacks_more_posts_than_fit_gets_all_titles(paper: Newsletter) -> None:
    """The edition's page, to which the email would lead for the others, has those of most readers."""
    paper.configure("day", "day", "month", maximum_size=25_000, body="title")
    for name in ("daily", "too", "three"):
        paper.subscribe(name, "day")
    paper.subscribe("other", "month")
    names = [f"post{number}" for number in range(10, 60)]
    paper.publish(*names)
    paper.send("day")
    paper.choose("other", "day")
    paper.wait(days=1)
    paper.publish("last")
    variant = Variant.objects.exclude(html="").get(edition=paper.send("day"))
    assert [name for name in names if f"Post {name}" not in variant.html] == []


def test_a_post_dated_ahead_reaches_every_cadence(paper: Newsletter) -> None:
    paper.configure("day", "day", "week")
    paper.subscribe("daily")
    paper.subscribe("weekly", "week")
    paper.publish("one")
    paper.publish("two", at=paper.now + timedelta(hours=22))
    weekly = draft.make(config.current(), kinaforum().at("week"), now=paper.now, read_sources=False)
    paper.publish("three")
    paper.send("day")
    assert set(paper.mailed["daily"]) == {"one", "three"}
    two = Post.objects.get(title="Post two").pk
    weekly = draft.refresh(config.current(), weekly, now=paper.now, read_sources=False)
    editing.include(config.current(), weekly, "e@example.org", None, two, paper.now)
    paper.deliver(approval.approve(config.current(), weekly, now=paper.now))
    paper.wait(days=1)
    paper.send("day")
    assert sorted(paper.mailed["daily"]) == sorted(["one", "two", "three"])
    assert sorted(paper.mailed["weekly"]) == sorted(["one", "two", "three"])


@pytest.mark.parametrize(("slow", "weeks"), [("week", 2), ("month", 4)])
def test_slow_subscribers_are_not_starved_by_fast_ones(paper: Newsletter, slow: str, weeks: int) -> None:
    """The daily edition of the hour in which the weekly is due is fixed before the weekly is looked at."""
    paper.configure("day", "day", slow, approval="none")
    paper.subscribe("fast")
    paper.subscribe("slow", slow)
    schedule.tick(config.current(), paper.now)
    names = [f"p{n}" for n in range(2 * weeks)]
    for week in range(weeks):
        for day, name in ((1, names[2 * week]), (4, names[2 * week + 1])):
            paper.now = MONDAY + timedelta(days=7 * week + day, hours=1)
            paper.publish(name)
            paper.now = MONDAY + timedelta(days=7 * week + day, hours=6)
            paper.send("day")
            paper.run(3)
    paper.now = FIRST_OF_APRIL
    paper.run(9, step=3)
    paper.now = FIRST_OF_APRIL + timedelta(days=2)
    paper.run(9, step=3)
    assert sorted(paper.mailed["fast"]) == names
    assert sorted(paper.mailed["slow"]) == names


def test_newcomers_get_nothing_that_was_dealt_with_in_any_cadence(paper: Newsletter) -> None:
    paper.configure("week")
    paper.subscribe("r")
    paper.publish("zero")
    paper.send()
    paper.configure("week", "week", "day")
    for name in ("one", "two", "three", "four"):
        paper.wait(hours=20)
        paper.publish(name)
        paper.send("day")
    paper.send("week")
    paper.configure("month")
    paper.wait(hours=1)
    paper.subscribe("new")
    paper.wait(hours=1)
    paper.publish("five")
    paper.send("month")
    assert paper.mailed["new"] == ["five"]


def test_a_newsletter_sends_nothing_from_before_its_first_period() -> None:
    paper = Newsletter(datetime(2026, 3, 19, 9, 0, tzinfo=UTC))
    paper.configure("week", "week", "day", "post", approval="none")
    paper.listed = {f"before{days}": found(f"before{days}", paper.now - timedelta(days=days)) for days in (9, 6, 4, 2)}
    paper.read()
    for name, cadence in (("weekly", "week"), ("daily", "day"), ("single", "post")):
        paper.subscribe(name, cadence)
    paper.wait(hours=1)
    paper.publish("new")
    paper.run(48, step=2)
    assert sorted(paper.mailed["weekly"]) == ["before2", "before4", "before6", "new"]
    assert paper.mailed["daily"] == ["new"]
    assert paper.mailed["single"] == ["new"]


def test_a_post_that_appears_after_the_first_reading_is_new_if_it_is_of_the_first_period() -> None:
    paper = Newsletter(MONDAY)
    paper.configure("day", approval="none")
    paper.subscribe("r")
    paper.publish("old", at=MONDAY - timedelta(days=3))
    paper.wait(hours=1)
    paper.publish("late", at=MONDAY - timedelta(hours=23))
    paper.publish("older", at=MONDAY - timedelta(days=2))
    paper.run(30, step=2)
    assert paper.mailed["r"] == ["late"]
    assert not Edition.objects.filter(state=State.DRAFT, entries__included=True).exists()


@pytest.fixture
def weekly(paper: Newsletter) -> Newsletter:
    """Return the newsletter after its weekly edition brought two posts that two subscribers of daily ones never got."""
    paper.configure("week", "week", "day", approval="none", minimum_posts=2)
    for name in ("first", "second"):
        paper.subscribe(name)
        paper.subscribe(f"daily {name}".replace(" ", "-"), "day")
    paper.publish("one", "two")
    paper.send("week")
    for name in ("daily-first", "daily-second"):
        paper.choose(name, "week")
    paper.publish("three")
    return paper


def test_an_edition_shows_what_half_of_its_subscribers_lack(weekly: Newsletter) -> None:
    def shown() -> set[str]:
        made = draft.make(config.current(), kinaforum(), now=weekly.now, read_sources=False)
        return {entry.post.title for entry in made.entries.filter(included=True)}

    assert shown() == {"Post one", "Post two", "Post three"}
    weekly.subscribe("third")
    assert shown() == {"Post three"}


def test_an_edition_is_skipped_only_if_nobody_would_get_enough(weekly: Newsletter) -> None:
    for name in ("third", "fourth"):
        weekly.subscribe(name)
    weekly.run(120, step=3)
    assert sorted(weekly.mailed["daily-first"]) == ["one", "three", "two"]
    assert sorted(weekly.mailed["first"]) == ["one", "two"]
    assert weekly.mailed["third"] == []
    weekly.publish("four")
    weekly.run(168, step=3)
    assert [sorted(weekly.mailed[name][-2:]) for name in ("first", "third")] == [["four", "three"]] * 2


def test_a_post_that_was_redated_then_edited_and_moved_is_not_sent_again(paper: Newsletter) -> None:
    """The blog was read after the date changed, and again at its new address."""
    paper.configure("week")
    paper.subscribe("r")
    paper.publish("one")
    paper.send()
    paper.wait(days=2)
    one = found("one", paper.now - timedelta(days=1))
    paper.publish("one", at=one.published)
    paper.wait(hours=1)
    configured((ELSEWHERE,), period="week", minimum_posts=1)
    edited = one.html.replace("</p>", " It was edited since.</p>")
    moved = replace(one, uid="x", url="https://other.example/one", html=edited)
    collected(found("two", paper.now, url="https://other.example/two"), moved, source=ELSEWHERE, now=paper.now)
    paper.send()
    assert paper.mailed["r"] == ["one", "two"]


def test_an_older_post_that_some_subscribers_lack_comes_though_the_others_leave_before_approval(
    paper: Newsletter,
) -> None:
    paper.configure("week", "week", "day")
    for name in ("first", "second"):
        paper.subscribe(name)
    paper.subscribe("daily", "day")
    paper.publish("one")
    paper.send("week")
    paper.choose("daily", "week")
    paper.wait(days=1)
    paper.publish("two")
    window = RequestedWindow(until=paper.now + timedelta(seconds=1))
    made = draft.make(config.current(), kinaforum().at("week"), window, now=paper.now, read_sources=False)
    for name in ("first", "second"):
        preferences.unsubscribe(paper.subscription(name).pk, paper.now)
    paper.wait(seconds=1)
    paper.deliver(approval.approve(config.current(), made, now=paper.now))
    assert sorted(paper.mailed["daily"]) == ["one", "two"]
