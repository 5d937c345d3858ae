"""Cleaned HTML fragments as trees: the only module that depends on how lxml parses and serializes them."""

from html import escape
from typing import Any

from lxml import etree
from lxml import html as lxml_html

# lxml has no type information; its elements are the only untyped objects in this package.
Element = Any


def parse(html: str) -> Element:
    """Return the fragment as the content of one `div`."""
    return lxml_html.fragment_fromstring(html, create_parent="div")


def serialise(root: Element) -> str:
    """Return the HTML inside the root, without the root itself."""
    head = escape(root.text or "", quote=False)
    return head + "".join(etree.tostring(child, encoding="unicode", method="html") for child in root)


def text_of(element: Element) -> str:
    """Return the text in an element, with white space collapsed."""
    return " ".join("".join(element.itertext()).split())
