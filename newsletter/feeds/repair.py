"""Making XML out of what feeds call XML, before it is parsed.

Promises: a well-formed feed keeps every character that it has; no entity but HTML's named characters and the feed's own
short ones is expanded; a document that declares others is refused.
"""

import re
from html.entities import html5

from newsletter.feeds.depth import flatten_xml, xml_parts
from newsletter.feeds.model import NotAFeed

MAXIMUM_DEPTH = 100
ROOT = re.compile(r"<(?:[\w.-]+:)?(rss|feed|RDF|channel)(?=[\s>])")

_ENDS = re.compile(r"</(?:[\w.-]+:)?(?:rss|feed|RDF|channel)\s*>\s*(?:<!--[^>]*-->\s*)*\Z")
_OPEN_ENTRY = re.compile(r"<(?:[\w.-]+:)?(?:item|entry)[\s>]")
_CLOSED_ENTRY = re.compile(r"</(?:[\w.-]+:)?(?:item|entry)\s*>")
_ENTITY = re.compile(r"""<!ENTITY\s+(?!%)(\S+)\s+(?:"([^"]*)"|'([^']*)'|([A-Z]+))""")
_REFERENCE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)(?:(\w{1,32});)?")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WEB_PAGE = re.compile(r"<html[\s>]|<!doctype\s+html", re.IGNORECASE)
_SHORT = 16


def repair(text: str) -> tuple[str, tuple[str, ...], bool]:
    """The document from its root element on, ready for a forgiving parser; what was wrong; and whether it is whole.

    Raises NotAFeed where there is no root element of a feed, or where it declares entities that no feed needs.
    """
    root = ROOT.search(text)
    page = _WEB_PAGE.search(text, 0, root.start() if root else len(text))
    if not root or page:
        raise NotAFeed("is a web page, not a feed" if page else "is no feed", page=bool(page))
    own = _entities(text[: root.start()])
    text = _FORBIDDEN.sub("", text[root.start() :])
    text = "".join(part if opaque else _references(part, own) for part, opaque in xml_parts(text))
    text, deep = flatten_xml(text, MAXIMUM_DEPTH)
    problems = (f"has elements nested more than {MAXIMUM_DEPTH} deep, which were flattened",) if deep else ()
    if _ENDS.search(text[-2000:]):
        return text, problems, True
    problem = "breaks off before its end; the posts that came whole were kept"
    return _without_broken_entry(text), (*problems, problem), False


def _entities(prolog: str) -> dict[str, str]:
    """The short characters' names that a DOCTYPE declares."""
    own: dict[str, str] = {}
    for name, *quoted, keyword in _ENTITY.findall(prolog):
        value = "".join(quoted)
        if keyword or re.search(r"&(?!#)", value):
            raise NotAFeed(
                "declares entities that build on each other or reach outside, as an attack does; tell its owner"
            )
        if len(value) <= _SHORT:
            own[name] = value
    return own


def _references(markup: str, own: dict[str, str]) -> str:
    """Named characters in place of their references; an `&` that begins none is `&amp;`."""

    def replace(found: re.Match[str]) -> str:
        name = found[1]
        if name and name in own:
            return own[name].replace("<", "&lt;")
        if name and f"{name};" in html5:
            return html5[f"{name};"].replace("&", "&amp;").replace("<", "&lt;")
        return "&amp;" + found[0][1:]

    return _REFERENCE.sub(replace, markup)


def _without_broken_entry(text: str) -> str:
    """A document that breaks off, without the tag and the entry in which it does."""
    last = text.rfind("<")
    text = text[:last] if ">" not in text[last:] else text
    markup = [(part, opaque) for part, opaque in xml_parts(text)]
    opened = closed = -1
    here = 0
    for part, opaque in markup:
        if not opaque:
            opened = max([opened, *(here + m.start() for m in _OPEN_ENTRY.finditer(part))])
            closed = max([closed, *(here + m.start() for m in _CLOSED_ENTRY.finditer(part))])
        here += len(part)
    return text[:opened] if opened > closed else text
