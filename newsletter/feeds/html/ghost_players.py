"""Ghost's cards of audio and video files: a link with a picture, a title and a duration, as that of an enclosure."""

import re

from lxml import etree

from newsletter.feeds.html.markup import HtmlElement, text_in

_CARD = re.compile(r"(?:\A|\s)kg-(audio|video)-card(?:\s|\Z)")
_SECONDS = re.compile(r"\d{1,6}(?:\.\d{1,9})?")
_CLOCK = re.compile(r"(?:\d{1,2}:)?\d{1,2}:\d{2}")


def simplify(root: HtmlElement) -> None:
    """Put a line with a linked title in place of each card with a file; the caption stays below it."""
    for card in [e for e in root.iter("div", "figure") if _CARD.search(e.get("class") or "")]:
        media = next(card.iter("audio", "video"), None)
        address = "" if media is None else media.get("src") or ""
        if media is None or not address:
            continue
        title = next((text_in(e) for e in card.iter() if "kg-audio-title" in (e.get("class") or "").split()), "")
        line = _line(address, title, _thumbnail(card, media), _duration(card), is_small=media.tag == "audio")
        card.addprevious(line)
        caption = card.find(".//figcaption")
        if caption is not None and text_in(caption):
            caption.tag, caption.tail = "div", None
            card.addprevious(caption)
        for child in list(card):
            card.remove(child)
        card.text = None
        card.drop_tree()


def _line(address: str, title: str, picture: str, duration: str, *, is_small: bool) -> HtmlElement:
    line: HtmlElement = etree.Element("p")
    link = etree.SubElement(line, "a", {"href": address})
    if picture:
        etree.SubElement(link, "img", {"src": picture, "alt": ""} | ({"width": "160"} if is_small else {}))
        etree.SubElement(link, "br")
    name = title or address.partition("?")[0].rpartition("/")[2]
    if picture:
        link[-1].tail = name
    else:
        link.text = name
    if duration:
        etree.SubElement(line, "br").tail = duration
    return line


def _thumbnail(card: HtmlElement, media: HtmlElement) -> str:
    image = next((e for e in card.iter("img") if e.get("src") and "kg-audio-hide" not in (e.get("class") or "")), None)
    if image is not None:
        return str(image.get("src"))
    poster = card.get("data-kg-custom-thumbnail") or card.get("data-kg-thumbnail") or media.get("poster") or ""
    return "" if "spacergif.org" in poster else poster


def _duration(card: HtmlElement) -> str:
    """Return the duration that a card names, in seconds or as a clock's time, as minutes; "" if it names none."""
    text = next((text_in(e) for e in card.iter() if re.search(r"kg-\w+-duration", e.get("class") or "")), "")
    if _SECONDS.fullmatch(text):
        seconds = int(float(text))
    elif _CLOCK.fullmatch(text):
        seconds = sum(int(part) * 60**place for place, part in enumerate(reversed(text.split(":"))))
    else:
        seconds = 0
    return f"{max(1, round(seconds / 60))} min" if seconds else ""
