"""Callouts, cards of links and buttons in posts."""

import pytest

from newsletter.feeds.html.clean import clean
from newsletter.render.content.content import prepare
from newsletter.render.content.text import plain

BASE = "https://blog.example/boats"


@pytest.mark.parametrize(
    ("html", "wanted"),
    [
        (
            (
                '<div class="kg-card kg-callout-card"><div class="kg-callout-emoji">💡</div>'
                '<div class="kg-callout-text">Mind the <b>tide</b>.</div></div>'
            ),
            '<div class="callout" data-tint="note"><p>💡 Mind the <b>tide</b>.</p></div>',
        ),
        (
            '<div class="admonition note"><p>Note</p><p>Mind the tide.</p></div>',
            '<div class="callout" data-tint="note"><p>Note</p><p>Mind the tide.</p></div>',
        ),
        (
            (
                '<figure class="kg-card kg-bookmark-card"><a class="kg-bookmark-container" href="/b">'
                '<div class="kg-bookmark-content"><div>Nets</div><div>How they are mended.</div>'
                '<img class="kg-bookmark-icon" src="/icon.png"><img src="/n.jpg"></div></a></figure>'
            ),
            (
                '<div class="link-card"><p><a href="https://blog.example/b">'
                '<img src="https://blog.example/n.jpg" alt=""></a></p>'
                '<p><a href="https://blog.example/b">Nets</a></p><p>How they are mended.</p></div>'
            ),
        ),
        (
            '<div class="wp-block-button"><a class="wp-block-button__link" href="/go">Go</a></div>',
            (
                '<table class="button" role="presentation"><tbody><tr><td><a href="https://blog.example/go">Go</a></td>'
                "</tr></tbody></table>"
            ),
        ),
    ],
    ids=["callout", "admonition", "bookmark", "button"],
)
def test_each_has_a_frame_of_its_own(html: str, wanted: str) -> None:
    cleaned = clean(html, BASE)
    assert cleaned.html == wanted
    assert cleaned.dropped == ()
    assert clean(cleaned.html, BASE).html == cleaned.html


@pytest.mark.parametrize(
    "html",
    [
        '<p>See <a href="https://blog.example/go">the <b>button</b></a> here.</p>',
        '<p><a href="https://blog.example/go">A line</a></p>',
        "<p>An alert</p>",
    ],
)
def test_other_links_and_texts_have_none(html: str) -> None:
    assert clean(html.replace("<a ", '<a class="button" ') if "here" in html else html, BASE).html == html


def test_a_button_of_a_post_is_one_in_the_email_and_a_line_in_its_text() -> None:
    cleaned = clean('<p><a class="kg-btn" href="/go">Go now</a></p>', BASE).html
    shown = prepare(cleaned, url=BASE, title="Boats", level=3, whole=True)
    assert shown.startswith('<table class="button" role="presentation">')
    assert plain(shown) == "Go now <https://blog.example/go>"


@pytest.mark.parametrize("attributes", [' class="button"', ' role="presentation"', ' class="wide"'])
def test_other_tables_are_no_buttons(attributes: str) -> None:
    rows = "<tbody><tr><td>1</td><td>2</td></tr></tbody>"
    assert clean(f"<table{attributes}>{rows}</table>").html == f"<table>{rows}</table>"
