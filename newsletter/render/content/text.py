"""HTML as plain text, for the email's text part: paragraphs, lists and quotations."""

import re
from collections.abc import Iterator
from functools import lru_cache

from newsletter.render.content.footnotes import BACK
from newsletter.render.content.fragment import HEADINGS, Element, parse
from newsletter.render.content.images import is_picture
from newsletter.render.content.spaces import collapse
from newsletter.render.content.videos import PLAY

_SKIP = frozenset(("style", "script", "head", "title"))
# A private character stands for <br> until white space has been collapsed.
_BREAK = "\ue000"
_DIVIDER = "* * *"
_INDENT = "  "
_INTEGER = re.compile(r"-?\d{1,9}", re.ASCII)
_LONGEST_EMOJI = 12
"""Characters: a family of four with joiners has seven."""
_PARAGRAPHS = frozenset((
    "p", "div", *HEADINGS, "ul", "ol", "dl", "dt", "dd", "table", "figure", "figcaption",
    "pre", "blockquote", "section", "article", "hr",
))  # fmt: skip


@lru_cache(maxsize=256)
def plain(html: str) -> str:
    """Return a cleaned fragment as text: blank lines between paragraphs, "- " before list items, "> " before
    quotations.

    A link's text is followed by its address in angle brackets; an image is its alternative text in square brackets, or
    the emoji that it shows, unless it is hidden from screen readers. One without a text that leads to a larger one is
    that one's address.
    """
    return "\n\n".join(_blocks(parse(html)))


def _blocks(element: Element) -> list[str]:
    """Return the paragraphs in an element."""
    blocks: list[str] = []
    run: list[str] = [element.text or ""]

    def close() -> None:
        lines = "".join(run).split(_BREAK)
        text = "\n".join(map(collapse, lines)).strip("\n")
        run.clear()
        if text:
            blocks.append(text)

    for child in element:
        if isinstance(child.tag, str) and child.tag not in _SKIP:
            if child.tag in _PARAGRAPHS:
                close()
                blocks.extend(_block(child))
            else:
                run.append(_inline(child))
        run.append(child.tail or "")
    close()
    return blocks


def _block(element: Element) -> list[str]:
    return _OF_TAGS.get(element.tag, _blocks)(element)


def _preformatted(element: Element) -> list[str]:
    for line_break in list(element.iter("br")):
        line_break.tail = f"\n{line_break.tail or ''}"
    text = "".join(element.itertext()).strip("\n")
    return [text] if text.strip() else []


def _quotation(element: Element) -> list[str]:
    text = "\n\n".join(_blocks(element))
    return ["\n".join(f"> {line}".rstrip() for line in text.split("\n"))] if text else []


def _list(element: Element) -> list[str]:
    items = []
    for number, item in _numbered(element):
        mark = f"{number}. " if element.tag == "ol" else "- "
        text = "\n".join(_blocks(item))
        items.append(mark + text.replace("\n", "\n" + " " * len(mark)))
    return ["\n".join(items)] if items else []


def _numbered(element: Element) -> Iterator[tuple[int, Element]]:
    """Yield the items of a list with their numbers, as `start`, `reversed` and `value` give them."""
    items = element.findall("li")
    step = 1 if element.get("reversed") is None else -1
    number = _integer(element.get("start"), 1 if step > 0 else len(items))
    for item in items:
        number = _integer(item.get("value"), number)
        yield number, item
        number += step


def _integer(text: str | None, otherwise: int) -> int:
    return int(text) if text and _INTEGER.fullmatch(text.strip()) else otherwise


def _definitions(element: Element) -> list[str]:
    """Return the terms, each with its definitions indented below it."""
    definitions: list[str] = []
    for block in _blocks(element):
        if definitions and block.startswith(_INDENT):
            definitions[-1] += "\n" + block
        else:
            definitions.append(block)
    return definitions


def _definition(element: Element) -> list[str]:
    text = "\n".join(_blocks(element))
    return [_INDENT + text.replace("\n", "\n" + _INDENT)] if text else []


def _cells(element: Element) -> list[str]:
    """Return the paragraphs of a table that only arranges what it holds."""
    cells = (cell for cell in element.iter("td") if next(cell.iterancestors("table")) is element)
    return [block for cell in cells for block in _blocks(cell)]


def _table(element: Element) -> list[str]:
    if element.get("role") == "presentation":
        return _cells(element)
    rows = []
    for row in [row for row in element.iter("tr") if next(row.iterancestors("table")) is element]:
        cells = [" ".join(_blocks(cell)) for cell in row.iterchildren("td", "th")]
        rows.append(" | ".join(cell for cell in cells if cell))
    captions = [block for caption in element.iterchildren("caption") for block in _blocks(caption)]
    return [*captions, "\n".join(row for row in rows if row)] if any(rows) else captions


_OF_TAGS = {
    "blockquote": _quotation,
    "dd": _definition,
    "dl": _definitions,
    "hr": lambda _element: [_DIVIDER],
    "ol": _list,
    "pre": _preformatted,
    "table": _table,
    "ul": _list,
}
"""What returns the paragraphs of an element, by its tag."""


def _inline(element: Element) -> str:
    if element.tag == "br":
        return _BREAK
    if element.tag == "img":
        if element.get("aria-hidden"):
            return ""
        alt = (element.get("alt") or "").strip()
        is_emoji = len(alt) <= _LONGEST_EMOJI and not any(map(str.isascii, alt)) and not any(map(str.isalpha, alt))
        return alt if is_emoji else f"[{alt}]"
    text = (element.text or "") + "".join(
        (_inline(child) if isinstance(child.tag, str) else "") + (child.tail or "") for child in element
    )
    href = (element.get("href") or "").strip() if element.tag == "a" else ""
    if href.startswith("#"):
        return "" if BACK.fullmatch(text) else text
    if href and not text.strip() and is_picture(href) and element.find("img") is not None:
        return f"<{href}>"
    if not href or text.strip() in ("", href):
        return text
    return f"{text}: {href}" if text.lstrip(_BREAK).startswith(PLAY) else f"{text} <{href}>"
