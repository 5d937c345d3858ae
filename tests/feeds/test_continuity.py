"""Following a source back to known posts, over HTTP, in the way of each engine; and when that can't be done."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from newsletter import config
from newsletter.domain.found_post import FoundPost
from newsletter.feeds import Memory, SourceReading
from newsletter.feeds.continuity import joins, keys_of
from newsletter.feeds.model import Gap, ListedBefore, Page
from newsletter.feeds.sources.read import read
from tests.doubles.blog import Entry
from tests.doubles.paged_blog import PagedBlog

NOON = datetime(2026, 2, 3, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
KNOWN = [Entry(f"known-{n}", NOON - (n + 1) * HOUR) for n in range(3)]
ENGINES = ("/archive.xml", "/feed/", "/redirecting/feed/", "/rest/", "/feeds/posts/default", "/feed.json")


@pytest.fixture
def blog() -> Iterator[PagedBlog]:
    with PagedBlog(KNOWN) as server:
        yield server


def entries(count: int, first: datetime = NOON) -> list[Entry]:
    """Posts of one minute after the other."""
    return [Entry(f"new-{n}", first + n * MINUTE) for n in range(1, count + 1)]


def again(
    blog: PagedBlog, source: str, collect: config.Collect, new: list[Entry], since: datetime | None = None
) -> SourceReading:
    """The reading after one that had all posts of the blog, to which new ones were added since."""
    settings = config.SourceSettings(url=blog.url + source)
    first = read(settings, collect, now=NOON)
    keys = frozenset().union(*map(keys_of, first.posts))
    before = ListedBefore(keys, max(p.published for p in first.posts if p.published), NOON - 30 * DAY)
    blog.posts += new
    blog.seen.clear()
    memory = Memory(**{f: getattr(first.memory, f) for f in ("kind", "feed_url", "api", "title")})
    return read(settings, collect, memory, now=NOON + DAY, since=since, listed_before=before)


def slugs(reading: SourceReading) -> set[str]:
    return {p.title.removeprefix("On ") for p in reading.posts}


@pytest.mark.parametrize("source", ENGINES)
def test_a_source_is_followed_back_to_known_posts(source: str, blog: PagedBlog, collect: config.Collect) -> None:
    new = entries(45)
    reading = again(blog, source, collect, new)
    assert slugs(reading) >= {post.slug for post in new}
    assert (reading.gap, reading.problems) == (None, ())


@pytest.mark.parametrize("source", ENGINES)
def test_only_the_newest_page_is_read_if_it_has_a_known_post(
    source: str, blog: PagedBlog, collect: config.Collect
) -> None:
    assert again(blog, source, collect, entries(8)).gap is None
    assert len(blog.seen) == 1


@pytest.mark.parametrize("source", ENGINES)
def test_a_window_that_begins_after_the_known_posts_is_followed_back_too(
    source: str, blog: PagedBlog, collect: config.Collect
) -> None:
    new = entries(45)
    reading = again(blog, source, collect, new, since=NOON + 40 * MINUTE)
    assert slugs(reading) >= {post.slug for post in new}
    assert reading.gap is None


def test_more_than_150_posts_of_blogger(blog: PagedBlog, collect: config.Collect) -> None:
    new = entries(320)
    reading = again(blog, "/feeds/posts/default", collect, new)
    assert slugs(reading) >= {post.slug for post in new}
    assert reading.gap is None


def test_a_feed_that_does_not_go_on_has_a_gap(blog: PagedBlog, collect: config.Collect) -> None:
    reading = again(blog, "/plain.xml", collect, entries(25))
    assert (reading.gap, reading.interrupted) == (Gap(NOON - HOUR, NOON + 16 * MINUTE), False)
    assert len(reading.posts) == 10


def test_after_20_pages_there_is_a_gap(blog: PagedBlog, collect: config.Collect) -> None:
    reading = again(blog, "/archive.xml", collect, entries(250))
    assert len(blog.seen) == 20
    assert reading.gap == Gap(NOON - HOUR, NOON + 51 * MINUTE)


def test_posts_that_are_too_late_are_not_looked_for(blog: PagedBlog, collect: config.Collect) -> None:
    blog.posts = [Entry("old", NOON - 90 * DAY)]
    reading = again(blog, "/archive.xml", collect, [Entry(f"new-{n}", NOON - n * DAY) for n in range(80)])
    assert len(blog.seen) == 4
    assert reading.gap is None


@pytest.mark.parametrize("source", ENGINES)
def test_a_page_that_fails_leaves_a_gap_that_another_try_may_fill(
    source: str, blog: PagedBlog, collect: config.Collect
) -> None:
    class Second(set[str]):
        """The addresses of all but the first page."""

        def __contains__(self, path: object) -> bool:
            return len(blog.seen) > 1

    settings = config.SourceSettings(url=blog.url + source)
    first = read(settings, collect, now=NOON)
    blog.posts += entries(45)
    blog.seen.clear()
    blog.broken = Second()
    before = ListedBefore(frozenset().union(*map(keys_of, first.posts)), NOON - HOUR, NOON - 30 * DAY)
    reading = read(settings, collect, first.memory, now=NOON + DAY, listed_before=before)
    assert reading.interrupted
    assert reading.gap is not None
    assert reading.gap.after == NOON - HOUR
    assert "could be read back only in part" in str(reading.problems[0])


def test_a_deleted_newest_post_is_no_gap(blog: PagedBlog, collect: config.Collect) -> None:
    blog.shown = 3
    first = KNOWN[0]

    def without_first() -> SourceReading:
        settings = config.SourceSettings(url=blog.url + "/plain.xml")
        keys = frozenset().union(*map(keys_of, read(settings, collect, now=NOON).posts))
        blog.posts = [post for post in blog.posts if post is not first] + entries(2)
        return read(settings, collect, now=NOON, listed_before=ListedBefore(keys, first.published, NOON - 30 * DAY))

    assert without_first().gap is None


def page(*posts: tuple[str, datetime | None]) -> Page:
    return Page(posts=tuple(FoundPost(uid, "", uid.title(), published=at) for uid, at in posts))


BEFORE = ListedBefore(frozenset({"id pinned", "id old"}), NOON - 9 * DAY, NOON - 30 * DAY)


@pytest.mark.parametrize(
    ("listing", "joined"),
    [
        (page(("c", NOON), ("b", NOON - HOUR), ("old", NOON - 9 * DAY)), True),
        (page(("c", NOON), ("b", NOON - HOUR)), False),
        (page(("pinned", NOON - 90 * DAY), ("c", NOON), ("b", NOON - HOUR)), False),
        (page(("pinned", NOON - 90 * DAY), ("c", NOON), ("old", NOON - 9 * DAY)), True),
        (page(("old", NOON - 9 * DAY), ("b", NOON - HOUR), ("c", NOON)), True),
        (page(("b", NOON - HOUR), ("c", NOON)), False),
        (page(("b", None), ("old", None)), True),
        (page(("b", None)), False),
        (page(), False),
    ],
    ids=("known", "new", "pinned", "pinned-and-known", "rising", "rising-new", "undated", "undated-new", "empty"),
)
def test_a_pinned_post_does_not_join_a_listing_on(listing: Page, joined: bool) -> None:
    assert joins(listing, BEFORE) is joined
