"""Bold, italic and struck text that a style makes, lists in lists, and numbered code, in the elements made for them."""

import re
from collections import Counter

from lxml import etree

from newsletter.feeds.html.markup import HtmlElement, text_in

_STYLES = (
    ("strong", re.compile(r"(?:\A|;)\s*font-weight\s*:\s*(?:bold(?:er)?|[6-9]00)\b", re.IGNORECASE)),
    ("em", re.compile(r"(?:\A|;)\s*font-style\s*:\s*(?:italic|oblique)\b", re.IGNORECASE)),
    ("s", re.compile(r"(?:\A|;)\s*text-decoration(?:-line)?\s*:\s*[^;]{0,40}?\bline-through\b", re.IGNORECASE)),
)
STYLED = ("span", "font")
_LISTS = ("ol", "ul")
_NUMBERS = re.compile(r"[\d\s]+")


def mark_styled(root: HtmlElement) -> None:
    """Let text stay bold, italic or struck that only a style makes so, unless it holds blocks."""
    for element in list(root.iter(*STYLED)):
        for tag, pattern in _STYLES:
            if pattern.search(element.get("style") or ""):
                _wrap_content(element, tag)


def _wrap_content(element: HtmlElement, tag: str) -> None:
    inner = etree.Element(tag)
    inner.text, element.text = element.text, None
    inner.extend(list(element))
    element.append(inner)


def nest_lists(root: HtmlElement) -> None:
    """Put each list that is directly in a list into the item before it, or into an item of its own."""
    for inner in [e for e in root.iter(*_LISTS) if e.getparent() is not None and e.getparent().tag in _LISTS]:
        before = inner.getprevious()
        if before is None or before.tag != "li":
            before = etree.Element("li")
            inner.addprevious(before)
        before.append(inner)


def drop_line_numbers(root: HtmlElement) -> Counter[str]:
    """Replace tables that have the numbers of lines beside code with the code; return how many there were."""
    dropped: Counter[str] = Counter()
    for table in list(root.iter("table")):
        cells = list(table.iter("td"))
        code = cells[1].find(".//pre") if len(cells) == 2 and _NUMBERS.fullmatch(text_in(cells[0])) else None
        if code is not None and text_in(code) == text_in(cells[1]):
            code.tail = None
            table.addprevious(code)
            table.drop_tree()
            dropped["line numbers"] += 1
    return dropped
