"""HTML as plain text, for the mail's text part: paragraphs, lists and quotations as people write them."""

from functools import lru_cache

from newsletter.render.fragment import Element, parse
from newsletter.render.spaces import collapse

_SKIP = frozenset(("style", "script", "head", "title"))
# A private character stands for <br> until white space has been collapsed.
_BREAK = "\ue000"
_PARAGRAPHS = frozenset((
    "p", "div", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "dl", "table", "figure", "figcaption", "pre",
    "blockquote", "section", "article",
))  # fmt: skip


@lru_cache(maxsize=256)
def plain(html: str) -> str:
    """The text of a cleaned fragment: blank lines between paragraphs, "- " before list items, "> " before quotations.

    A link's address follows its words in angle brackets; a picture gives its alternative text in square ones.
    """
    lines = _blocks(parse(html))
    return "\n\n".join(lines)


def _blocks(element: Element) -> list[str]:
    """The paragraphs inside an element."""
    blocks: list[str] = []
    run: list[str] = [element.text or ""]

    def close() -> None:
        text = _collapse("".join(run))
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
    if element.tag == "pre":
        text = "".join(element.itertext()).strip("\n")
        return [text] if text.strip() else []
    if element.tag == "blockquote":
        text = "\n\n".join(_blocks(element))
        return ["\n".join(f"> {line}".rstrip() for line in text.split("\n"))] if text else []
    if element.tag in ("ul", "ol"):
        return _list(element)
    if element.tag == "table":
        return _table(element)
    return _blocks(element)


def _list(element: Element) -> list[str]:
    items = []
    for number, item in enumerate(element.findall("li"), 1):
        mark = f"{number}. " if element.tag == "ol" else "- "
        text = "\n".join(_blocks(item))
        items.append(mark + text.replace("\n", "\n" + " " * len(mark)))
    return ["\n".join(items)] if items else []


def _table(element: Element) -> list[str]:
    rows = []
    for row in element.iter("tr"):
        cells = [" ".join(_blocks(cell)) for cell in row.iter("td", "th")]
        rows.append(" | ".join(cell for cell in cells if cell))
    return ["\n".join(row for row in rows if row)] if any(rows) else []


def _inline(element: Element) -> str:
    if element.tag == "br":
        return _BREAK
    if element.tag == "img":
        alt = (element.get("alt") or "").strip()
        return f"[{alt}]" if alt else ""
    text = (element.text or "") + "".join(
        (_inline(child) if isinstance(child.tag, str) else "") + (child.tail or "") for child in element
    )
    href = (element.get("href") or "").strip() if element.tag == "a" else ""
    return f"{text} <{href}>" if href and text.strip() and text.strip() != href else text


def _collapse(text: str) -> str:
    """White space made single spaces as a browser does (no-break spaces stay); forced line breaks stay."""
    return "\n".join(map(collapse, text.split(_BREAK))).strip("\n")
