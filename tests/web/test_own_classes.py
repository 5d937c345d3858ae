"""The email's classes on an edition's page: its styles and those of the page don't change each other."""

import re
from pathlib import Path

import pytest
from lxml import html as lxml_html

from newsletter.web.archive.article import article_of
from newsletter.web.archive.own_classes import prefixed_styles

ROOT = Path(__file__).parents[2]
GOLDEN = ROOT / "tests" / "golden"
PAGES = ROOT / "templates" / "pages"


def _classes_in(css: str) -> set[str]:
    return set(re.findall(r"\.([A-Za-z][\w-]*)", css))


@pytest.mark.parametrize("design", ["", "-magazine", "-cards", "-brief", "-plain", "-rtl"])
def test_no_style_of_the_pages_is_for_a_class_within_an_edition(design: str) -> None:
    article = article_of((GOLDEN / f"edition{design}.html").read_text("utf-8"), "", written=False)
    within = {name for element in lxml_html.fromstring(article.html).iterdescendants() for name in element.classes}
    assert "issue-headline" in within
    assert not within & _classes_in((PAGES / "pages.css").read_text("utf-8"))
    styled = _classes_in((PAGES / "article.css").read_text("utf-8"))
    assert {name for name in within & styled if not name.startswith("issue-")} == set()


@pytest.mark.parametrize("design", ["", "-magazine", "-cards", "-brief", "-plain", "-rtl"])
def test_the_styles_of_an_edition_are_for_its_own_classes_alone(design: str) -> None:
    article = article_of((GOLDEN / f"edition{design}.html").read_text("utf-8"), "", written=False)
    selectors = re.findall(r"[^{};]+(?=\{)", re.sub(r"\[[^\]]*\]", "", article.styles))
    named = {name for each in selectors for name in _classes_in(each)}
    assert "issue-headline" in named
    assert {name for name in named if name != "issue" and not name.startswith("issue-")} == set()


@pytest.mark.parametrize(
    ("css", "expected"),
    [
        (".page .a img[src*='.png'], p.b{margin:0}", ".issue .issue-a img[src*='.png'], p.issue-b{margin:0}"),
        ("@media (max-width: 37.5em){.a.b{margin:.5em}}", "@media (max-width: 37.5em){.issue-a.issue-b{margin:.5em}}"),
        (".pages{background:url(a.png);}.c{}", ".issue-pages{background:url(a.png);}.issue-c{}"),
        ("[data-ogsc] .page{color:#fff}", "[data-ogsc] .issue{color:#fff}"),
    ],
)
def test_only_classes_in_selectors_get_the_prefix(css: str, expected: str) -> None:
    assert prefixed_styles(css, "issue") == expected
