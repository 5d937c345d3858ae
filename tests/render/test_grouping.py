"""Posts under their headings."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import given, strategies as st

from newsletter.domain.digest import DigestPost
from newsletter.render.grouping import body, group
from tests.render.samples import ZONE, post


def headings(posts: list[DigestPost], **how: str) -> list[tuple[str, list[str]]]:
    options = {"by": "day", "order": "newest", "language": "nb"} | how
    return [(g.heading, [p.id for p in g.posts]) for g in group(posts, zone=ZONE, **options)]


def test_days_are_sorted_newest_first() -> None:
    assert headings([post(4), post(0), post(1)]) == [
        ("fredag 6. februar 2026", ["p0", "p1"]),
        ("torsdag 5. februar 2026", ["p4"]),
    ]


def test_oldest_first() -> None:
    assert headings([post(0), post(1), post(4)], order="oldest") == [
        ("torsdag 5. februar 2026", ["p4"]),
        ("fredag 6. februar 2026", ["p1", "p0"]),
    ]


def test_the_day_is_in_the_newsletters_time_zone() -> None:
    late = post(0, published=datetime(2026, 2, 6, 23, 30, tzinfo=UTC))
    assert headings([late])[0][0] == "lørdag 7. februar 2026"


def test_a_given_day_wins_and_a_given_order_stays() -> None:
    moved = post(0, day=date(2026, 2, 4))
    assert headings([moved, post(1)], order="given") == [
        ("onsdag 4. februar 2026", ["p0"]),
        ("fredag 6. februar 2026", ["p1"]),
    ]


def test_pinned_posts_come_first_in_their_group() -> None:
    assert headings([post(0), post(1, pinned=True)])[0][1] == ["p1", "p0"]


def test_posts_without_a_time_are_last_without_a_heading() -> None:
    assert headings([post(9, published=None), post(0)])[-1] == ("", ["p9"])


def test_by_source_and_by_first_category() -> None:
    posts = [post(0, source="B"), post(1, source="A"), post(2, source="B", categories=("x", "y"))]
    assert headings(posts, by="source") == [("B", ["p0", "p2"]), ("A", ["p1"])]
    assert headings(posts, by="category") == [("x", ["p2"]), ("", ["p0", "p1"])]


LONG = "<p>The first boat is here. The second boat is late. The third boat is lost.</p>"


def shown(length: Any = "excerpt", of: Any = "text", summary: str = "") -> tuple[str, bool]:
    return body(LONG, summary, length=length, of=of, words=5)


def test_an_excerpt_is_the_beginning_of_the_text_or_the_sources_own_summary() -> None:
    assert shown(summary="Boats & more.") == ("<p>The first boat is here.</p>", False)
    assert shown(of="summary", summary="Boats & more.") == ("<p>Boats &amp; more.</p>", False)
    assert shown(of="summary") == ("<p>The first boat is here.</p>", False)


def test_a_summary_stands_below_the_recordings_of_its_post_and_the_video_that_it_begins_with() -> None:
    episode = '<p><a href="https://blog.example/40.mp3">Salt</a><br>42 min</p>'
    video = '<p><a href="https://www.youtube.com/watch?v=abcdefghijk">▶ Harbour</a></p>'
    for html, players in (
        (f"{episode}{LONG}", episode),
        (f"{video}{LONG}{episode}", video + episode),
        (LONG + video, ""),
    ):
        assert body(html, "Of boats.", length="excerpt", of="summary", words=80) == (
            f"{players}<p>Of boats.</p>",
            False,
        )


def test_a_long_summary_is_shortened_as_a_text_is() -> None:
    assert shown(of="summary", summary="One boat is quite here. And two more are there.")[0] == (
        "<p>One boat is quite here.</p>"
    )


def test_a_post_in_full_has_its_text() -> None:
    assert shown("full", "summary", "Boats.") == (LONG, True)
    assert shown("title") == ("", False)


def test_not_grouped() -> None:
    assert headings([post(0), post(4)], by="none") == [("", ["p0", "p4"])]
    assert headings([], by="none") == []


@given(
    st.lists(st.tuples(st.integers(-(10**6), 10**6), st.booleans(), st.booleans()), max_size=20),
    st.sampled_from(["day", "source", "category", "none"]),
    st.sampled_from(["newest", "oldest", "given"]),
)
def test_no_post_is_lost_or_repeated(rows: list[tuple[int, bool, bool]], by: str, order: str) -> None:
    start = datetime(2026, 3, 29, tzinfo=UTC)
    posts = [
        replace(post(n), published=None if undated else start + timedelta(minutes=minutes), pinned=pinned)
        for n, (minutes, pinned, undated) in enumerate(rows)
    ]
    found = [p.id for g in group(posts, by=by, order=order, zone=ZONE, language="nb") for p in g.posts]
    assert sorted(found) == sorted(p.id for p in posts)
