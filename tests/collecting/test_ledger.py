"""The ledger: one row per post, never deleted, and its listings."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings, strategies as st

from newsletter.collecting import ledger
from newsletter.domain.found_post import FoundPost
from newsletter.feeds import Memory, SourceReading
from newsletter.feeds.model import EVERYTHING
from newsletter.messages.general import TEXT
from newsletter.models import Listing, Post, Source, SourceDay
from tests.examples import examples
from tests.factories import (
    DAY,
    HOUR,
    NAME,
    NOW,
    SOURCE,
    approved,
    collected,
    collected_before,
    configured,
    found,
    kinaforum,
    post,
)

pytestmark = pytest.mark.django_db

OTHER = "https://other.example/feed"


@pytest.fixture(autouse=True)
def two_sources() -> None:
    """A newsletter with two sources."""
    configured((SOURCE, OTHER))


def test_a_post_is_kept_with_the_offset_that_its_source_gave() -> None:
    at = datetime(2026, 2, 6, 18, 40, tzinfo=timezone(timedelta(hours=1)))
    collected(found("a", at))
    assert (post("a").published, post("a").published_offset) == (at, 60)


def test_the_page_of_its_comments_is_that_of_the_last_reading_that_changed_a_post() -> None:
    collected(replace(found("a"), comments_url="https://kinaforum.example/a#comments"))
    assert post("a").comments_url == "https://kinaforum.example/a#comments"
    collected(replace(found("a"), html="<p>Other words.</p>"))
    assert post("a").comments_url == ""


def test_the_same_reading_again_changes_nothing() -> None:
    assert collected(found("a"), found("b")) == ledger.Stored(2, 0)
    assert collected(found("a"), found("b"), now=NOW + HOUR) == ledger.Stored(0, 0)


@pytest.mark.parametrize("later", [timedelta(0), HOUR], ids=["same dates", "other dates"])
def test_the_same_reading_again_asks_as_little_of_many_posts_as_of_few(later: timedelta) -> None:
    """Each listing is seen at the time of the last reading that had it."""
    counts = []
    for number in (2, 30):
        posts = [found(f"{number}-{each}") for each in range(number)]
        collected(*posts)
        with CaptureQueriesContext(connection) as queries:
            collected(*(replace(each, published=NOW - DAY + later) for each in posts), now=NOW + HOUR)
        counts.append(len(queries))
        assert Listing.objects.filter(last_seen=NOW + HOUR, gone_at=None).count() == number
        Listing.objects.all().delete()
    assert counts[0] == counts[1]


def test_a_reading_asks_as_little_of_many_new_posts_as_of_few() -> None:
    """Likewise if another source lists them, under other ids, and later under others again."""
    collected(found("first"))
    collected(found("first"), source=OTHER)
    counts = []
    for number in (2, 30):
        posts = [found(f"{number}-{each}", NOW - each * HOUR, html=f"<p>{each} " * 50) for each in range(number)]
        for source, prefix in ((SOURCE, ""), (OTHER, "new "), (OTHER, "other ")):
            with CaptureQueriesContext(connection) as queries:
                collected(*(replace(each, uid=prefix + each.uid) for each in posts), source=source)
            counts.append(len(queries))
    assert Post.objects.count() == 1 + 2 + 30
    assert counts[:3] == counts[3:]


def test_the_same_address_in_another_source_is_the_same_post() -> None:
    collected(found("a"))
    collected(found("x", url="http://www.kinaforum.example/a.html/?utm_medium=rss", title="Other words"), source=OTHER)
    assert Post.objects.count() == 1
    assert Listing.objects.count() == 2


def test_an_edited_post_is_updated_and_keeps_a_missing_date() -> None:
    collected(found("a"))
    assert collected(found("a", None, title="Newer"), now=NOW + HOUR) == ledger.Stored(0, 1)
    row = post("a")
    assert (row.title, row.published, row.changed_at, row.first_seen) == ("Newer", NOW - DAY, NOW + HOUR, NOW)


def test_a_new_date_of_a_post_that_is_put_off_counts_until_an_approved_edition_has_it() -> None:
    collected_before()
    collected(found("a"), found("b"))
    for later in (NOW + DAY, NOW + HOUR, NOW + 9 * DAY):
        assert collected(found("a", later), found("b")) == ledger.Stored(0, 1)
        assert post("a").published == later
    assert [entry.post.url for entry in approved().entries.filter(included=True)] == [post("b").url]
    assert collected(found("a", NOW + 9 * DAY), found("b", NOW + DAY)) == ledger.Stored(0, 0)
    assert collected(found("a", NOW + 9 * DAY), found("b", NOW + DAY, title="Newer")) == ledger.Stored(0, 1)
    assert (post("b").title, post("b").published) == ("Newer", NOW - DAY)


def test_a_source_that_dates_all_its_posts_at_each_reading_changes_nothing() -> None:
    collected(found("a", NOW))
    assert collected(found("a", NOW + HOUR), now=NOW + HOUR) == ledger.Stored(0, 0)


def test_a_listing_keeps_the_date_that_its_source_gave_last() -> None:
    """Nothing is written of one that is not known, while the source gives the post's own date."""
    collected(found("a"))
    collected(found("a", NOW), source=OTHER)
    assert _last_dates() == {SOURCE: NOW - DAY, OTHER: NOW}
    collected(found("a", NOW - 2 * DAY))
    collected(found("a", None), now=NOW + HOUR)
    assert _last_dates() == {SOURCE: NOW - 2 * DAY, OTHER: NOW}
    assert post("a").published == NOW - DAY
    Listing.objects.update(published=None)
    collected(found("a"))
    collected(found("a", NOW - 3 * DAY), source=OTHER)
    assert _last_dates() == {SOURCE: None, OTHER: NOW - 3 * DAY}


