"""Emails have no element and no property of which `word.yaml` doesn't say what Outlook on Windows shows."""

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml
from lxml import html as lxml_html

from newsletter.feeds.html.clean import clean
from newsletter.render.edition import render
from newsletter.render.theme.designs import DESIGNS
from tests.render.blogs import BLOGS, posts_of
from tests.render.pictures import word_branches
from tests.render.samples import digest, letterhead, post
from tests.render.test_golden import editions

FOLDER = Path(__file__).parent
TABLE: dict[str, Any] = yaml.safe_load((FOLDER / "word.yaml").read_text(encoding="utf-8"))
PAGE = "https://blog.example/"


def emails() -> Iterator[str]:
    """The golden editions, five kinds of blogs, and posts with all rich parts, in all designs."""
    parts = yaml.safe_load((FOLDER / "rich_parts.yaml").read_text(encoding="utf-8"))
    rich = [post(number, html=clean(part["source"], PAGE, PAGE).html) for number, part in enumerate(parts)]
    written = [each for blog in BLOGS for each in posts_of(blog)]
    for edition in editions().values():
        yield render(edition).html
    for design in DESIGNS:
        for posts in (rich, written):
            yield render(digest(posts, letterhead=letterhead(design=design)), maximum_size=2_000_000).html


@cache
def used() -> dict[str, dict[str, set[str]]]:
    """The elements of all emails, and the elements that have each property."""
    elements: dict[str, set[str]] = defaultdict(set)
    properties: dict[str, set[str]] = defaultdict(set)
    for html in emails():
        for element in lxml_html.document_fromstring(word_branches(html)).find("body").iter():
            if isinstance(element.tag, str):
                elements[element.tag].add(element.tag)
                for name in re.findall(r"(?:\A|;)\s*([a-z-]+)\s*:", element.get("style") or ""):
                    properties[name].add(element.tag)
    return {"elements": elements, "properties": properties}


@pytest.mark.parametrize("kind", ["elements", "properties"])
def test_the_table_says_what_word_does_with_everything(kind: str) -> None:
    known = set(TABLE[kind]["kept"]) | set(TABLE[kind]["lost"])
    assert set(used()[kind]) - known == set()
    assert set(TABLE[kind]["lost"]) - set(used()[kind]) - {"padding-left"} == set()


@pytest.mark.parametrize(
    ("name", "allowed"), [("padding", "padding"), ("background-color", "framed"), ("border", "framed")]
)
def test_what_word_drops_is_where_little_is_lost(name: str, allowed: str) -> None:
    assert used()["properties"][name] - set(TABLE[allowed]) == set()
