"""HTML as a tree and back, and as the text that a reader sees."""

import re
from typing import Any, TypeAlias

import lxml.html

HtmlElement: TypeAlias = Any
"""An element of lxml's, which has no types of its own."""


def words(text: str) -> frozenset[str]:
    """A set of names, written as one line."""
    return frozenset(text.split())


_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_HTML_SPACE = re.compile(r"[ \t\n\r\f\v]+")
_MARKUP = re.compile(r"[<&]")
_BLOCKS = words(
    "p div br li ul ol dl dt dd tr td th table h1 h2 h3 h4 h5 h6 blockquote pre hr figure figcaption section article"
)


def without_controls(text: str) -> str:
    """Text without what neither XML nor HTML can hold (control characters, lone surrogates)."""
    return _CONTROL.sub("", text)


def to_tree(html: str) -> HtmlElement:
    """A fragment of HTML inside one `div`."""
    return lxml.html.fragment_fromstring(without_controls(html), create_parent="div")


def to_html(root: HtmlElement) -> str:
    """What stands inside a tree's root."""
    whole: str = lxml.html.tostring(root, encoding="unicode", with_tail=False)
    return whole[whole.index(">") + 1 : whole.rindex("<")] if whole.endswith("</div>") else ""


def spaced(text: str) -> str:
    """Text with single spaces, none at its ends; a no-break space counts as one."""
    return _SPACE.sub(" ", text).strip()


def one_line(text: str) -> str:
    """Text on one line, white space as HTML counts it: no-break and other wide spaces stay, but not at its ends."""
    return _HTML_SPACE.sub(" ", text).strip()


def text_in(element: HtmlElement) -> str:
    """The text of an element, its white space normalised."""
    return spaced("".join(element.itertext()))


def text_of(html: str) -> str:
    """What a reader sees of HTML, in one line; blocks are parted by a space."""
    if not _MARKUP.search(html):
        return one_line(without_controls(html))
    root = to_tree(html)
    for block in root.iter(*_BLOCKS):
        block.tail = " " + (block.tail or "")
        block.text = " " + (block.text or "")
    for hidden in root.xpath(".//script|.//style|.//comment()"):
        hidden.drop_tree()
    return one_line("".join(root.itertext()))