def _last_dates() -> dict[str, datetime | None]:
    return dict(Listing.objects.values_list("source__url", "published"))


def test_a_post_that_one_source_still_lists_is_not_gone() -> None:
    collected(found("a"))
    collected(found("a"), source=OTHER)
    collected(found("b"), now=NOW + HOUR)
    assert post("a").gone_at is None
    collected(found("b"), now=NOW + HOUR, source=OTHER)
    assert Post.objects.get(title="Post a").gone_at == NOW + HOUR


def test_a_post_at_the_end_of_a_listing_is_not_gone() -> None:
    """A page may end between two posts of the same minute."""
    collected(found("a"), found("b"))
    collected(found("a"), now=NOW + HOUR, reached=NOW - DAY)
    assert post("b").gone_at is None


def test_an_unmodified_source_says_nothing_of_what_is_gone() -> None:
    collected(found("a"))
    row = ledger.source_row(NAME, SOURCE)
    ledger.store(row, kinaforum().sources[0], SourceReading(not_modified=True), NOW + HOUR)
    assert post("a").gone_at is None


def test_everything_of_the_first_reading_was_there_before_and_later_ones_were_not() -> None:
    collected(found("a"))
    collected(found("a"), found("b"), now=NOW + HOUR)
    assert (post("a").was_there_before, post("b").was_there_before) == (True, False)


def test_a_post_dated_ahead_of_the_first_reading_was_not_there_before() -> None:
    collected(found("a"), found("ahead", NOW + HOUR))
    assert (post("a").was_there_before, post("ahead").was_there_before) == (True, False)


def test_a_post_older_than_the_first_reading_reached_was_there_before() -> None:
    collected(found("a"), reached=NOW - DAY)
    collected(found("a"), found("old", NOW - 9 * DAY), found("backdated", NOW - HOUR), now=NOW + HOUR)
    assert post("old").was_there_before
    assert not post("backdated").was_there_before


def test_no_post_was_there_before_an_empty_first_reading() -> None:
    """It had every post, as the listing of a new blog does: whatever is found later was published since."""
    collected(reached=None)
    collected(found("backdated", NOW - HOUR), now=NOW + HOUR)
    assert not post("backdated").was_there_before


def test_a_failed_first_reading_does_not_count() -> None:
    row = ledger.source_row(NAME, SOURCE)
    ledger.store(
        row,
        kinaforum().sources[0],
        SourceReading(problems=(TEXT(words=f"{SOURCE}: is down"),), complete=False),
        NOW - HOUR,
    )
    collected(found("a"))
    assert post("a").was_there_before
    assert Source.objects.get(url=SOURCE).first_read_at == NOW


def test_a_reading_that_cannot_be_stored_is_not_stored_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger, "_mark_gone", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        collected(found("a"))
    assert not Post.objects.exists()


