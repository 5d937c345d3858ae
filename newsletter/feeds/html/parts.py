"""Parts of a post that emails show in a way of their own, in the form in which posts are stored.

- a row: `<div class="row">` with two or three figures side by side
- a callout: `<div class="callout" data-tint="note">` (or `tip`, `warning`) with blocks
- a card that leads elsewhere: `<div class="link-card">` with a picture, a title that is a link, and lines about it,
  each a paragraph
- quotations of the classes in `QUOTATIONS`

While a post is cleaned they are elements of their own, which no source can write, since wrappers such as `div` go.
"""

import re
from collections.abc import Iterable

from lxml.builder import E

from newsletter.feeds.html.markup import HtmlElement, has_class, words

ROW, CALLOUT, CARD = "x-row", "x-callout", "x-card"
PARTS = words(f"{ROW} {CALLOUT} {CARD}")
CLASSES = {ROW: "row", CALLOUT: "callout", CARD: "link-card"}
QUOTATIONS = ("pull", "quoted")
"""The classes of quotations: of words of the text itself, and of posts in social networks."""
_QUOTED = re.compile(r"\A(?:twitter-(?:tweet|video)|bluesky-embed|reddit-embed-bq|quoted)\Z")
TINTS = ("note", "tip", "warning")
MOST_IN_A_ROW = 3


def card(address: str, title: str, lines: Iterable[str] = (), picture: str = "") -> HtmlElement:
    """Return a card. `lines` say more than the title, such as a description and a site; empty ones are left out."""
    pictures = [E.p(E.a(E.img(src=picture, alt=""), href=address))] if picture else []
    paragraphs = map(E.p, filter(None, map(str.strip, lines)))
    return E(CARD, *pictures, E.p(E.a(title, href=address)), *paragraphs)


def rows(figures: list[HtmlElement], most: int = MOST_IN_A_ROW) -> list[HtmlElement]:
    """Return figures in rows of two, or of up to three; a single figure stays one."""
    blocks: list[HtmlElement] = []
    place = 0
    while place < len(figures):
        left = len(figures) - place
        size = 2 if left in (2, 4) else min(most, left)  # of four, none is left alone
        blocks.append(E(ROW, *figures[place : place + size]) if size > 1 else figures[place])
        place += size
    return blocks


def finish(root: HtmlElement) -> None:
    """Write the parts as elements of HTML, and leave quotations no classes but those of `QUOTATIONS`."""
    for part in list(root.iter(*PARTS)):
        part.set("class", CLASSES[part.tag])
        part.tag = "div"
    for quote in root.iter("blockquote"):
        if quote.get("class") not in QUOTATIONS:
            quote.attrib.pop("class", None)


def mark_quoted_posts(root: HtmlElement) -> None:
    """Give quotations of posts, known by the class that the network writes, the class "quoted"."""
    for quote in root.iter("blockquote"):
        if has_class(quote, _QUOTED):
            quote.set("class", "quoted")


def quoted_post(text: str, author: str, address: str, date: str = "") -> HtmlElement:
    """Return a quotation as networks write it: the text, and a line with its author, date and link."""
    lines = map(E.p, filter(None, map(str.strip, text.split("\n"))))
    source = E.a(date or address, href=address) if address else date
    return E.blockquote({"class": "quoted"}, *lines, E.p(f"— {author} " if author else "— ", source))
