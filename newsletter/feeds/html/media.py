"""Addresses and images in a post's HTML: made absolute and safe."""

import re

from lxml import etree

from newsletter.domain.found_post import Image
from newsletter.feeds.document import absolute, split_address
from newsletter.feeds.html import image_sizes
from newsletter.feeds.html.markup import HtmlElement

_SCHEMES = ("http", "https", "mailto")
_NUMBER = re.compile(r"\s*(\d{1,4})(?:\.\d+)?(?:px)?\s*")
_TINY = re.compile(r"(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|\Z)", re.IGNORECASE)
_TRACKER = re.compile(
    r"//(?:[\w.-]*\.)?(?:feeds\.feedburner\.com/~r/|feedproxy\.google\.com/~r/|pixel\.wp\.com/"
    r"|stats\.wordpress\.com/b\.gif|medium\.com/_/stat|blogger\.googleusercontent\.com/tracker/|pixel\.quantserve\.com/|rss\.feedsportal\.com/"
    r"|da\.feedsportal\.com/|ads\.pheedo\.com/|feeds\.wordpress\.com/1\.0/|www\.google-analytics\.com/)",
    re.IGNORECASE,
)


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
        sides = image_sizes.sides_of(image)
        for side in image_sizes.SIDES:
            image.attrib.pop(side, None)
            if side in sides:
                image.set(side, str(sides[side]))
    return trackers, missing


def _is_tracker(image: HtmlElement, url: str) -> bool:
    sides = [m[1] for m in map(_NUMBER.fullmatch, (image.get("width") or "", image.get("height") or "")) if m]
    return any(int(s) <= 1 for s in sides) or bool(_TINY.search(image.get("style") or "")) or bool(_TRACKER.search(url))


def _drop_with_link(image: HtmlElement) -> None:
    """Take an image away, and the link that held nothing else."""
    around = image.getparent()
    image.drop_tree()
    if around is not None and around.tag == "a" and not len(around) and not (around.text or "").strip():
        around.drop_tree()


def unpack_captions(root: HtmlElement) -> None:
    """Blogger lays a picture and its caption out in a table: make a figure of it."""
    for table in list(root.iter("table")):
        if "tr-caption-container" not in (table.get("class") or "").split():
            continue
        figure = etree.Element("figure")
        for cell in list(table.iter("td")):
            cell.tag = "figcaption" if "tr-caption" in (cell.get("class") or "").split() else "div"
            figure.append(cell)
        table.addprevious(figure)
        table.drop_tree()


def first_image(root: HtmlElement) -> Image | None:
    """Return the first image of a post that is no icon: at least 100 px wide if it has a width."""
    for image in root.iter("img"):
        width, height = (int(v) if (v := image.get(side)) else None for side in ("width", "height"))
        if (width or 100) >= 100 and (height or 100) >= 60:
            return Image(image.get("src") or "", image.get("alt") or "", width, height)
    return None
