"""Callouts, cards of links and buttons, by the classes of blogs' software: each in an element that emails frame.

Promises: no text is lost; a card has one link, around its first line.
"""

import re

from lxml import etree

from newsletter.feeds.html.markup import HtmlElement, text_in

_CALLOUT = re.compile(
    r"(?:\A|(?<=-))(?:callout|admonition)(?:-card|-block|-box)?\Z|\A(?:alert|notice|hint|info|tip|warning)-?box\Z",
    re.IGNORECASE,
)
_CARD = re.compile(r"\A(?:(?:kg-)?bookmark(?:-card)?|link-?(?:card|preview)|embed-?card|blogcard)\Z", re.IGNORECASE)
_BUTTON = re.compile(r"\A(?:kg-btn|wp-block-button__link|wp-element-button|btn(?:-primary)?|button)\Z", re.IGNORECASE)
_BOXES = ("div", "aside", "figure", "section")
_LONGEST_BUTTON, _LONGEST = 60, 2_000
_ICON, _THUMBNAIL = "20", "160"


def frame(root: HtmlElement) -> None:
    """Make quotations of callouts and cards, and tables of the class "button" of links that look like buttons."""
    for box in _outermost(root, _CARD):
        if box.find(".//a") is not None:
            _make_card(box)
    for box in _outermost(root, _CALLOUT):
        if 0 < len(text_in(box)) <= _LONGEST:
            _join_emoji(box)
            box.tag = "blockquote"
    for link in [a for a in root.iter("a") if _has_class(a, _BUTTON) or _has_class(a.getparent(), _BUTTON)]:
        alone = text_in(link.getparent()) == text_in(link) and link.find(".//img") is None
        if alone and 0 < len(text_in(link)) <= _LONGEST_BUTTON:
            _make_button(link)


def _has_class(element: HtmlElement, pattern: re.Pattern[str]) -> bool:
    return any(pattern.search(name) for name in (element.get("class") or "").split())


def _outermost(root: HtmlElement, pattern: re.Pattern[str]) -> list[HtmlElement]:
    found = [e for e in root.iter(*_BOXES) if e is not root and _has_class(e, pattern)]
    known = set(found)
    return [e for e in found if not any(a in known for a in e.iterancestors())]


def _make_card(box: HtmlElement) -> None:
    for image in box.iter("img"):
        icon = "icon" in (image.get("class") or "").lower() or "favicon" in (image.get("src") or "").lower()
        if icon or not image.get("width"):
            image.attrib.pop("height", None)
            image.set("width", _ICON if icon else _THUMBNAIL)
    links = list(box.iter("a"))
    if len({link.get("href") for link in links}) == 1:
        address = links[0].get("href")
        for link in links:
            link.drop_tag()
        first = next((e for e in box.iter() if not len(e) and text_in(e)), None)
        if first is not None and first is not box:
            inner = etree.SubElement(first, "a", {"href": address})
            inner.text, first.text = first.text, None
        else:
            box.insert(0, link := etree.Element("a", {"href": address}))
            link.text, box.text = box.text, None
    box.tag = "blockquote"


def _join_emoji(box: HtmlElement) -> None:
    """Put an emoji that has an element of its own on the line of the text behind it."""
    first = next(iter(box), None)
    text = "" if first is None else text_in(first)
    is_emoji = 0 < len(text) <= 4 and not any(map(str.isalnum, text))
    if first is not None and is_emoji and first.getnext() is not None:
        following = first.getnext()
        first.drop_tree()
        target = next((e for e in following.iter("p") if text_in(e)), following)
        target.text = f"{text} {(target.text or '').lstrip()}"


def _make_button(link: HtmlElement) -> None:
    table = etree.Element("table", {"class": "button", "role": "presentation"})
    cell = etree.SubElement(etree.SubElement(etree.SubElement(table, "tbody"), "tr"), "td")
    link.addprevious(table)
    table.tail, link.tail = link.tail, None
    cell.append(link)


def keep_buttons(root: HtmlElement) -> None:
    """Remove the class and the role of all tables but buttons."""
    for table in root.iter("table"):
        is_button = table.get("role") == "presentation" and len(list(table.iter("td"))) == 1
        if not (is_button and table.get("class") == "button" and table.find(".//a") is not None):
            table.attrib.pop("class", None)
            table.attrib.pop("role", None)
