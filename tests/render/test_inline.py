"""Inlining changes styles and nothing else."""

import pytest
from premailer import Premailer

from newsletter.render.html.inline import InlineError, inline

HEAD = '<style type="text/css">@media (prefers-color-scheme: dark) { p { color: red !important; } }</style>'


def page(body: str) -> str:
    return f"<!doctype html><html><head>{HEAD}</head><body>{body}</body></html>"


def test_content_css_becomes_style_attributes() -> None:
    html = inline(page('<p class="x">a</p>'), ".x { color: blue; } p:hover { color: red; }")
    assert '<p class="x" style="color:blue">a</p>' in html


def test_the_rules_of_a_style_sheet_are_read_only_once(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    parse = Premailer._parse_style_rules

    def counted(worker: Premailer, css: str, index: int) -> object:
        read.append(css)
        return parse(worker, css, index)

    monkeypatch.setattr(Premailer, "_parse_style_rules", counted)
    first, second = "p { margin: 1px 2px; }", "p { margin: 3px 4px; }"
    pages = [inline(page("<p>a</p>"), css) for css in (first, second, first, second)]
    assert read == [first, second]
    assert pages[0] == pages[2] != pages[1] == pages[3]


def test_the_emails_own_style_sheets_stay_unchanged() -> None:
    html = inline(page("<p>a</p>"), "p { color: blue; }")
    assert html.startswith("<!DOCTYPE html>")
    assert HEAD in html
    assert "data-premailer" not in html


def test_a_style_attribute_overrides_the_style_sheet() -> None:
    assert 'style="color:green"' in inline(page('<p style="color:green">a</p>'), "p { color: blue; }")


def test_pictures_keep_their_sizes() -> None:
    html = inline(page('<img src="a" alt="" width="552">'), "img { max-width: 100%; width: auto; }")
    assert 'width="552"' in html


def test_mso_conditions_stay() -> None:
    condition = "<!--[if mso | IE]><table><tr><td><![endif]-->"
    assert condition in inline(page(f"{condition}<p>a</p>"), "")


def test_a_lost_element_is_an_error() -> None:
    with pytest.raises(InlineError, match="number of <table> from 1 to 0"):
        inline(page("</table>"), "")


def test_a_lost_placeholder_is_an_error() -> None:
    deep = "<b>" * 300 + "x0-name" + "</b>" * 300
    with pytest.raises(InlineError, match="subscriber's link"):
        inline(page(deep), "", ("x0-name",))
