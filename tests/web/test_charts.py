"""Charts and the words of the desk: pure, and right at the edges."""

import re
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree
from zoneinfo import ZoneInfo

import pytest
from django.utils import translation
from hypothesis import given, strategies as st

from newsletter.web.desk import charts, formatting, team
from newsletter.web.desk.edition.queries import beginning, plain, shortened
from newsletter.web.desk.pages import as_sentence
from tests.web.make import NOW

OSLO = ZoneInfo("Europe/Oslo")


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(-50, 10**9)), min_size=2, max_size=30))
def test_a_curve_stays_inside_its_picture(found: list[tuple[int, int]]) -> None:
    points = [(NOW - timedelta(days=1), 0), *sorted((NOW + timedelta(seconds=at), count) for at, count in found)]
    root = ElementTree.fromstring(charts.curve(points, OSLO, 'A & B "title"'))
    assert root.get("aria-label") == 'A & B "title"'
    line = root.find("polyline")
    assert line is not None
    for spot in str(line.get("points")).split():
        x, y = map(float, spot.split(","))
        assert charts.LEFT <= x <= charts.WIDTH
        assert charts.TOP <= y <= charts.HEIGHT - charts.BOTTOM


def test_one_day_is_no_curve() -> None:
    assert charts.curve([(NOW, 1)], OSLO, "x") == ""
    assert charts.curve([(NOW, 1), (NOW + timedelta(hours=1), 2)], OSLO, "x") == ""


@given(st.lists(st.tuples(st.integers(0, 10**7), st.integers(0, 10**9)), min_size=1, max_size=30))
def test_progress_stays_inside_its_picture(rows: list[tuple[int, int]]) -> None:
    points = sorted((NOW + timedelta(seconds=seconds), count) for seconds, count in rows)
    root = ElementTree.fromstring(charts.progress(points, NOW, 0, OSLO, 'A & B "title"'))
    path = root.findall("path")[0].get("d") or ""
    for place in re.findall(r"H([\d.]+)", path):
        assert charts.LEFT <= float(place) <= charts.WIDTH
    for place in re.findall(r"V([\d.]+)", path):
        assert charts.TOP <= float(place) <= charts.HEIGHT - charts.BOTTOM


def test_25_emails_in_a_second_are_a_step_up_to_all_of_them_in_the_first_minute() -> None:
    began = NOW.replace(second=3)
    root = ElementTree.fromstring(charts.progress([(began + timedelta(seconds=1), 25)], began, 25, OSLO, "x"))
    assert [text.text for text in root.findall("text")] == ["25", "0", "13:00", "13:01"]
    width = charts.WIDTH - 8 - charts.LEFT
    step = charts.LEFT + width * 4 / 60
    assert root.findall("path")[2].get("d") == f"M56 120H{step:.1f}V{charts.TOP:.1f}H{charts.WIDTH - 8}"


def test_nothing_accepted_is_no_progress() -> None:
    assert charts.progress([], NOW, 25, OSLO, "x") == ""


def test_a_bar_shows_each_part_of_the_whole() -> None:
    root = ElementTree.fromstring(charts.bar([("accepted", 3), ("refused", 1)], "x", 8))
    widths = [float(str(rect.get("width"))) for rect in root.findall("rect")]
    assert widths == [charts.WIDTH, charts.WIDTH * 3 / 8, charts.WIDTH / 8]


@given(st.lists(st.integers(0, 10**9), max_size=30))
def test_columns_stay_inside_their_picture(values: list[int]) -> None:
    root = ElementTree.fromstring(charts.columns(values, ("first", "last"), "x"))
    for column in root.findall("rect"):
        x, y, width, height = (float(str(column.get(key))) for key in ("x", "y", "width", "height"))
        assert charts.LEFT <= x <= x + width <= charts.WIDTH
        assert charts.TOP - 0.1 <= y <= y + height <= charts.HEIGHT - charts.BOTTOM + 0.1


@pytest.mark.parametrize(
    ("language", "moment", "share", "number"),
    [("en", "Sun 6 Feb 2022, 13:00", "33.3%", "1,214"), ("nb", "søn. 6. feb. 2022 kl. 13.00", "33,3\xa0%", "1\xa0214")],
)
def test_times_and_numbers_are_the_language_s(language: str, moment: str, share: str, number: str) -> None:
    with translation.override(language):
        assert formatting.moment(datetime(2022, 2, 6, 12, tzinfo=UTC), OSLO) == moment
        assert formatting.share(1, 3) == share
        assert formatting.number(1214) == number


def test_absent_values_are_shown_as_nothing() -> None:
    assert formatting.moment(None) == formatting.clock(None) == formatting.ago(None) == ""
    assert [formatting.share(part, 3000) for part in (0, 2999, 3000)] == ["0%", "100.0%", "100%"]
    assert formatting.share(0, 0) == "–"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("there is nothing", "There is nothing."),
        ("site.url is wrong", "site.url is wrong."),
        ("kinaforum/2026-W06 is sent", "kinaforum/2026-W06 is sent."),
        ("Done!", "Done!"),
    ],
)
def test_a_problem_becomes_a_sentence(said: str, shown: str) -> None:
    assert as_sentence(said) == shown


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        ({"a": 1, "b": 2}, {"a": 1, "b": 3}, [("b", "2", "3")]),
        (None, {"a": True}, [("a", "", "yes")]),
        ({"a": ["x", "y"]}, None, [("a", "x, y", "")]),
        (None, None, []),
    ],
)
def test_a_line_of_the_log_shows_what_differs(before: object, after: object, shown: object) -> None:
    assert team.difference(before, after) == shown


@given(st.text())
def test_plain_text_has_no_tags_left(html: str) -> None:
    assert "<p>" not in plain(f"<p>{html.replace('<', '').replace('&', '')}</p><img src='cut")


@pytest.mark.parametrize("image", ["", "<img alt='a > b' src='https://images.example/picture.png'>"])
@pytest.mark.parametrize("words", [10, 20, 60, 65])
def test_the_first_words_are_those_of_the_whole_text(image: str, words: int) -> None:
    html = f"<p>{'words ' * words}{image}<em>and</em> &amp; {'more ' * 200}</p>"
    assert beginning(html) == shortened(plain(html))
