"""A blog that moves to another address goes on there: what it published meanwhile is new, however late that is read."""

from datetime import datetime

import pytest

from newsletter.messages import Message
from newsletter.messages.sources import STOPPED
from newsletter.models import Post
from tests.factories import DAY, HOUR, NOW, SOURCE, WEEK, collected, configured, found, post

pytestmark = pytest.mark.django_db

OTHER = "https://other.example/feed"
BOOKS = "https://kinaforum.example/books/feed"


def read_before_it_moved() -> None:
    """Read a source for the first time a year ago, and two posts of it last week."""
    configured((SOURCE,))
    collected(now=NOW - 52 * WEEK)
    collected(found("a", NOW - 9 * DAY), found("b", NOW - 8 * DAY), now=NOW - 8 * DAY)


def there_before() -> set[str]:
    """The titles of posts that count as older than their source."""
    return set(Post.objects.filter(was_there_before=True).values_list("title", flat=True))


def moved(**dates: datetime) -> None:
    """Read the blog at its new address, with posts of these dates in addition to both."""
    read_before_it_moved()
    configured((OTHER,))
    known = [found("a", NOW - 9 * DAY), found("b", NOW - 8 * DAY)]
    collected(*known, *(found(uid, at) for uid, at in dates.items()), source=OTHER)


def test_what_is_newer_than_the_newest_known_post_is_new() -> None:
    moved(c=NOW - 5 * DAY, d=NOW - HOUR)
    assert there_before() == set()


def test_what_is_older_was_there_before() -> None:
    moved(c=NOW - 5 * DAY, old=NOW - 90 * DAY, between=NOW - 8 * DAY - HOUR)
    assert there_before() == {"Post old", "Post between"}


def test_the_feed_of_a_whole_blog_in_the_place_of_a_category_does_not_go_on() -> None:
    others = {f"other{n}": NOW - 8 * DAY - n * HOUR for n in range(1, 4)}
    moved(new=NOW - 5 * DAY, **others)
    assert there_before() == {"Post new", *(f"Post {uid}" for uid in others)}


@pytest.mark.parametrize(("problems", "old"), [((), {"Post new"}), ((STOPPED(),), set())], ids=["is read", "is gone"])
def test_a_source_beside_another_one_goes_on_only_if_that_cannot_be_read(
    problems: tuple[Message, ...], old: set[str]
) -> None:
    """As the feed of a whole blog beside that of a category, of which both list the posts."""
    read_before_it_moved()
    configured((SOURCE, OTHER))
    listed = [found("a", NOW - 9 * DAY), found("b", NOW - 8 * DAY)]
    collected(*(() if problems else listed), now=NOW - HOUR, problems=problems)
    collected(*listed, found("new", NOW - 5 * DAY), source=OTHER)
    assert there_before() == old


def test_another_blog_does_not_go_on() -> None:
    read_before_it_moved()
    configured((OTHER,))
    collected(found("x", NOW - 5 * DAY, url="https://other.example/x.html"), source=OTHER)
    assert there_before() == {"Post x"}


def test_two_sources_of_one_blog_that_are_read_for_the_first_time_together_begin_at_that_time() -> None:
    configured((SOURCE, OTHER))
    collected(found("a", NOW - 5 * DAY))
    collected(found("a", NOW - 5 * DAY), found("b", NOW - DAY), source=OTHER)
    assert there_before() == {"Post a", "Post b"}


def test_a_post_that_is_not_where_the_blog_moved_to_is_gone() -> None:
    read_before_it_moved()
    configured((OTHER,))
    collected(found("b", NOW - 8 * DAY), source=OTHER)
    assert (post("a").gone_at, post("b").gone_at) == (NOW, None)


def test_the_new_address_of_one_blog_says_nothing_of_another_one_that_moved_at_the_same_time() -> None:
    of_other = found("c", NOW - 4 * DAY)
    configured((SOURCE, BOOKS))
    collected(of_other, now=NOW - 4 * DAY, source=BOOKS)
    moved()
    assert post("c").gone_at is None


def test_what_only_a_removed_source_lists_is_gone_when_its_own_drops_it() -> None:
    moved()
    collected(found("b", NOW - 8 * DAY), now=NOW + HOUR, source=OTHER)
    assert post("a").gone_at == NOW + HOUR
