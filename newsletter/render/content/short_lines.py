"""Short lines that a source has as paragraphs, such as ingredients and verses, as lines of one paragraph."""

from collections.abc import Iterator
from itertools import groupby

from newsletter.render.content.fragment import Element, text_of

_FEWEST = 3
"""Paragraphs in a row that are lines of one text."""
_LONGEST = 45
"""Characters of a line."""
_INLINE = frozenset(("b", "strong", "i", "em", "span", "code", "s", "u", "sub", "sup"))
_ENDS = (".", "!", "?", ":", "…", "。", "！", "？", "：", "।", "؟")


def join_short_lines(root: Element) -> None:
    """Make one paragraph with line breaks of each row of short paragraphs that end no sentence and have no links."""
    for container in (root, *root.iter("blockquote")):
        if container.get("class"):
            continue  # a post of a social network, whose author stands below it
        for row in list(_rows(container)):
            first, *others = row
            for paragraph in others:
                _append(first, paragraph)


def _rows(container: Element) -> Iterator[list[Element]]:
    for is_line, row in groupby(list(container), key=_is_line):
        lines = list(row)
        if is_line and len(lines) >= _FEWEST:
            yield lines


def _is_line(element: Element) -> bool:
    if element.tag != "p" or element.attrib or (element.tail or "").strip():
        return False
    text = text_of(element)
    is_short = 0 < len(text) <= _LONGEST and not text.endswith(_ENDS)
    return is_short and all(child.tag in _INLINE for child in element.iterdescendants()) and not _is_bold(element, text)


def _is_bold(paragraph: Element, text: str) -> bool:
    """Return whether a paragraph is a heading that is only bold."""
    return len(paragraph) == 1 and paragraph[0].tag in ("b", "strong") and text_of(paragraph[0]) == text


def _append(first: Element, line: Element) -> None:
    break_ = first.makeelement("br", {})
    break_.tail = line.text
    first.append(break_)
    for child in list(line):
        first.append(child)
    line.getparent().remove(line)
