"""A blog that moves to another address goes on there: what it published meanwhile is new, however late that is read."""

from dataclasses import replace
from datetime import datetime

import pytest

from newsletter.collecting.ledger import push
from newsletter.domain.found_post import FoundPost
from newsletter.messages import Message
from newsletter.messages.sources import STOPPED
from newsletter.models import Post, Source
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


def test_what_is_older_than_a_new_date_of_a_known_post_is_new() -> None:
    read_before_it_moved()
    configured((OTHER,))
    collected(found("a", NOW - 9 * DAY), found("b", NOW - 2 * DAY), found("c", NOW - 5 * DAY), source=OTHER)
    assert there_before() == set()


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


def undated(uid: str, *, moved: bool = False) -> FoundPost:
    """A post without a date, at the former address of its blog or at the new one, where it has another id."""
    host = "other" if moved else "kinaforum"
    return found(f"{host}-{uid}", None, title=f"Post {uid}", url=f"https://{host}.example/{uid}", html=found(uid).html)


def moved_without_dates(*listed: FoundPost) -> set[str]:
    """The titles of the posts that are new, of a blog that had `a`, and then `b`, before it moved."""
    configured((SOURCE,))
    collected(undated("a"), now=NOW - 52 * WEEK)
    collected(undated("b"), undated("a"), now=NOW - 8 * DAY)
    before = set(Post.objects.values_list("pk", flat=True))
    configured((OTHER,))
    collected(*listed, source=OTHER)
    assert Source.objects.get(url=OTHER).first_read_at is not None
    return set(Post.objects.exclude(pk__in=before).filter(was_there_before=False).values_list("title", flat=True))


def test_a_post_without_a_date_that_is_listed_above_the_known_ones_is_new() -> None:
    listed = [undated(uid, moved=True) for uid in "cba"]
    assert moved_without_dates(*listed, undated("old", moved=True)) == {"Post c"}
    collected(undated("d", moved=True), *listed, now=NOW + HOUR, source=OTHER)
    assert there_before() == {"Post a", "Post old"}
    assert Post.objects.count() == 5


def test_what_a_source_that_a_restored_database_got_lists_below_a_known_post_was_there_before() -> None:
    configured((SOURCE,))
    collected(undated("b"), now=NOW - DAY)
    Post.objects.update(was_there_before=False)
    Source.objects.update(read_at=None)
    collected(*(undated(uid) for uid in "cba"))
    collected(*(undated(uid) for uid in "dcba"), now=NOW + HOUR)
    assert there_before() == {"Post a"}


def test_where_dates_are_lost_as_a_blog_moves_the_same_holds() -> None:
    read_before_it_moved()
    configured((OTHER,))
    listed = [
        replace(found(uid, None), uid=uid * 2, url=f"https://other.example/{uid}") for uid in ("c", "b", "a", "old")
    ]
    collected(*listed, source=OTHER)
    assert there_before() == {"Post old"}
    assert Post.objects.count() == 4


def test_a_post_without_a_date_among_dated_ones_is_new() -> None:
    read_before_it_moved()
    configured((OTHER,))
    collected(found("b", NOW - 8 * DAY), found("a", NOW - 9 * DAY), found("new", None), source=OTHER)
    assert there_before() == set()


def test_the_files_of_a_folder_without_dates_are_listed_by_name_and_show_nothing() -> None:
    """A folder takes the place of one below it: files whose names sort above known ones are not new."""
    listed = [undated(uid, moved=True) for uid in ("above", "b", "a", "below")]
    configured((SOURCE,))
    collected(undated("b"), undated("a"), now=NOW - 8 * DAY)
    configured((OTHER,))
    collected(*listed, source=OTHER, kind="folder")
    assert there_before() == {f"Post {uid}" for uid in ("above", "a", "b", "below")}


@pytest.mark.parametrize("days", [5, None])
def test_a_post_that_was_pushed_says_nothing_of_a_blog_that_is_added(days: int | None) -> None:
    at = None if days is None else NOW - days * DAY
    configured((SOURCE,))
    collected(now=NOW - 52 * WEEK)
    push("kinaforum", found("b", at, url="https://other.example/b"), NOW - 4 * DAY)
    configured((SOURCE, OTHER))
    older = None if at is None else at + DAY
    collected(found("c", older), found("b", at, url="https://other.example/b"), source=OTHER)
    assert there_before() == {"Post c"}


def test_another_blog_without_dates_does_not_go_on() -> None:
    configured((SOURCE,))
    collected(undated("a"), now=NOW - 52 * WEEK)
    configured((OTHER,))
    collected(found("x", None, url="https://other.example/x.html"), source=OTHER)
    assert there_before() == {"Post a", "Post x"}


@pytest.mark.parametrize("fields", [{}, {"uid": "https://other.example/a"}], ids=["same id", "same path"])
def test_a_post_with_neither_date_nor_text_is_known_by_its_title_and_id_or_path(fields: dict[str, str]) -> None:
    configured((SOURCE,))
    collected(found("a", None, html=""), now=NOW - DAY)
    configured((OTHER,))
    listed = replace(found("a", None, html="", url="https://other.example/a.html"), **fields)
    collected(listed, source=OTHER)
    assert Post.objects.count() == 1
    collected(listed, found("b", None, html="", title="Post a", url="https://other.example/b.html"), source=OTHER)
    assert Post.objects.count() == 2
