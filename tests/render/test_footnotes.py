"""Footnotes in emails, whose links lead nowhere there."""

import pytest

from newsletter.render.content.content import prepare
from newsletter.render.content.text import plain

URL = "https://blog.example/p"


def body(html: str) -> str:
    return prepare(html, url=URL, title="The title", level=3, whole=True)


@pytest.mark.parametrize(
    ("href", "mark", "shown"),
    [
        ("#fn1", "1", "[1]"),
        ("#fn1", "[1]", "[1]"),
        ("#fn1", "<b>(12)</b>", "[12]"),
        ("#fn1", "*", "*"),
        (f"{URL}#fn1", "1", "[1]"),
    ],
)
def test_a_mark_becomes_text(href: str, mark: str, shown: str) -> None:
    assert (
        body(f'<p>Beans<sup><a href="{href}">{mark}</a></sup> travel.</p>') == f"<p>Beans<sup>{shown}</sup> travel.</p>"
    )


@pytest.mark.parametrize("arrow", ["↩", "↩\ufe0e", "^", "↑"])
def test_a_note_is_kept_without_its_link_back(arrow: str) -> None:
    html = body(f'<ol><li><p>By mule. <a href="{URL}#fnref1">{arrow}</a></p></li></ol>')
    assert html == "<ol><li><p>By mule. </p></li></ol>"
    assert plain(html) == "1. By mule."


@pytest.mark.parametrize(
    "html",
    [
        f'<p><a href="{URL}#comments">Four comments</a></p>',
        '<p><a href="https://x.example/#fn1">1</a></p>',
        "<p>10<sup>2</sup></p>",
    ],
)
def test_other_links_and_superscripts_stay(html: str) -> None:
    assert body(html) == html


def test_the_text_part_has_marks_and_notes() -> None:
    html = '<p>Beans<sup><a href="#fn1">1</a></sup> travel.</p><ol><li>By mule. <a href="#r1">↩</a></li></ol>'
    assert plain(body(html)) == "Beans[1] travel.\n\n1. By mule."


@pytest.mark.parametrize(("before", "after"), [("[", "]"), ("(", ")")])
def test_a_mark_in_brackets_gets_no_second_ones(before: str, after: str) -> None:
    html = f'<p>Beans{before}<a href="{URL}#fn1">1</a>{after} travel.</p>'
    assert body(html) == f"<p>Beans{before}1{after} travel.</p>"
