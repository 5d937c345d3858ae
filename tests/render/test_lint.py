"""Every rule finds its fault, and the shipped template has none."""

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import newsletter.render.lint as lint_package
from newsletter.domain.digest import Digest, Level, Rendered, ShortenedPost
from newsletter.render.edition import render
from newsletter.render.lint import CODES, lint
from newsletter.render.lint.clients import FACTS
from newsletter.render.subject import preheader
from tests.render.samples import digest, letterhead, nasty, picture, post

Change = Callable[[str], str]


def codes(rendered: Rendered, edition: Digest, **options: Any) -> set[str]:
    return {finding.code for finding in lint(rendered, edition, **options)}


def html_changed(change: Change, edition: Digest | None = None) -> set[str]:
    edition = edition or digest()
    rendered = render(edition)
    changed = change(rendered.html)
    assert changed != rendered.html
    return codes(replace(rendered, html=changed), edition)


def swap(old: str, new: str, count: int = -1) -> Change:
    return lambda html: html.replace(old, new, count)


def into_body(markup: str) -> Change:
    """Insert markup after the first post's first paragraph."""
    return swap("Nobody hurries them.</p>", f"Nobody hurries them.</p>{markup}", 1)


@pytest.mark.parametrize("language", ["nb", "en", "de", "ar"])
def test_the_shipped_template_is_clean(language: str) -> None:
    edition = digest(
        [nasty(), *(post(n) for n in range(7))],
        letterhead=letterhead(language=language),
        greeting="Hei {name|du}!",
        headlines=(post(30, html=""),),
    )
    assert lint(render(edition), edition) == ()


@pytest.mark.parametrize("by", ["day", "source", "category", "none"])
def test_the_shipped_template_is_clean_with_any_grouping(by: str) -> None:
    edition = digest(3, by=by)
    assert lint(render(edition), edition) == ()


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("subject", " ", "subject-empty"),
        ("subject", "s" * 79, "subject-long"),
        ("subject", "The Kaffebrevet: what the port will look like", "subject-phone"),
        ("subject", "Hello {{ name }}", "braces"),
        ("preheader", "p" * 39, "preheader-short"),
        ("preheader", "p" * 141, "preheader-long"),
        ("preheader", "Dear *|FNAME|*, here is what there was in the week", "braces"),
    ],
)
def test_the_envelope(field: str, value: str, code: str) -> None:
    edition = digest()
    changes: dict[str, Any] = {field: value}
    assert codes(replace(render(edition), **changes), edition) == {code}


WORDY = letterhead(tagline="All about boats, quays and the people who wait there. " * 5)
NO_PREVIEW: dict[str, Any] = {"preheader": ""}


@pytest.mark.parametrize(
    ("edition", "late"),
    [
        (digest(), []),
        (digest(letterhead=WORDY), ["text"]),
        (digest(letterhead=WORDY, **NO_PREVIEW), ["html", "text"]),
        (digest(letterhead=WORDY, greeting="The ferry sails at night from now on."), []),
        (digest(letterhead=letterhead(title="Om kaffe, te og kakao fra hele verden, hver fredag kl. 7")), []),
        (digest(1, letterhead=letterhead(title="T" * 150)), ["text"]),
    ],
)
def test_both_parts_begin_with_news(edition: Digest, late: list[str]) -> None:
    found = lint(render(edition), edition)
    assert [f.where for f in found if f.code == "news-late"] == late


