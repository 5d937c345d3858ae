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
    assert texts(rendered(posts), "meta") == ["2 min lesetid"]
    assert texts(rendered(posts, meta=("reading_time",)), "meta") == ["1 min lesetid", "2 min lesetid"]


@pytest.mark.parametrize(
    ("meta", "line"),
    [
        (("author",), "Ada"),
        (("date", "time"), "6. februar 2026 · 17.00"),
        (("reading_time", "categories"), "4 min lesetid · coffee, ports"),
        (("source", "time"), "6. februar 2026"),
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


@pytest.mark.parametrize(
    ("theme", "lines"),
    [
        ({}, []),
        ({"times": True}, ["17.00", "09.00"]),
        ({"meta": ("time",)}, ["17.00", "09.00"]),
        ({"meta": ("date",)}, ["6. februar 2026", "6. februar 2026"]),
    ],
)
def test_times_of_day_are_shown_where_they_are_asked_for(theme: dict[str, Any], lines: list[str]) -> None:
    assert texts(rendered([post(0), post(1)], **theme), "meta") == lines


@pytest.mark.parametrize("by", ["day", "none", "source"])
def test_a_post_shows_its_day_where_no_heading_has_it(by: str) -> None:
    assert texts(rendered([post(0)], by=by), "meta") == ["6. februar"]
    assert texts(rendered([post(0)], by=by, meta=("time",)), "meta") == ["6. februar 2026"]
    old = post(1000)
    assert texts(rendered([post(0), old], by=by), "meta") == ["6. februar 2026", "10. mars 2025"]


def test_days_of_which_most_have_one_post_have_no_headings() -> None:
    apart = [post(number) for number in (0, 3, 6, 7)]
    tree = rendered(apart)
    assert texts(tree, "day") == []
    assert texts(tree, "meta") == ["6. februar", "5. februar", "4. februar", "4. februar"]
    together = [post(number) for number in range(5)]
    tree = rendered(together)
    assert texts(tree, "day") == ["fredag 6. februar 2026", "torsdag 5. februar 2026"]
    assert texts(tree, "meta") == []


def test_authors_are_named_if_there_are_several() -> None:
    assert texts(rendered([post(0, author="Ada"), post(1, author="Ada")]), "meta") == []
    assert texts(rendered([post(0, author="Ada"), post(1, author="Per")]), "meta") == ["Ada", "Per"]
    usual = [post(0, author="Ada"), post(1, author="Per"), post(2, author="Ada"), post(3, author="Ada")]
    assert texts(rendered(usual), "meta") == ["Per"]
    assert texts(rendered([*usual, post(4, author="Per")]), "meta") == ["Ada", "Per", "Ada", "Ada", "Per"]
    planet = [post(0, source="One", author="One"), post(1, source="Two", author="Two")]
    assert texts(rendered(planet), "meta") == ["One", "Two"]


@pytest.mark.parametrize(
    ("theme", "hours", "number", "lines"),
    [
        ({"times": True}, 24, 1, ["17.00", "09.00"]),
        ({"times": True, "language": "en"}, 24, 1, ["5:00 PM", "9:00 AM"]),
        ({"meta": ("author", "date")}, 24, 1, ["17.00", "09.00"]),
        ({"meta": ("date", "time")}, 24, 1, ["17.00", "09.00"]),
        ({}, 24, 3, ["6. februar", "5. februar"]),
        ({}, 7 * 24, 1, ["6. februar", "6. februar"]),
    ],
)
def test_posts_of_one_day_show_the_time_of_day_and_not_the_same_date(
    theme: dict[str, Any], hours: int, number: int, lines: list[str]
) -> None:
    posts, since = [post(0), post(number)], UNTIL - timedelta(hours=hours)
    edition = digest(posts, by="none", since=since, letterhead=letterhead(**theme))
    assert texts(lxml_html.document_fromstring(render(edition).html), "meta") == lines
