"""A feed's XML as a tree, its elements under names that do not depend on which prefix or version a feed uses."""

import html
from typing import Any, TypeAlias
from urllib.parse import SplitResult, urljoin, urlsplit

from lxml import etree

NAMESPACES = {
    "www.w3.org/2005/atom": "",
    "purl.org/atom/ns": "",
    "purl.org/rss/1.0": "",
    "my.netscape.com/rdf/simple/0.9": "",
    "channel.netscape.com/rdf/simple/0.9": "",
    "backend.userland.com/rss2": "",
    "purl.org/net/rss1.1": "",
    "purl.org/dc/elements/1.1": "dc:",
    "purl.org/dc/terms": "dcterms:",
    "purl.org/rss/1.0/modules/content": "content:",
    "search.yahoo.com/mrss": "media:",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes:",
    "rssnamespace.org/feedburner/ext/1.0": "feedburner:",
    "purl.org/syndication/thread/1.0": "thr:",
    "www.w3.org/2007/app": "app:",
    "purl.org/atom/app": "app:",
    "a9.com/-/spec/opensearchrss/1.0": "opensearch:",
    "a9.com/-/spec/opensearch/1.1": "opensearch:",
    "www.w3.org/1999/02/22-rdf-syntax-ns": "rdf:",
    "www.w3.org/1999/xhtml": "xhtml:",
}
_XML = "{http://www.w3.org/XML/1998/namespace}"
Element: TypeAlias = Any
"""An element of lxml's, which has no types of its own."""


def parse_xml(text: str) -> Element | None:
    """Return the root of repaired XML; None if nothing could be read. No entities, no network, no external
    documents.
    """
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=True,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(text.encode("utf-8"), parser)
    except etree.XMLSyntaxError:
        return None


def name(element: Element) -> str:
    """`title`, `dc:creator` …: the local name behind the usual prefix, whatever the document's own is.

    Elements of Atom and of every RSS have no prefix.
    """
    tag = str(element.tag)
    if not tag.startswith("{"):
        return tag
    uri, _, local = tag[1:].partition("}")
    prefix = NAMESPACES.get(uri.partition("://")[2].rstrip("/#").lower())
    if prefix is None:
        return f"{element.prefix}:{local}" if element.prefix else local
    return f"{prefix}{local}"


class Fields:
    """The children of an element by their names."""

    def __init__(self, element: Element) -> None:
        self._children: dict[str, list[Element]] = {}
        for child in element:
            self._children.setdefault(name(child), []).append(child)

    def all(self, *names: str) -> list[Element]:
        """Return every child of one of the names, in the order of the names."""
        return [child for child_name in names for child in self._children.get(child_name, ())]

    def first(self, *names: str) -> Element | None:
        """Return the first child that has something in it."""
        return next((e for e in self.all(*names) if len(e) or (e.text or "").strip()), None)

    def text(self, *names: str) -> str:
        """Return the text of the first child that has any, white space at its ends left out."""
        element = self.first(*names)
        return "" if element is None else inner_text(element)


def inner_text(element: Element) -> str:
    """Return all text inside, as it is, but for white space at its ends."""
    return "".join(element.itertext()).strip()


def inner_markup(element: Element) -> str:
    """Return what is inside as HTML: elements that stand there unescaped (XHTML) become tags without namespaces."""
    for inner in element.iterdescendants(etree.Element):
        local = inner.tag.rpartition("}")[2]
        inner.tag = "span" if ":" in local else local  # a prefix that is declared nowhere stays in the name
    pieces = [escape(element.text or "")]
    pieces += [etree.tostring(child, method="html", encoding="unicode") for child in element]
    return "".join(pieces).strip()


def escape(text: str) -> str:
    """Return plain text as HTML."""
    return html.escape(text, quote=False)


def quoted(text: str) -> str:
    """Return plain text as the value of an attribute in double quotes."""
    return escape(text).replace('"', "&quot;")


def base_of(element: Element, url: str, *, above: Element | None = None) -> str:
    """Return the base address that `xml:base` on an element and around it sets (XML Base 4.2), from the document's
    own `url`.

    With `above`, only what is set below that element counts, and "" if nothing is.
    """
    bases: list[str] = []
    for ancestor in (element, *element.iterancestors()):
        if ancestor is above:
            break
        if base := (ancestor.get(f"{_XML}base") or "").strip():
            bases.append(base)
    if not bases and above is not None:
        return ""
    for base in reversed(bases):
        url = absolute(base, url)
    return url


def count(digits: str) -> int | None:
    """Return the number of at most nine decimal digits; None for anything else."""
    return int(digits) if len(digits) <= 9 and digits.isdecimal() else None


def split_address(url: str) -> SplitResult:
    """Return the parts of an address; empty ones where it is malformed, such as brackets without an IPv6 address."""
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return urlsplit("")
    return parts


def absolute(url: str, base: str) -> str:
    """Return an address made absolute; as it is where that can't be."""
    try:
        return urljoin(base, url.strip())
    except ValueError:
        return url.strip()