def test_an_image_before_the_news() -> None:
    edition = digest(
        [post(0, image=picture(url="https://x.example/a.png"))],
        letterhead=letterhead(design="cards", logo="https://x.example/logo.png"),
        **NO_PREVIEW,
    )
    assert codes(render(edition), edition) == {"preheader-short", "news-late"}
    with_preview = replace(edition, preheader=digest().preheader)
    assert codes(render(with_preview), with_preview) == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (swap("<!DOCTYPE html>", ""), "doctype"),
        (swap('lang="nb"', ""), "language-missing"),
        (swap("<title>Kaffebrevet, uke 6: Post 0</title>", "<title></title>"), "title-missing"),
        (swap("h1", "h2"), "heading-first"),
        (lambda h: re.sub(r"<(/?)h2", r"<\1h4", h), "heading-order"),
        (into_body("<h4></h4>"), "heading-empty"),
        (into_body('<img src="https://x.example/a.png" width="9">'), "alt-missing"),
        (into_body('<img src="https://x.example/a.png" alt="">'), "image-width"),
        (into_body('<a href="https://x.example/"></a>'), "link-empty"),
        (into_body("<a>words</a>"), "link-empty"),
        (into_body('<a href="javascript:x()">words</a>'), "link-scheme"),
        (into_body('<a href="/relative">words</a>'), "link-scheme"),
        (into_body('<a href="https://[broken/">words</a>'), "link-scheme"),
        (into_body('<a href="#top">words</a>'), "link-anchor"),
        (into_body('<a href="https://blog.example/2026/02/post-0.html">a</a>'), "address-twice"),
        (into_body('<p style="color:#999999">pale</p>'), "contrast-light"),
        (swap("I denne utgaven", "I denne {{ utgave }}"), "braces"),
        (into_body("x0123456789abcdef-7-name"), "placeholder"),
        (into_body('<div style="display: flex">x</div>'), "client"),
        (swap("Postboks 1", "Boks 1"), "address-missing"),
        (swap("https://brev.example.org/n/", "https://elsewhere.example/n/"), "browser-missing"),
        (swap("Post 3: how the beans travel</a></h3>", "Other</a></h3>"), "post-missing"),
        (into_body(f'<p><a href="{post(3).url}">Post 3: how the beans travel</a></p>'), "post-repeated"),
        (swap("<style", f"<style>{'p { color: red } ' * 1000}</style><style", 1), "css-size"),
        (swap("<style", "<style>@media screen { @media print { p { color: red } } }</style><style", 1), "css-nested"),
    ],
)  # fmt: skip
def test_each_fault_has_one_code(change: Change, code: str) -> None:
    assert html_changed(change) == {code}


def test_an_mso_condition_that_does_not_end() -> None:
    assert "mso-balance" in html_changed(swap("<![endif]-->", "", 1))
    assert "mso-balance" in html_changed(swap("<!--[if mso | IE]>", "", 1))


def test_a_dark_rule_that_makes_text_unreadable() -> None:
    change = swap(".page .meta", ".page .dates,.nothing", 1)
    assert html_changed(lambda h: change(h).replace("color:#aaa399", "color:#333333")) == {"contrast-dark"}


def test_rules_with_unsupported_selectors_are_ignored() -> None:
    edition = digest()
    rendered = render(edition)
    sheet = "<style>@media (prefers-color-scheme: dark) { p > > a, a:nonsense(x) { color: #222222 } }</style>"
    assert codes(replace(rendered, html=rendered.html.replace("</head>", f"{sheet}</head>")), edition) == set()


def test_a_pale_accent_is_darkened_for_text() -> None:
    edition = digest(letterhead=letterhead(accent="#ffcc00"))
    rendered = render(edition)
    assert codes(rendered, edition) == set()
    assert "border-bottom:2px solid #fc0" in rendered.html or "border-bottom:2px solid #ffcc00" in rendered.html


@pytest.mark.parametrize("value", ["unsubscribe", "preferences"])
@pytest.mark.parametrize("form", ["html", "text"])
def test_links_to_unsubscribe_and_to_preferences_are_required(value: str, form: str) -> None:
    edition = digest()
    rendered = render(edition)
    name = next(n for n, slot in rendered.placeholders if (slot.value, slot.form) == (value, form))
    changed = replace(rendered, **{form: getattr(rendered, form).replace(name, "https://x.example/")})
    assert codes(changed, edition) == {f"{value}-missing"}


def test_an_edition_without_posts_and_words_has_nothing_to_say() -> None:
    silent, spoken = digest([], **NO_PREVIEW), digest([], greeting="Hei!")
    assert codes(render(silent), silent) == {"nothing-in-it"}
    assert "nothing-in-it" not in codes(render(spoken), spoken)


def test_braces_of_a_post_in_the_preview_text_are_allowed() -> None:
    first = post(0, html="<p>Write {{ name }} into the template, and the name stands there {% if known %}.</p>")
    edition = digest([first], preheader=preheader([first], "nb"))
    assert "{{ name }}" in edition.preheader
    assert lint(render(edition), edition) == ()


