"""Footnotes: their marks become text, since links within an email do nothing in most email programs."""

import re

from newsletter.render.content.addresses import uri
from newsletter.render.content.fragment import Element, text_of

_MARK = re.compile(r"[\[(]?(\d{1,3}|[*†‡§]+|[a-z]|[ivx]{1,5})[\])]?", re.IGNORECASE)
# Arrows and carets that lead back to the text, with or without the character that chooses their form.
_BACK = re.compile(r"[\^↑↩⏎⤴⬆↵\ufe0e\ufe0f\s]*")


def is_footnote(link: Element, url: str) -> bool:
    """Return whether a link is a footnote's mark, or leads from a note back to the text, in the post at `url`."""
    page, mark, anchor = (link.get("href") or "").strip().partition("#")
    if not mark or not anchor or (page and uri(page) != uri(url)):
        return False
    text = text_of(link)
    return bool(text) and (_MARK.fullmatch(text) or _BACK.fullmatch(text)) is not None


def unlink_footnote(link: Element) -> None:
    """Write a mark that is a number in brackets, keep other marks as text, and leave out links back to the text."""
    text = text_of(link)
    found = _MARK.fullmatch(text)
    for child in list(link):
        link.remove(child)
    number = found is not None and found[1].isdigit() and not _is_in_brackets(link)
    link.text = f"[{found[1]}]" if found and number else text if found else ""
    link.drop_tag()


def _is_in_brackets(link: Element) -> bool:
    before = link.getprevious()
    text = (link.getparent().text if before is None else before.tail) or ""
    return text.rstrip().endswith(("[", "(")) and (link.tail or "").lstrip().startswith(("]", ")"))
