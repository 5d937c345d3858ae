"""The first words of a post on one line, for designs that show no more."""

import re
from functools import lru_cache

from newsletter.render.content.fragment import Element, parse, serialise, text_of
from newsletter.render.content.headline import shortened
from newsletter.render.content.spaces import collapse
from newsletter.render.content.text import plain
from newsletter.render.content.videos import drop_videos, leave_durations

_END_OF_SENTENCE = re.compile(r"[.!?…。！？؟][\"'”’»)\]]*(?=\s|$)|[。！？។៕။]")
_SHORTEST_SHARE, _LONGEST_SHARE = 0.4, 1.9
"""How much of the line sentences must fill to end it, and how much longer it may be for the end of its first one."""


@lru_cache(maxsize=256)
def first_line(html: str, longest: int) -> str:
    """Return at most `longest` characters of a cleaned post, without headings, code, images, addresses of links and
    marks of footnotes.

    Items of a list have dots between them, and so has a paragraph that is only a link with the text behind it.
    Quotations have no mark. The line ends with a sentence if one ends in its second part, or the first a little later.
    """
    root = parse(html)
    drop_videos(root)
    leave_durations(root)
    for element in list(root.iter("img", "pre", "table", "figure", "h1", "h2", "h3", "h4", "h5", "h6")):
        element.drop_tree()
    for mark in list(root.iter("sup")):
        if mark.find(".//a") is not None:
            mark.drop_tree()
    _end_paragraphs_of_links(root)
    for link in list(root.iter("a")):
        link.drop_tag()
    _write_lists_and_quotations_as_text(root)
    text = collapse(plain(serialise(root)))
    if len(text) <= longest:
        return text
    ends = [match.end() for match in _END_OF_SENTENCE.finditer(text[: int(longest * _LONGEST_SHARE)])]
    within = [end for end in ends if longest * _SHORTEST_SHARE <= end <= longest]
    end = next(iter(within[-1:] or [end for end in ends if end > longest]), 0)
    return text[:end] if end else shortened(text, longest)


def _end_paragraphs_of_links(root: Element) -> None:
    """Put a dot behind a paragraph that is only a link, such as the label of a map, if more text follows."""
    for paragraph in root.iter("p"):
        links = paragraph.findall("a")
        alone = len(links) == 1 and text_of(paragraph) == text_of(links[0]) != ""
        follows = paragraph.getnext()
        if alone and follows is not None and text_of(follows) and not _END_OF_SENTENCE.search(text_of(paragraph)[-1]):
            links[0].tail = " ·"


def _write_lists_and_quotations_as_text(root: Element) -> None:
    """Make paragraphs of the elements that plain text marks at the beginning of lines."""
    lists, items = set(root.iter("ul", "ol")), set(root.iter("li"))
    continued = [item for item in items if _continues_a_line(item, lists, items)]
    for item in continued:
        item.text = "· " + (item.text or "")
    for element in root.iter("blockquote", "ul", "ol", "dl", "li", "dt", "dd"):
        element.tag = "p" if element.tag in ("dt", "dd") else "div"


def _continues_a_line(item: Element, lists: set[Element], items: set[Element]) -> bool:
    """Return whether an item is behind another one, behind a list, or behind the text of the item around it."""
    around = item.getparent()
    if item.getprevious() is not None or around.getprevious() in lists:
        return True
    outer = around.getparent()
    return outer in items and around.getprevious() is None and bool((outer.text or "").strip())