def test_a_source_is_named_by_the_problem_of_its_last_reading_only() -> None:
    row = ledger.source_row(NAME, SOURCE)
    ledger.store(row, kinaforum().sources[0], SourceReading(problems=(TEXT(words="x: is down"),), complete=False), NOW)
    assert Source.objects.get(url=SOURCE).problem == TEXT(words="x: is down")
    collected(found("a"), now=NOW + HOUR, problems=(TEXT(words="x: a post has no date"),))
    row = Source.objects.get(url=SOURCE)
    assert (row.problem, row.notes) == (None, [TEXT(words="x: a post has no date")])


posts = st.builds(
    FoundPost,
    uid=st.sampled_from("abcdef"),
    url=st.sampled_from(["", *(f"https://x.example/{n}" for n in range(4))]),
    title=st.sampled_from(["", "One", "Two"]),
    html=st.sampled_from(["", "<p>short</p>", "<p>A text that is long enough to tell that it is the same one.</p>"]),
    published=st.none() | st.sampled_from([NOW - n * DAY for n in range(3)]),
)


def titled(post: FoundPost) -> FoundPost:
    """With a title of its own: an id whose title, link, text and date are all others is one that is used again."""
    return replace(post, title=f"Post {post.uid}")


titled_readings = st.lists(posts.map(titled), max_size=6, unique_by=lambda p: p.uid)


@given(st.lists(st.tuples(titled_readings, st.sampled_from([SOURCE, OTHER])), max_size=6))
@settings(max_examples=examples(40), deadline=None)
def test_an_id_stays_with_its_post_and_a_new_one_is_no_other_of_the_same_listing(
    given: list[tuple[list[FoundPost], str]],
) -> None:
    with transaction.atomic():
        known: dict[tuple[str, str], int] = {}
        for n, (reading, source) in enumerate(given):
            collected(*reading, now=NOW + n * HOUR, source=source)
            rows = {x.uid: x.post_id for x in Listing.objects.filter(source__url=source)}
            listed = [rows[p.uid] for p in reading]
            for p in reading:
                new = (source, p.uid) not in known
                assert known.setdefault((source, p.uid), rows[p.uid]) == rows[p.uid]
                assert not new or listed.count(rows[p.uid]) == 1
        transaction.set_rollback(True)


def test_readings_are_counted_for_each_day() -> None:
    row, settings = ledger.source_row(NAME, SOURCE), kinaforum().sources[0]
    broken = SourceReading(problems=(TEXT(words="no answer"),), complete=False)
    for reading, now in ((broken, NOW), (SourceReading(not_modified=True), NOW), (broken, NOW + DAY)):
        ledger.store(row, settings, reading, now)
    assert list(SourceDay.objects.order_by("day").values_list("tries", "failures")) == [(2, 1), (1, 1)]


def test_an_empty_listing_makes_no_post_gone_and_counts_as_a_problem() -> None:
    """Whether the feed has no entry, or a complete listing has none."""
    collected(found("a"), found("b"))
    for hours, reached in ((1, None), (2, EVERYTHING)):
        stored = collected(now=NOW + hours * HOUR, reached=reached)
        assert str(stored.problem) == (
            f"{SOURCE}: it lists no posts any more, although it did before; we'll try again automatically"
        )
    row = Source.objects.get(url=SOURCE)
    assert (row.read_at, post("a").gone_at, post("b").gone_at) == (NOW, None, None)


def test_an_empty_listing_is_not_remembered_as_unchanged() -> None:
    collected(found("a"))
    collected(now=NOW + HOUR, memory=Memory(kind="feed", feed_url=SOURCE, etag='"empty"', last_modified="today"))
    memory = Memory(**Source.objects.get(url=SOURCE).memory)
    assert memory == Memory(kind="feed", feed_url=SOURCE)


def test_a_window_without_posts_is_no_problem() -> None:
    """WordPress answers a question for the posts of a window with these only."""
    collected(found("a", NOW - 9 * DAY))
    assert collected(now=NOW + HOUR, reached=NOW - DAY).problem is None


def test_a_source_that_never_had_a_post_may_have_none() -> None:
    assert collected().problem is None


def test_an_undated_post_is_gone_only_from_a_complete_listing() -> None:
    collected(found("a"), found("undated", None))
    collected(found("a"), now=NOW + HOUR, reached=NOW - 9 * DAY)
    assert post("undated").gone_at is None
    collected(found("a"), now=NOW + 2 * HOUR)
    assert post("undated").gone_at == NOW + 2 * HOUR