def test_each_post_once_in_the_text_too() -> None:
    edition = digest()
    rendered = render(edition)
    gone = replace(rendered, text=rendered.text.replace(post(3).url, ""))
    assert [(f.code, f.where) for f in lint(gone, edition)] == [("post-missing", "p3")]


def test_a_post_without_an_address_is_named_without_a_link() -> None:
    edition = digest([post(0, url=""), *(post(n) for n in range(1, 6)), post(7, url="", html="")])
    rendered = render(edition)
    assert lint(rendered, edition) == ()
    assert ">Post 0: how the beans travel</h3>" in re.sub(r"</?span[^>]*>", "", rendered.html)


def test_each_post_once_in_the_contents_too() -> None:
    assert html_changed(lambda h: re.sub(r"<li[^>]*><a[^>]*>Post 3.*?</li>", "", h)) == {"post-missing"}


def test_size() -> None:
    edition = digest()
    rendered = render(edition)
    assert codes(rendered, edition, maximum_size=10_000) == {"size-over"}
    padded = replace(rendered, html=rendered.html.replace("</body>", "<!-- " + "x" * 82_000 + " --></body>"))
    assert codes(padded, edition) == {"size-near"}
    shortened = replace(padded, shortened=(ShortenedPost("p0", 80, 900),))
    assert codes(shortened, edition) == set()
    above = replace(shortened, html=shortened.html.replace("<!-- x", "<!-- " + "x" * 15_000))
    assert codes(above, edition, maximum_size=200_000) == {"size-near"}


def test_images_without_a_width_are_one_finding() -> None:
    edition = digest()
    rendered = render(edition)
    images = "".join(f'<img src="https://x.example/{n}.png" alt="">' for n in range(3))
    changed = replace(rendered, html=into_body(images)(rendered.html))
    assert [str(f.message) for f in lint(changed, edition)] == [
        "3 images have no width; the first: https://x.example/0.png"
    ]


@pytest.mark.parametrize("heading", ["<h3><br></h3>", '<h3><img src="https://x.example/a.png" alt="" width="9"></h3>'])
def test_a_heading_without_words_in_a_post_is_none(heading: str) -> None:
    edition = digest([post(0, html=f"<p>The boats are in.</p>{heading}<h4>Tides</h4><p>High at six.</p>")])
    assert lint(render(edition), edition) == ()


def test_errors_come_first_with_the_levels_of_the_table() -> None:
    edition = digest()
    found = lint(replace(render(edition), subject="", preheader=""), edition)
    assert [f.level for f in found] == [Level.ERROR, Level.WARNING]
    assert all(f.level is CODES[f.code] for f in found)


def test_every_code_is_found_by_a_rule() -> None:
    sources = "".join(p.read_text() for p in Path(lint_package.__file__).parent.glob("*.py") if p.name != "codes.py")
    assert {code for code in CODES if f'"{code}"' not in sources} == set()


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.page)
def test_every_fact_has_its_source_and_is_found(fact: Any) -> None:
    assert fact.source.startswith("https://")
    if fact.tag:
        markup = f"<{fact.tag}></{fact.tag}>"
    elif fact.image:
        kind = fact.image.lstrip("\\.").partition("(")[0]
        address = "data:image/png;base64,AA" if "data" in kind else f"https://x.example/a.{kind}"
        markup = f'<img src="{address}" alt="" width="9">'
    else:
        markup = f'<i style="{CSS[fact.page]}">x</i>'
    edition = digest()
    rendered = render(edition)
    found = lint(replace(rendered, html=into_body(markup)(rendered.html)), edition)
    assert [str(f.message) for f in found if f.code == "client"] == [f"{fact.message} ({fact.source})"]


CSS = {
    "css-display-flex": "display:flex",
    "css-display-grid": "display: inline-grid",
    "css-position": "position:absolute",
    "css-background-image": "background:url(https://x.example/a.png)",
    "css-float": "float:left",
    "css-object-fit": "object-fit:cover",
    "css-variables": "color:var(--x)",
    "css-unit-calc": "width:calc(1px + 2px)",
    "css-unit-rem": "margin:2rem",
    "css-unit-vw": "width:50vw",
    "css-animation": "animation:spin 1s",
    "css-at-import": "@import url(x)",
    "css-at-font-face": "@font-face",
}
