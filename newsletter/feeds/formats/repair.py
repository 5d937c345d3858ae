"""Repair of invalid XML in feeds before it is parsed.

Promises: a well-formed feed keeps every character that it has; no entity but HTML's named characters and the feed's own
short ones is expanded; a document that declares others is refused.
"""

import re
from html import unescape
from html.entities import html5

from newsletter.feeds.html.tags import balance_xml, xml_parts
from newsletter.feeds.model import NotAFeed
from newsletter.messages import Message, sources as messages

MAXIMUM_DEPTH = 100
ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|RDF|channel)(?=[\s/>])")

_END = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\s*>")
_NOTHING_IN_IT = re.compile(r"<[^<>]*/>")
_OPEN_ENTRY = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]")
_CLOSED_ENTRY = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>")
_ENTITY = re.compile(r"""<!ENTITY\s+(?!%)(\S+)\s+(?:"([^"]*)"|'([^']*)'|([A-Z]+))""")
# A "<" that begins no tag, or an "&" with the reference that it begins, if any.
_LOOSE = re.compile(r"((?:<(?![^\W\d]|[:/!?]))+)|&(?:(\w{1,32});|#(\d{1,7});|#[xX]([0-9a-fA-F]{1,6});)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WEB_PAGE = re.compile(r"<html[\s>]|<!doctype\s+html", re.IGNORECASE)
_SHORT = 16
# Written as numbers, since libxml2 forgets named references behind the first error of a document.
_MARKS = {ord(mark): f"&#{ord(mark)};" for mark in "&<>\"'"}


def repair(text: str) -> tuple[str, tuple[Message, ...], bool]:
    """Return the document from its root element on, ready for a forgiving parser; what was wrong; and whether it is
    whole.

    Raises NotAFeed where there is no root element of a feed, or where it declares entities that no feed needs.
    """
    root = ROOT.search(text)
    page = _WEB_PAGE.search(text, 0, root.start() if root else len(text))
    if not root or page:
        raise NotAFeed(messages.WEB_PAGE() if page else messages.NOT_A_FEED(), page=bool(page))
    entities = _entities(text[: root.start()])
    text = _FORBIDDEN.sub("", text[root.start() :])
    text = "".join(part if opaque else _references(part, entities) for part, opaque in xml_parts(text))
    text, deep = balance_xml(text, MAXIMUM_DEPTH)
    problems = (messages.TOO_DEEP(most=MAXIMUM_DEPTH),) if deep else ()
    if end := _end(text):
        return text[:end], problems, True
    return _without_broken_entry(text), (*problems, messages.BREAKS_OFF()), False


def _end(text: str) -> int:
    """Return the end of a complete feed, without anything behind it; 0 if it is truncated."""
    if empty := _NOTHING_IN_IT.match(text):
        return empty.end()
    markup = _markup_alone(text)
    end = max((match.end() for match in _END.finditer(markup)), default=0)
    return end if end > _last(_OPEN_ENTRY, markup) else 0


def _markup_alone(text: str) -> str:
    """Return text of the same length with nothing in the place of CDATA sections and comments."""
    return "".join("\0" * len(part) if opaque else part for part, opaque in xml_parts(text))


def _last(pattern: re.Pattern[str], markup: str) -> int:
    """Return where the last match begins, or -1."""
    return max((match.start() for match in pattern.finditer(markup)), default=-1)


def _entities(prolog: str) -> dict[str, str]:
    """Return the entities of a DOCTYPE that stand for a few characters."""
    entities: dict[str, str] = {}
    for name, *quoted, keyword in _ENTITY.findall(prolog):
        value = "".join(quoted)
        if keyword or re.search(r"&(?!#)", value):
            raise NotAFeed(messages.DANGEROUS_ENTITIES(), remedy=True)
        if len(value) <= _SHORT:
            entities[name] = value
    return entities


def _references(markup: str, entities: dict[str, str]) -> str:
    """Characters in place of their references, as HTML knows them; an `&` or `<` that begins nothing is itself."""

    def replace(match: re.Match[str]) -> str:
        less, name, decimal, hexadecimal = match.groups()
        if less:
            return "&#60;" * len(less)
        if name and name in entities:
            return _references(entities[name].replace("<", "&lt;").replace('"', "&quot;"), {})
        if name and f"{name};" in html5:
            return html5[f"{name};"].translate(_MARKS)
        if decimal or hexadecimal:
            return _numbered(match[0], int(decimal) if decimal else int(hexadecimal, 16))
        return "&#38;" + match[0][1:]

    return _LOOSE.sub(replace, markup)


def _numbered(reference: str, number: int) -> str:
    """Return a character by its number, as HTML reads it (128 to 159 are those of windows-1252); "" for anything
    else.
    """
    character = unescape(reference)
    if number > 0x10FFFF or _FORBIDDEN.search(chr(number)) or _FORBIDDEN.search(character):
        return ""
    return reference if character == chr(number) else character.translate(_MARKS)


def _without_broken_entry(text: str) -> str:
    """Return a truncated document without its last, incomplete tag and entry."""
    tag = text.rfind("<")
    text = text[:tag] if ">" not in text[tag:] else text
    markup = _markup_alone(text)
    opened = _last(_OPEN_ENTRY, markup)
    return text[:opened] if opened > _last(_CLOSED_ENTRY, markup) else text
