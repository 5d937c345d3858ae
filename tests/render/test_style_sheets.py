"""The style sheets that stay in an email."""

import pytest

from newsletter.render.edition import render
from newsletter.render.html.style_sheets import squeezed, squeezed_declarations
from tests.render.samples import digest, post

NAMES = {"html", "body", "div", "p", "a", ".page"}
OURS = {"p", "a", "pre", ".card", ".button"}


@pytest.mark.parametrize(
    ("css", "wanted"),
    [
        ("\n.page p , .page a { color : red !important ; }\n", ".page p,.page a{color:red!important}"),
        (".page p, .page pre { color: red }", ".page p{color:red}"),
        (".page .card td { color: red }", ""),
        ("[data-ogsc] .page pre { color: red }", ""),
        ("[data-ogsc] .page a { color: red }", "[data-ogsc] .page a{color:red}"),
        ("a:hover { color: red } pre:hover { color: red }", "a:hover{color:red}"),
        ("@media (max-width: 480px) { pre { margin: 0px } }", ""),
        (
            "@media (max-width: 480px) { a { margin: 0px 1px } pre { margin: 0 } } p { margin: 10px }",
            "@media (max-width: 480px){a{margin:0 1px}}p{margin:10px}",
        ),
        (".moz-text-html .theirs { color: red }", ".moz-text-html .theirs{color:red}"),
        ("#outlook a { padding: 0; }", "#outlook a{padding:0}"),
        ("u + .mine { color: red }", "u + .mine{color:red}"),
        ("a:not(.card, pre) { color: red }", "a:not(.card, pre){color:red}"),
        ("p { font-family: 'Two,  words', serif; }", "p{font-family: 'Two, words', serif}"),
        ("@import url(a.css); p { color: red }", "@import url(a.css);p{color:red}"),
        ("@keyframes x { to { top: 1px } } p { top: 0 }", "@keyframes x{to { top: 1px }}p{top:0}"),
        ("/* a { } */ p { color: red }", "p{color:red}"),
        ("p { color: red", "p{color:red}"),
        ("} p { color: red } } a { top: 0 }", "p{color:red}a{top:0}"),
        ("p { }", ""),
    ],
)  # fmt: skip
def test_a_sheet_loses_spaces_and_what_matches_nothing(css: str, wanted: str) -> None:
    assert squeezed(css, NAMES, OURS) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("margin: 0px 0 10px; color: red;", "margin:0 0 10px;color:red"),
        ("margin:-0px;width:0.0px", "margin:-0px;width:0.0px"),
        ("background: url(data:image/png;base64,aa)", "background:url(data:image/png;base64,aa)"),
        ('font-family: "A;  B"', 'font-family: "A; B"'),
        ("", ""),
    ],
)
def test_declarations_lose_spaces(text: str, wanted: str) -> None:
    assert squeezed_declarations(text) == wanted


def test_only_editions_with_code_have_the_colours_of_code() -> None:
    without, with_code = (render(digest([post(0, html=html)])).html for html in ("<p>x</p>", "<pre>x</pre>"))
    assert ".page pre" not in without
    assert ".page pre" in with_code


def test_code_that_looks_like_a_style_stays_as_it_is() -> None:
    shown = '&lt;p style="margin: 0px; color: red"&gt;'
    assert '&lt;p style="margin: 0px; color: red"&gt;' in render(digest([post(0, html=f"<pre>{shown}</pre>")])).html
