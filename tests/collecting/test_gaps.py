"""Posts that no reading found: what is stored, told, tried again and read more often. Blogs answer over HTTP."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from newsletter import config
from newsletter.collecting import gaps
from newsletter.collecting.collect import Collected, collect
from newsletter.editions import draft, notices, serialize
from newsletter.models import Notice, Post, Source, SourceGap
from tests.doubles.blog import Entry
from tests.doubles.paged_blog import PagedBlog
from tests.factories import DAY, HOUR, NOW, configured, kinaforum

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
HALF = 30 * MINUTE


@pytest.fixture
def blog() -> Iterator[PagedBlog]:
    """A blog with three posts of last week."""
    with PagedBlog([Entry(f"known-{n}", NOW - 7 * DAY - n * HOUR) for n in range(3)]) as server:
        yield server


def collected(blog: PagedBlog, now: datetime = NOW, path: str = "/plain.xml") -> Collected:
    configured((blog.url + path,))
    (found,) = collect(config.current(), now=now)
    notices.tell_of_sources([found], now)
    return found


def burst(count: int, first: datetime = NOW) -> list[Entry]:
    return [Entry(f"burst-{n}-{first:%d%H}", first + n * MINUTE) for n in range(1, count + 1)]


def told() -> list[str]:
    return [str(text) for text in Notice.objects.filter(kind="source").order_by("pk").values_list("text", flat=True)]


def test_editors_the_draft_and_json_say_between_which_times_posts_may_be_missing(blog: PagedBlog) -> None:
    collected(blog)
    blog.posts += burst(25)
    found = collected(blog, NOW + HALF)
    assert (found.new, found.problem) == (10, None)
    sentence = (
        f"{blog.url}/plain.xml: posts may be missing between 2026-01-30 14:00 UTC and 2026-02-06 14:16 UTC, as more "
        "appeared at once than its feed shows; compare with the blog, and add what is missing by hand"
    )
    assert told() == [sentence]
    edition = draft.make(config.current(), kinaforum(), now=NOW + HOUR)
    (gap,) = serialize.edition(edition, config.current())["gaps"]
    assert gap == {
        "source": f"{blog.url}/plain.xml",
        "after": "2026-01-30T15:00:00+01:00",
        "before": "2026-02-06T15:16:00+01:00",
        "message": sentence,
    }
    notices.tell_of_draft(kinaforum(), edition, NOW + HOUR)
    assert f"{sentence}." in str(Notice.objects.get(kind="draft").text)


def test_the_edition_after_the_next_does_not_say_it_again(blog: PagedBlog) -> None:
    collected(blog)
    blog.posts += burst(25)
    collected(blog, NOW + HALF)
    later = NOW + 8 * DAY
    assert list(gaps.of_window(kinaforum(), NOW, later))
    assert not list(gaps.of_window(kinaforum(), later, later + 7 * DAY))


def test_a_page_that_failed_is_tried_again_until_the_gap_is_filled(blog: PagedBlog) -> None:
    collected(blog, path="/feed/")
    blog.posts += burst(25)
    blog.broken = {"/feed/?paged=2"}
    collected(blog, NOW + HALF, "/feed/")
    collected(blog, NOW + 2 * HALF, "/feed/")
    assert SourceGap.objects.get().closed_at is None
    blog.broken = set()
    assert collected(blog, NOW + 3 * HALF, "/feed/").new == 15
    assert SourceGap.objects.get().closed_at == NOW + 3 * HALF
    assert Post.objects.filter(title__startswith="On burst").count() == 25
    blog.seen.clear()
    collected(blog, NOW + 4 * HALF, "/feed/")
    assert blog.seen == ["/feed/"]


def test_a_feed_that_came_back_whole_fills_the_gap_of_its_truncated_one(blog: PagedBlog) -> None:
    collected(blog)
    blog.posts += burst(4)
    whole, blog.shown = blog.shown, 1
    collected(blog, NOW + HALF)
    assert SourceGap.objects.filter(closed_at=None).exists()
    blog.shown = whole
    assert collected(blog, NOW + 2 * HALF).new == 3
    assert not SourceGap.objects.filter(closed_at=None).exists()


def test_a_source_that_was_empty_for_an_hour_is_compared_with_what_it_had(blog: PagedBlog) -> None:
    collected(blog)
    known, blog.posts = blog.posts, []
    assert "lists no posts any more" in str(collected(blog, NOW + HALF).problem)
    blog.posts = known + burst(25)
    assert collected(blog, NOW + 2 * HALF).gap is not None


def test_a_feed_of_one_post_is_told_of_once_in_a_month(blog: PagedBlog) -> None:
    """After each new post, another may be missing; a letter a day would not be read."""
    blog.shown = 1
    collected(blog)
    for day in range(1, 5):
        blog.posts += burst(1, NOW + day * DAY)
        assert collected(blog, NOW + day * DAY + HALF).gap is not None
    assert len(told()) == 1
    edition = draft.make(config.current(), kinaforum(), now=NOW + 5 * DAY)
    assert len(serialize.edition(edition, config.current())["gaps"]) == 1


def test_of_a_feed_of_three_each_burst_is_told_of_but_once_a_day(blog: PagedBlog) -> None:
    blog.shown = 3
    collected(blog)
    for hours in (1, 2, 30):
        blog.posts += burst(5, NOW + hours * HOUR)
        collected(blog, NOW + hours * HOUR + HALF)
    assert len(told()) == 2


def test_a_source_with_a_gap_is_read_more_often_within_a_bound_and_for_a_month(blog: PagedBlog) -> None:
    collected(blog)
    due = {}
    for n in range(5):
        now = NOW + n * DAY
        blog.posts += burst(25, now)
        collected(blog, now + HALF)
        times = (now + HALF + m * MINUTE for m in range(1, 31))
        due[n] = next(at - now - HALF for at in times if gaps.due_sooner(config.current(), at))
    assert [each // MINUTE for each in due.values()] == [15, 8, 5, 5, 5]
    assert gaps.due_sooner(config.current(), NOW + 33 * DAY) == [("kinaforum", f"{blog.url}/plain.xml")]
    assert gaps.due_sooner(config.current(), NOW + 36 * DAY) == []


def test_no_source_is_read_less_often_than_all_are() -> None:
    assert gaps.time_between_readings(3, MINUTE) == MINUTE


def test_a_source_without_gaps_is_not_read_more_often(blog: PagedBlog) -> None:
    collected(blog)
    assert gaps.due_sooner(config.current(), NOW + 29 * MINUTE) == []


def test_that_nothing_changed_is_not_believed_for_ever(blog: PagedBlog) -> None:
    """A server that answers 304 to every condition."""
    collected(blog)
    Source.objects.update(memory={**Source.objects.get().memory, "etag": '"always"'})
    blog.unchanged_for = '"always"'
    blog.posts += burst(3)
    assert collected(blog, NOW + HALF).new == 0
    assert collected(blog, NOW + 6 * HOUR).new == 3


def test_a_new_newsletter_has_no_gap(blog: PagedBlog) -> None:
    blog.posts += burst(25)
    assert collected(blog, NOW + HOUR).gap is None


def test_a_blog_that_moved_joins_on_by_its_texts(blog: PagedBlog) -> None:
    """Another engine has other ids and links."""
    collected(blog)
    posts = [replace(p, html="") for p in blog.posts]
    blog.posts = [replace(p, slug=f"new-{p.slug}", title=p.shown_title, html=p.text) for p in posts]
    assert collected(blog, NOW + HOUR).gap is None
