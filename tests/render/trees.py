"""Editions rendered as trees, and what is read from them."""

from typing import Any

from lxml import html as lxml_html

from newsletter.domain.digest import DigestPost
from newsletter.render.edition import render
from newsletter.render.theme.designs import DESIGNS
from tests.render.samples import digest, letterhead, post

ALL = tuple(DESIGNS)
WIDE = '<img src="https://blog.example/wide.jpg" alt="The port" width="1200" height="800">'
TEXT = "<p>The mule walks to the port. It takes a week.</p>"


def rendered(posts: int | list[DigestPost] = 7, *, by: Any = "day", greeting: str = "", **theme: Any) -> Any:
    """The HTML of an edition as a tree."""
    edition = digest(posts, by=by, letterhead=letterhead(**theme), greeting=greeting)
    return lxml_html.document_fromstring(render(edition).html)


def texts(tree: Any, css_class: str) -> list[str]:
    return [" ".join(element.text_content().split()) for element in tree.find_class(css_class)]


def styles(element: Any) -> dict[str, str]:
    """The declarations of an element's style attribute."""
    pairs = (each.partition(":") for each in element.get("style").split(";"))
    return {name.strip(): value.strip() for name, _, value in pairs}


def size_of(element: Any) -> int:
    return int(styles(element)["font-size"].removesuffix("px"))


def illustrated(number: int, **changes: Any) -> DigestPost:
    return post(number, html=f"<p>{WIDE}</p>{TEXT}", whole=False, **changes)


def linked_to(tree: Any, label: str) -> list[str]:
    """The addresses of all links of a label."""
    return [link.get("href") for link in tree.iter("a") if link.text_content() == label]
