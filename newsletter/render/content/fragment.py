"""Cleaned HTML fragments as trees: the only module that depends on how lxml parses and serializes them."""

from collections.abc import Mapping
from html import escape
from typing import Any

from lxml import etree, html as lxml_html

# lxml has no type information; its elements are the only untyped objects in this package.
Element = Any
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")


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


def first_child(element: Element) -> Element | None:
    """Return the first element in another one, which may be behind text; None if there is none."""
    return next((child for child in element if isinstance(child.tag, str)), None)


def add(parent: Element, tag: str, attributes: dict[str, str] | None = None) -> Element:
    """Put a new element behind what is in another one, and return it."""
    return etree.SubElement(parent, tag, attributes)


def table_instead(element: Element, attributes: Mapping[str, str]) -> Element:
    """Put a table with an empty row in place of an element, and return the row."""
    table = element.makeelement("table", dict(attributes))  # lxml sorts those of another mapping
    element.getparent().replace(element, table)
    table.tail, element.tail = element.tail, None
    return add(add(table, "tbody"), "tr")
