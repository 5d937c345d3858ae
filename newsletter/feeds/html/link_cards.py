"""Cards that lead elsewhere: bookmarks of Ghost and others, files, posts of networks that are shown without their text.

Promises: no text is lost but that of a button; a card has one address.
"""

import re
from collections.abc import Iterator

from newsletter.feeds.html import parts
from newsletter.feeds.html.markup import HtmlElement, classes, has_class, outermost, replace, text_in

_CARD = re.compile(
    r"\A(?:(?:kg-)?bookmark(?:-card)?|link-?(?:card|preview)|embed-?card|blogcard|kg-file-card|file-embed-wrapper"
    r"|wp-block-file|onebox|mastodon-embed|instagram-media|text-post-media)\Z",
    re.IGNORECASE,
)
_TITLE = re.compile(r"title|details-h1", re.IGNORECASE)
_ICON = re.compile(r"icon|favicon|avatar", re.IGNORECASE)
_LINE = re.compile(r"metadata", re.IGNORECASE)
_HEADINGS = ("h3", "h4")
_ENTRIES = ("div", "aside", "figure", "section", "blockquote")
_LAST_IS_TITLE = "instagram-media"
_WORDPRESS = re.compile(r"\Awp-embedded-content\Z")
_BUTTON = re.compile(r"button", re.IGNORECASE)


def make_embedded_posts(root: HtmlElement) -> None:
    """Make a card of each post of another blog that WordPress shows: a quotation with its title, and a frame.

    The title of the frame has the name of the blog behind that of the post.
    """
    for quote in [e for e in root.iter("blockquote") if has_class(e, _WORDPRESS)]:
        links = list(quote.iter("a"))
        frame = next((e for e in quote.itersiblings("iframe") if has_class(e, _WORDPRESS)), None)
        if len(links) == 1 and text_in(links[0]) == text_in(quote) != "" and links[0].get("href"):
            site = "" if frame is None else (frame.get("title") or "").rpartition(" — ")[2]
            replace(quote, parts.card(links[0].get("href"), text_in(quote), (site,)))
            if frame is not None:
                frame.drop_tree()


def make_cards(root: HtmlElement) -> None:
    """Make cards of boxes with one address; a box with several stays as it is."""
    for box in outermost(e for e in root.iter(*_ENTRIES) if e is not root and has_class(e, _CARD)):
        addresses = dict.fromkeys(link.get("href") for link in box.iter("a") if link.get("href"))
        texts = list(_texts(box))
        if len(addresses) == 1 and texts:
            _make_card(box, next(iter(addresses)), texts)


def _make_card(box: HtmlElement, address: str, texts: list[tuple[HtmlElement, str]]) -> None:
    caption = next((e for e in box.iter("figcaption") if text_in(e)), None)
    is_title = [has_class(e, _TITLE) or not {e.tag, e.getparent().tag}.isdisjoint(_HEADINGS) for e, _ in texts]
    place = is_title.index(True) if any(is_title) else 0
    if _LAST_IS_TITLE in classes(box):
        place = len(texts) - 1
    lines = [text for number, (element, text) in enumerate(texts) if number != place and element is not caption]
    replace(box, parts.card(address, texts[place][1], lines, _picture(box)), caption=caption)


def _texts(box: HtmlElement) -> Iterator[tuple[HtmlElement, str]]:
    """Yield the innermost elements with text, in their order, and their texts; what a line names is joined."""
    if (box.text or "").strip():
        yield box, " ".join((box.text or "").split())
    for child in box:
        divided = (
            [e for e in child if text_in(e)] and not has_class(child, _LINE) and child.tag not in ("p", "figcaption")
        )
        if child.tag == "a" and has_class(child, _BUTTON):
            pass  # it leads where the title leads
        elif divided and any(e.tag in ("div", "p", "a", "span", "h3", "h4", "figcaption") for e in child):
            yield from _texts(child)
        elif has_class(child, _LINE):
            yield child, " · ".join(filter(None, map(text_in, child))) or text_in(child)
        elif text := text_in(child):
            yield child, text
        if (child.tail or "").strip():
            yield box, " ".join(child.tail.split())


def _picture(box: HtmlElement) -> str:
    """Return the address of a card's picture; icons are no pictures."""
    for image in box.iter("img"):
        size = int(image.get("width") or 0)
        if not (has_class(image, _ICON) or _ICON.search(image.get("src") or "") or 0 < size < 64):
            return image.get("src") or ""
    return ""
