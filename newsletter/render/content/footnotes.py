"""Footnotes: their marks and notes link to each other within the email, where both are in it.

Marks of notes that the email doesn't have become text.
"""

import re
from binascii import crc32

from newsletter.render.content.addresses import uri
from newsletter.render.content.fragment import Element, text_of

_MARK = re.compile(r"[\[(]?(\d{1,3}|[*†‡§]+|[a-z]|[ivx]{1,5})[\])]?", re.IGNORECASE)
# Arrows and carets that lead back to the text, with or without the character that chooses their form.
BACK = re.compile(r"[\^↑↩⏎⤴⬆↵\ufe0e\ufe0f\s]*")


class Footnotes:
    """The footnotes of a post at an address, or of an editor's text.

    Their identifiers in the email begin as those of no other post or text.
    """

    def __init__(self, root: Element, name: str) -> None:
        self._url = uri(name)
        self._prefix = f"n{crc32(name.encode()):x}-"
        self._bearers: dict[str, Element] = {}
        self._numbers: dict[str, int] = {}
        for element in root.iter():
            if isinstance(element.tag, str) and (identifier := element.attrib.pop("id", None)):
                self._bearers.setdefault(identifier, element)

    def is_footnote(self, link: Element) -> bool:
        """Return whether a link is a footnote's mark, or leads from a note back to the text."""
        page, mark, anchor = (link.get("href") or "").strip().partition("#")
        if not mark or not anchor or (page and uri(page) != self._url):
            return False
        text = text_of(link)
        return bool(text) and (_MARK.fullmatch(text) or BACK.fullmatch(text)) is not None

    def show(self, link: Element) -> None:
        """Let a footnote's link lead to its end within the email, else leave its mark as text.

        A mark that is a number is written in brackets. A link back to a mark that is missing goes.
        """
        bearer = self._bearers.get(link.get("href").partition("#")[2])
        text = text_of(link)
        mark = _MARK.fullmatch(text)
        del link[:]
        is_number = mark is not None and mark[1].isdigit() and not _is_in_brackets(link)
        link.text = f"[{mark[1]}]" if mark and is_number else text
        if bearer is not None:
            link.set("href", f"#{self._identify(link.get('href').partition('#')[2], bearer)}")
            return
        link.text = link.text if mark else ""
        link.drop_tag()

    def _identify(self, anchor: str, bearer: Element) -> str:
        """Give an element its identifier in the email, and return it."""
        number = self._numbers.setdefault(anchor, len(self._numbers) + 1)
        bearer.set("id", f"{self._prefix}{number}")
        return f"{self._prefix}{number}"


def _is_in_brackets(link: Element) -> bool:
    before = link.getprevious()
    text = (link.getparent().text if before is None else before.tail) or ""
    return text.rstrip().endswith(("[", "(")) and (link.tail or "").lstrip().startswith(("]", ")"))
