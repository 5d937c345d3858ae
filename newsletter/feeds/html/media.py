"""Addresses and images in a post's HTML: made absolute and safe.

The size at which an image is meant to be shown is in its attributes, its style, or what a blog's software notes.
"""

import re

from lxml import etree
from lxml.builder import E

from newsletter.domain.found_post import Image
from newsletter.feeds.document import absolute, split_address
from newsletter.feeds.html import parts
from newsletter.feeds.html.markup import HtmlElement, classes, replace, words

_SCHEMES = ("http", "https", "mailto")
_TINY = re.compile(r"(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|\Z)", re.IGNORECASE)
_TRACKER = re.compile(
    r"//(?:[\w.-]*\.)?(?:feeds\.feedburner\.com/~r/|feedproxy\.google\.com/~r/|pixel\.wp\.com/"
    r"|stats\.wordpress\.com/b\.gif|medium\.com/_/stat|blogger\.googleusercontent\.com/tracker/|pixel\.quantserve\.com/|rss\.feedsportal\.com/"
    r"|da\.feedsportal\.com/|ads\.pheedo\.com/|feeds\.wordpress\.com/1\.0/|www\.google-analytics\.com/)",
    re.IGNORECASE,
)
SIZE_ATTRIBUTES = words(
    "data-width data-height data-orig-width data-orig-height data-original-width data-original-height "
    "data-image-width data-image-height data-orig-size data-image-dimensions data-size"
)
SIDES = ("width", "height")
_LENGTH = re.compile(r"\s*(\d{1,5})(?:\.\d+)?(?:px)?\s*")
_IN_STYLE = {
    side: re.compile(rf"(?:\A|;)\s*{side}\s*:\s*(\d{{1,5}})(?:\.\d+)?px\s*(?:!\s*important\s*)?(?:;|\Z)", re.IGNORECASE)
    for side in SIDES
}
_PREFIXES = ("data-", "data-orig-", "data-original-", "data-image-")
_PAIRS = ("data-orig-size", "data-image-dimensions", "data-size")
_PAIR = re.compile(r"\s*(\d{1,5})\s*[x,]\s*(\d{1,5})\s*")
_EMOJI = words("emoji wp-smiley smiley smilie smilies emoticon custom-emoji twemoji emojione")
_TEXT_HEIGHT = 20


def safe_address(url: str, base: str) -> str:
    """Return an http, https or mailto address, absolute; "" for any other, and for none."""
    if not url.strip():
        return ""
    whole = absolute(url, base)
    parts = split_address(whole)
    if parts.scheme not in _SCHEMES or (parts.scheme != "mailto" and not parts.netloc):
        return ""
    return whole


def make_links_safe(root: HtmlElement, base: str) -> None:
    """Links lead to absolute http, https or mailto addresses; the text of others stays."""
    for link in list(root.iter("a")):
        if url := safe_address(link.get("href") or "", base):
            link.set("href", url)
        else:
            link.drop_tag()


def make_images_safe(root: HtmlElement, base: str) -> tuple[int, int]:
    """Images get an absolute address and sizes in whole pixels; trackers and images without an address go.

    Returns the numbers of both.
    """
    trackers = missing = 0
    for image in list(root.iter("img")):
        url = safe_address(image.get("src") or "", base)
        tracks = _is_tracker(image, url)
        trackers += tracks
        missing += not url and not tracks
        if not url or tracks:
            _drop_with_link(image)
            continue
        image.set("src", url)
        sides = sides_of(image)
        etree.strip_attributes(image, *SIDES)
        for side, length in sides.items():
            image.set(side, str(length))
    return trackers, missing


def _is_tracker(image: HtmlElement, url: str) -> bool:
    sides = filter(None, (_LENGTH.fullmatch(image.get(side) or "") for side in SIDES))
    is_tiny = any(int(side[1]) <= 1 for side in sides) or bool(_TINY.search(image.get("style") or ""))
    return is_tiny or bool(_TRACKER.search(url))


def _drop_with_link(image: HtmlElement) -> None:
    """Take an image away, and the link that held nothing else."""
    parent = image.getparent()
    image.drop_tree()
    if parent is not None and parent.tag == "a" and not len(parent) and not (parent.text or "").strip():
        parent.drop_tree()


def unpack_captions(root: HtmlElement) -> None:
    """Blogger lays a picture and its caption out in a table: make a figure of it."""
    for table in list(root.iter("table")):
        if "tr-caption-container" not in classes(table):
            continue
        figure = E.figure(*table.iter("td"))
        for cell in figure:
            cell.tag = "figcaption" if "tr-caption" in classes(cell) else "div"
        replace(table, figure)


def first_image(root: HtmlElement) -> Image | None:
    """Return the first image of a post that is no icon, at least 100 px wide if it has a width, and not of a card."""
    for image in root.iter("img"):
        if any(box.get("class") == parts.CLASSES[parts.CARD] for box in image.iterancestors("div")):
            continue
        width, height = (int(v) if (v := image.get(side)) else None for side in ("width", "height"))
        if (width or 100) >= 100 and (height or 100) >= 60:
            return Image(image.get("src") or "", image.get("alt") or "", width, height)
    return None


def sides_of(image: HtmlElement) -> dict[str, int]:
    """Return the sides of an image in whole pixels, as far as it says them; emoji are as high as the text.

    A side of the style is used where the attribute of that name is missing or no number, or larger, as in WordPress,
    whose attributes have the size of the file. Noted sizes are used only together.
    """
    if not _EMOJI.isdisjoint(classes(image)):
        return dict.fromkeys(SIDES, _TEXT_HEIGHT)
    sides = {side: _length(image.get(side) or "") or _styled(image, side) for side in SIDES}
    shown, width = _styled(image, "width"), sides["width"]
    if 0 < shown < width:
        sides = {"width": shown, "height": max(1, round(sides["height"] * shown / width)) if sides["height"] else 0}
    return {side: length for side, length in sides.items() if length} or _noted(image)


def _length(text: str) -> int:
    match = _LENGTH.fullmatch(text)
    return int(match[1]) if match else 0


def _styled(image: HtmlElement, side: str) -> int:
    match = _IN_STYLE[side].search(image.get("style") or "")
    return int(match[1]) if match else 0


def _noted(image: HtmlElement) -> dict[str, int]:
    for prefix in _PREFIXES:
        width, height = (_length(image.get(prefix + side) or "") for side in SIDES)
        if width and height:
            return {"width": width, "height": height}
    for name in _PAIRS:
        if (match := _PAIR.fullmatch(image.get(name) or "")) and int(match[1]) and int(match[2]):
            return {"width": int(match[1]), "height": int(match[2])}
    return {}
