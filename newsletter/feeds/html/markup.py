"""HTML as a tree and back, and as the text that a reader sees."""

import re
import sys
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import lxml.html
from lxml import etree

HtmlElement: TypeAlias = Any
"""An element of lxml's, which has no types of its own."""


def words(text: str) -> frozenset[str]:
    """Return a set of names, written as one line."""
    return frozenset(text.split())


def outermost(elements: Iterable[HtmlElement]) -> list[HtmlElement]:
    """Return the elements that are in none of the others."""
    candidates = list(elements)
    distinct = set(candidates)
    return [e for e in candidates if distinct.isdisjoint(e.iterancestors())]


def drop(elements: Iterable[HtmlElement]) -> int:
    """Remove elements with what is in them, and return their number; what stands behind them stays."""
    dropped = list(elements)
    for element in dropped:
        element.drop_tree()
    return len(dropped)


def replace(element: HtmlElement, *others: HtmlElement, caption: HtmlElement | None = None) -> None:
    """Put others in an element's place, and its caption below them as a line of its own."""
    for other in others:
        element.addprevious(other)
    if caption is not None:
        caption.tag, caption.tail = "div", None
        element.addprevious(caption)
    element.drop_tree()


# Controls from \x80 to \x9f stay: they are parts of letters in text that was encoded twice, which is repaired later.
_INVALID = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_NUMBERED = re.compile(r"&#(?:[xX]0*+([0-9a-fA-F]{0,6})|0*+([0-9]{0,7}));?")
_SPACE = re.compile(r"\s+")
_HTML_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_SHOWN = re.compile(r"[^\s\u200b-\u200f\u2060\ufeff]")
_MARKUP = re.compile(r"[<&]")
_BLOCKS = words(
    "p div br li ul ol dl dt dd tr td th table h1 h2 h3 h4 h5 h6 blockquote pre hr figure figcaption section article"
)


def classes(element: HtmlElement) -> list[str]:
    """Return the classes of an element."""
    return (element.get("class") or "").split()


def has_class(element: HtmlElement, pattern: re.Pattern[str]) -> bool:
    """Return whether the pattern is in a class of the element."""
    return any(map(pattern.search, classes(element)))


def wrap_content(element: HtmlElement, tag: str, attributes: Mapping[str, str] | None = None) -> None:
    """Put all that is in an element into a new one in it."""
    inner = etree.Element(tag, attributes)
    inner.text, element.text = element.text, None
    inner.extend(list(element))
    element.append(inner)


def without_invalid_characters(text: str) -> str:
    """Return text without what neither XML nor HTML can hold (control characters, lone surrogates)."""
    return _INVALID.sub("", text)


def to_tree(html: str) -> HtmlElement:
    """Return a fragment of HTML inside one `div`."""
    return lxml.html.fragment_fromstring(
        without_references_to_invalid_characters(without_invalid_characters(html)), create_parent="div"
    )


def without_references_to_invalid_characters(html: str) -> str:
    """HTML without numeric references to what neither XML nor HTML can hold."""
    return _NUMBERED.sub(_without_invalid_character, html)


def _without_invalid_character(reference: re.Match[str]) -> str:
    """Return a numeric reference; "" if it stands for what no tree can hold."""
    number = int(reference[1] or "0", 16) or int(reference[2] or "0")
    return "" if number > sys.maxunicode or _INVALID.match(chr(number)) else reference[0]


def page_tree(html: str) -> HtmlElement | None:
    """Return a whole web page, its `html` element; None if there is nothing in it."""
    try:
        return lxml.html.document_fromstring(
            without_invalid_characters(html).encode(), parser=lxml.html.HTMLParser(encoding="utf-8")
        )
    except etree.ParserError:
        return None


def first_text(page: HtmlElement, *paths: str) -> str:
    """Return the first text that one of some XPaths finds, on one line and of at most 500 characters; "" for none."""
    texts = (spaced(str(text)) for path in paths for text in page.xpath(path))
    return next((text[:500] for text in texts if text), "")


def to_html(root: HtmlElement) -> str:
    """Return what stands inside a tree's root."""
    whole: str = lxml.html.tostring(root, encoding="unicode", with_tail=False)
    return whole[whole.index(">") + 1 : whole.rindex("<")] if whole.endswith("</div>") else ""


def spaced(text: str) -> str:
    """Return text with single spaces, none at its ends; a no-break space counts as one."""
    return _SPACE.sub(" ", text).strip()


def shows(text: str) -> bool:
    """Return whether a text has more than spaces and characters without width."""
    return bool(_SHOWN.search(text))


def one_line(text: str) -> str:
    """Return text on one line, white space as HTML counts it: no-break and other wide spaces stay, but not at its
    ends.
    """
    return _HTML_SPACE.sub(" ", text).strip()


def text_in(element: HtmlElement) -> str:
    """Return the text of an element, its white space normalised."""
    return spaced("".join(element.itertext()))


def text_of(html: str) -> str:
    """Return what a reader sees of HTML, in one line; blocks are parted by a space."""
    if not _MARKUP.search(html):
        return one_line(without_invalid_characters(html))
    return text_of_tree(to_tree(html))


def text_of_tree(root: HtmlElement) -> str:
    """Return what a reader sees of a tree, as `text_of` has it. The tree is changed."""
    for block in root.iter(*_BLOCKS):
        block.tail = " " + (block.tail or "")
        block.text = " " + (block.text or "")
    drop(root.xpath(".//script|.//style|.//comment()"))
    return one_line("".join(root.itertext()))
