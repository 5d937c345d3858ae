"""The line below a headline: author, source, date, time, reading time and categories."""

from datetime import timedelta
from typing import Any

import pytest
from lxml import html as lxml_html

from newsletter.render.edition import render
from tests.render.samples import UNTIL, digest, letterhead, post
from tests.render.trees import rendered, texts


def test_a_reading_time_of_a_minute_is_shown_where_it_is_asked_for() -> None:
    posts = [post(0, minutes=1), post(1, minutes=2)]
    assert [line.split(" · ")[1:] for line in texts(rendered(posts, design="magazine"), "meta")] == [
        [],
        ["2 min lesetid"],
    ]
    assert texts(rendered(posts, meta=("reading_time",)), "meta") == ["1 min lesetid", "2 min lesetid"]


@pytest.mark.parametrize(
    ("meta", "line"),
    [
        (("author",), "Ada"),
        (("date", "time"), "6. februar 2026 · 17.00"),
        (("reading_time", "categories"), "4 min lesetid · coffee, ports"),
        (("source", "time"), "17.00"),
        ((), None),
    ],
)
def test_the_line_below_a_headline_is_chosen(meta: tuple[str, ...], line: str | None) -> None:
    one = post(0, author="Ada", minutes=4, categories=("coffee", "ports"))
    assert texts(rendered([one], meta=meta), "meta") == ([line] if line else [])


def test_the_source_is_named_if_there_are_several() -> None:
    assert texts(rendered([post(0), post(1, source="Bloggen")], meta=("source",)), "meta") == [
        "Kaffebloggen",
        "Bloggen",
    ]


@pytest.mark.parametrize(("by", "line"), [("day", "17.00"), ("none", "6. februar 2026"), ("source", "6. februar 2026")])
def test_a_post_shows_its_date_where_no_day_is_above_it(by: str, line: str) -> None:
    assert texts(rendered([post(0)], by=by), "meta") == [line]


@pytest.mark.parametrize(
    ("theme", "hours", "number", "lines"),
    [
        ({}, 24, 1, ["17.00", "09.00"]),
        ({"language": "en"}, 24, 1, ["5:00 PM", "9:00 AM"]),
        ({"meta": ("author", "date")}, 24, 1, ["17.00", "09.00"]),
        ({"meta": ("date", "time")}, 24, 1, ["17.00", "09.00"]),
        ({}, 24, 3, ["6. februar 2026", "5. februar 2026"]),
        ({}, 7 * 24, 1, ["6. februar 2026", "6. februar 2026"]),
    ],
)
def test_posts_of_one_day_show_the_time_of_day_and_not_the_same_date(
    theme: dict[str, Any], hours: int, number: int, lines: list[str]
) -> None:
    posts, since = [post(0), post(number)], UNTIL - timedelta(hours=hours)
    edition = digest(posts, by="none", since=since, letterhead=letterhead(**theme))
    assert texts(lxml_html.document_fromstring(render(edition).html), "meta") == lines
