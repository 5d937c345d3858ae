"""Posts under their headings."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.mail import DigestPost
from newsletter.render.digest import group
from tests.render.samples import ZONE, post


def headings(posts: list[DigestPost], **how: str) -> list[tuple[str, list[str]]]:
    options = {"by": "day", "order": "newest", "language": "nb"} | how
    return [(g.heading, [p.id for p in g.posts]) for g in group(posts, zone=ZONE, **options)]  # type: ignore[arg-type]


def test_days_newest_first_whatever_order_they_come_in() -> None:
    assert headings([post(4), post(0), post(1)]) == [
        ("fredag 6. februar 2026", ["p0", "p1"]),
        ("torsdag 5. februar 2026", ["p4"]),
    ]


def test_oldest_first() -> None:
    assert headings([post(0), post(1), post(4)], order="oldest") == [
        ("torsdag 5. februar 2026", ["p4"]),
        ("fredag 6. februar 2026", ["p1", "p0"]),
    ]


def test_the_day_is_the_newsletters_not_the_sources() -> None:
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


def test_posts_without_a_time_stand_last_without_a_heading() -> None:
    assert headings([post(9, published=None), post(0)])[-1] == ("", ["p9"])


def test_by_source_and_by_first_category() -> None:
    posts = [post(0, source="B"), post(1, source="A"), post(2, source="B", categories=("x", "y"))]
    assert headings(posts, by="source") == [("B", ["p0", "p2"]), ("A", ["p1"])]
    assert headings(posts, by="category") == [("x", ["p2"]), ("", ["p0", "p1"])]


def test_not_grouped() -> None:
    assert headings([post(0), post(4)], by="none") == [("", ["p0", "p4"])]
    assert headings([], by="none") == []


@given(
    st.lists(st.tuples(st.integers(-(10**6), 10**6), st.booleans(), st.booleans()), max_size=20),
    st.sampled_from(["day", "source", "category", "none"]),
    st.sampled_from(["newest", "oldest", "given"]),
)
def test_no_post_is_lost_or_doubled(rows: list[tuple[int, bool, bool]], by: str, order: str) -> None:
    start = datetime(2026, 3, 29, tzinfo=UTC)
    posts = [
        replace(post(n), published=None if undated else start + timedelta(minutes=minutes), pinned=pinned)
        for n, (minutes, pinned, undated) in enumerate(rows)
    ]
    found = [p.id for g in group(posts, by=by, order=order, zone=ZONE, language="nb") for p in g.posts]  # type: ignore[arg-type]
    assert sorted(found) == sorted(p.id for p in posts)
