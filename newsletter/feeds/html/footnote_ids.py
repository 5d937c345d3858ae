"""The identifiers of footnotes and of their marks, which the links between them need; all others go.

A mark is a link to a place on the same page whose text is a number or a sign; a link back has an arrow or the number.
"""

import re

from newsletter.feeds.document import split_address
from newsletter.feeds.html.markup import HtmlElement, text_in

_MARK = re.compile(r"[\[(]?(?:\d{1,3}|[*†‡§]{1,4}|[a-z]|[ivx]{1,5})[\])]?|[\^↑↩⏎⤴⬆↵\ufe0e\ufe0f\s]{1,6}", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[\w:.-]{1,100}")
_BEARERS = ("p", "li", "sup", "a", "td", "dd", "dt", "h2", "h3", "h4", "h5", "h6")


def keep_footnote_ids(root: HtmlElement, page: str) -> None:
    """Keep the identifiers that footnotes link to, each on an element that stays when wrappers go."""
    targets = {target for link in root.iter("a") if (target := _target(link, page))}
    for element in [
        e for e in root.iter() if isinstance(e.tag, str) and (e.get("id") or (e.tag == "a" and e.get("name")))
    ]:
        identifier = element.attrib.pop("id", None) or element.get("name") or ""
        element.attrib.pop("name", None)
        if identifier in targets and _IDENTIFIER.fullmatch(identifier) and (bearer := _bearer(element)) is not None:
            targets.discard(identifier)
            bearer.set("id", identifier)


def _target(link: HtmlElement, page: str) -> str:
    """Return the identifier that a footnote's link leads to, "" for another link."""
    address, mark, anchor = (link.get("href") or "").strip().partition("#")
    return anchor if mark and (not address or is_same_page(address, page)) and _MARK.fullmatch(text_in(link)) else ""


def is_same_page(address: str, page: str) -> bool:
    """Return whether two addresses differ at most in their schemes, queries and fragments."""
    return _path(address) == _path(page)


def _path(address: str) -> str:
    parts = split_address(address)
    return f"{parts.netloc}{parts.path}".rstrip("/")


def _bearer(element: HtmlElement) -> HtmlElement | None:
    """Return the element that takes an identifier: this one, the first inside, or the nearest around it."""
    if element.tag == "div" and not any(
        e.tag in ("p", "div", "ul", "ol", "blockquote") for e in element.iterdescendants()
    ):
        element.tag = "p"
    if element.tag in _BEARERS and (element.tag != "a" or element.get("href")):
        return element
    inner = next((e for e in element.iterdescendants(*_BEARERS) if not e.get("id") and e.get("href") is None), None)
    if inner is None:
        inner = next((e for e in element.iterancestors(*_BEARERS) if not e.get("id")), None)
    return inner
