"""Inlining changes styles and nothing else."""

import logging

import pytest
from hypothesis import given, strategies as st
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


def test_the_emails_own_style_sheets_stay_style_sheets() -> None:
    html = inline(page("<p>a</p>"), "p { color: blue; }")
    assert html.startswith("<!DOCTYPE html>")
    assert '<style type="text/css">@media (prefers-color-scheme: dark){p{color:red!important}}</style>' in html
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


_CLASSES = st.lists(st.sampled_from(["a", "b-1", "c_d", "other"]), max_size=2).map(" ".join)
_ELEMENTS = st.recursive(
    st.builds(lambda name, classes: f'<{name} class="{classes}">x</{name}>', st.sampled_from("pib"), _CLASSES),
    lambda inner: st.builds(
        lambda name, classes, parts: f'<{name} class="{classes}">{"".join(parts)}</{name}>',
        st.sampled_from(["div", "ul", "td"]),
        _CLASSES,
        st.lists(inner, max_size=3),
    ),
    max_leaves=6,
)
_SIMPLE = st.sampled_from(
    ["p", "i", "div", "td", "P", "li", ".a", ".b-1", ".c_d", "p.a", ".a.b-1", "*", "#x", "[class]"]
)
_CONDITIONS = st.sampled_from(["", "", "", ":first-child", ":not(.a)", ":not(i)", ":hover", "[class='.a']"])
_SELECTORS = st.lists(
    st.tuples(_SIMPLE, _CONDITIONS).map("".join).flatmap(lambda s: st.sampled_from([f"{s} ", f"{s} > ", f"{s} + "])),
    min_size=1,
    max_size=3,
).map(lambda parts: "".join(parts).rstrip(" >+"))


@given(_ELEMENTS, st.lists(_SELECTORS, min_size=1, max_size=5))
def test_the_result_is_that_of_premailer_with_all_rules(body: str, selectors: list[str]) -> None:
    css = "".join(f"{selector} {{ margin: {number}px }}\n" for number, selector in enumerate(selectors))
    text = f"<!DOCTYPE html><html><head></head><body>{body}</body></html>"
    worker = Premailer(
        text,
        css_text=css,
        method="html",
        disable_leftover_css=True,
        include_star_selectors=False,
        exclude_pseudoclasses=True,
        remove_classes=False,
        disable_validation=True,
        cssutils_logging_level=logging.CRITICAL,
    )
    assert inline(text, css) == worker.transform(pretty_print=False)


def test_styles_of_cells_stay_styles() -> None:
    css = "td { text-align: left; vertical-align: top; background-color: #fff; width: 5px; }"
    html = inline(page("<table><tr><td>a</td></tr></table>"), css)
    assert '<td style="text-align:left;vertical-align:top;background-color:#fff;width:5px">' in html
