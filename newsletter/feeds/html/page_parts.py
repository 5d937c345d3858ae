"""Removes what serves a blog's page and is not part of a post's text: hidden elements, controls, anchors of headings
and tables of contents.

Promises: a text that readers unfold stays, and so do a heading that only unfolds it, and slides that a script shows.
No image goes that is not hidden.
"""

import re
from urllib.parse import unquote

from newsletter.feeds.html.footnote_ids import is_same_page
from newsletter.feeds.html.markup import HtmlElement, classes, drop, outermost, text_in, words
from newsletter.feeds.html.players import PLAYERS

HIDING_ATTRIBUTES = ("hidden", "aria-hidden")
CONTROLS = ("button", "label")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6", "summary", "dt")
_INVISIBLE = re.compile(r"(?:\A|;)\s*(?:display\s*:\s*none|visibility\s*:\s*hidden)\b", re.IGNORECASE)
_FOR_SCREEN_READERS = words("screen-reader-text sr-only visually-hidden visuallyhidden hide-text")
_UNFOLDED = re.compile(
    r"accordion|answer|carousel|collaps|content|expand|faq|gallery|slide|solution|spoiler|tab|toggle", re.IGNORECASE
)
_ANCHOR = re.compile(r"[#¶§🔗\s\u200b\ufe0f]*")
_BOXES = ("div", "nav", "aside", "section", "details")
_TOP = {"", "top", "page", "content", "header", "main"}
_LONGEST_TITLE = 40
_LONGEST_MARK = 5
"""Characters of the mark of a footnote."""
_MOST = 3
"""Tables of contents of a post; each is compared with what is around it."""


def drop_hidden(root: HtmlElement) -> int:
    """Remove elements that a page hides from everybody or shows to screen readers alone; return their number."""
    return drop(outermost(e for e in root.iterdescendants() if _is_hidden(e)))


def _is_hidden(element: HtmlElement) -> bool:
    if not _FOR_SCREEN_READERS.isdisjoint(classes(element)):
        return element.tag not in _HEADINGS
    hidden_value = (element.get("hidden") or "").lower()
    is_invisible = element.get("hidden") is not None or _INVISIBLE.search(element.get("style") or "")
    if not is_invisible or _may_be_loaded_later(element) or element.find(".//math") is not None:
        return False
    if hidden_value == "until-found" or _has_button_above(element):
        return False
    names = (element.get("id"), *(e.get("class") for e in (element, *element.iterancestors())))
    return not any(_UNFOLDED.search(name or "") for name in names)


def _may_be_loaded_later(element: HtmlElement) -> bool:
    """Return whether an element is a frame, or an image with a description, several sizes, or an address that a script
    uses; one without them counts visits.
    """
    names = (name for name, value in element.attrib.items() if value)
    says_more = any(name in ("alt", "srcset") or name.startswith("data-") for name in names)
    return element.tag == "iframe" or (element.tag == "img" and says_more)


def _has_button_above(element: HtmlElement) -> bool:
    """Return whether a button is directly above an element, which as a rule shows it."""
    above = element.getprevious()
    return above is not None and (above.tag == "button" or (len(above) == 1 and above[0].tag == "button"))


def drop_controls(root: HtmlElement) -> None:
    """Remove buttons and the labels of forms; what a button in a heading says becomes part of the heading."""
    for button in list(root.iter("button")):
        if next(button.iterancestors(*_HEADINGS), None) is None:
            button.drop_tree()
            continue
        drop(e for e in button.iterdescendants() if e.get("aria-hidden") == "true")
        button.drop_tag()
    for label in list(root.iter("label")):
        if next(label.iterancestors("form"), None) is None:
            label.drop_tag()
        else:
            label.drop_tree()
    for heading in root.iter(*_HEADINGS):
        for link in [a for a in heading.iter("a") if "#" in (a.get("href") or "")]:
            if _ANCHOR.fullmatch(text_in(link)) and link.find(".//img") is None:
                identifier = link.get("id") or link.get("name")
                if identifier and not heading.get("id"):
                    heading.set("id", identifier)
                link.drop_tree()


def drop_contents(root: HtmlElement, page: str) -> int:
    """Remove lists of links to the parts of the post itself, with the title above them, and lines that are only such
    links, such as "Back to top"; return their number.

    `page` is the post's own address, "" if it is unknown.
    """
    identifiers = {e.get("id") or e.get("name") for e in root.iter() if e.get("id") or e.get("name")}
    places = identifiers | _TOP
    lines = drop(p for p in root.iter("p") if _is_jump(p, places))
    lists = [e for e in outermost(root.iter("ul", "ol")) if identifiers and _is_contents(e, identifiers, page)][:_MOST]
    for box in lists:
        longest = len(text_in(box)) + _LONGEST_TITLE
        while (parent := box.getparent()) is not root and parent.tag in _BOXES and len(text_in(parent)) <= longest:
            if _has_media(parent):
                break
            box = parent
        title = box.getprevious()
        if title is not None and _is_title(title):
            title.drop_tree()
        box.drop_tree()
    return lines + len(lists)


def _is_jump(paragraph: HtmlElement, places: set[str]) -> bool:
    """Return whether a line has only links to these places; one to a form of the page, such as "Sign up", stays."""
    links = list(paragraph.iter("a"))
    return (
        bool(links)
        and not _has_media(paragraph)
        and all(_place(a) in places and len(text_in(a)) > _LONGEST_MARK for a in links)
        and not any(map(str.isalnum, _beside_links(paragraph)))
    )


def _place(link: HtmlElement) -> str | None:
    """Return the identifier that a link on the same page has, "" for its top, None for a link elsewhere."""
    address = (link.get("href") or "").strip()
    return unquote(address[1:]) if address.startswith("#") else None


def _beside_links(element: HtmlElement) -> str:
    return "".join(element.xpath(".//text()[not(ancestor::a)]"))


def _has_media(element: HtmlElement) -> bool:
    return next(element.iterdescendants("img", *PLAYERS), None) is not None


def _is_contents(element: HtmlElement, identifiers: set[str], page: str) -> bool:
    """Return whether a list has only links with words to places in the post, at least half of which it has."""
    links = list(element.iter("a"))
    addresses = [(a.get("href") or "").strip().partition("#") for a in links]
    places = [unquote(place) for _address, _mark, place in addresses]
    return (
        len(links) > 1
        and all(places)
        and all(not address or is_same_page(address, page) for address, _mark, _place in addresses)
        and not _has_media(element)
        and 2 * sum(place in identifiers for place in places) >= len(places)
        and all(any(map(str.isalpha, text_in(a))) for a in links)
        and not any(map(str.isalpha, _beside_links(element)))
    )


def _is_title(element: HtmlElement) -> bool:
    is_short = 0 < len(text_in(element)) <= _LONGEST_TITLE and not (element.tail or "").strip()
    bold = "".join(text_in(e) for e in element.iter("strong", "b"))
    is_bold = element.tag == "p" and (bold == text_in(element) or text_in(element).endswith((":", "：")))
    return is_short and (element.tag in _HEADINGS or is_bold)
