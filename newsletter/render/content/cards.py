"""Cards and quotations of posts in emails, and links to what services play: tables, whose cells have a background.

Outlook on Windows ignores the padding of boxes and quotations.
"""

import re

from newsletter.render.content.fragment import Element, add, table_instead, text_of
from newsletter.render.content.images import fitted, size_of
from newsletter.render.content.videos import CARD, COVER, PLAY, cover_cell

_SERVICES = (
    ("Spotify", re.compile(r"https?://open\.spotify\.com/(?:intl-\w+/)?(?:track|album|artist|playlist|episode|show)/")),
    ("Apple Podcasts", re.compile(r"https?://podcasts\.apple\.com/")),
    ("Apple Music", re.compile(r"https?://music\.apple\.com/")),
    ("Bandcamp", re.compile(r"https?://(?:[\w-]+\.bandcamp\.com/(?:album|track)|bandcamp\.com/EmbeddedPlayer)/")),
    ("Substack", re.compile(r"https://api\.substack\.com/api/v1/audio/upload/")),
    (
        "SoundCloud",
        re.compile(r"https?://(?:(?:www\.|m\.)?soundcloud\.com/[^/?#]+/[^/?#]+|w\.soundcloud\.com/player/)"),
    ),
)
_ANY_SERVICE = re.compile(
    r'href="https?://(?:open\.spotify|podcasts\.apple|music\.apple|(?:[\w-]+\.)?bandcamp|(?:\w+\.)?soundcloud)\.'
)


def show_cards(root: Element) -> None:
    """Make tables of cards, quotations of posts, and links to what a service plays that are alone."""
    for box in [box for box in root.iter("div") if box.get("class") == "link-card"]:
        _make_card(box)
    for quote in [quote for quote in root.iter("blockquote") if quote.get("class") == "quoted"]:
        add(table_instead(quote, CARD), "td").append(quote)
    for paragraph in [p for p in root.iter("p") if len(p) == 1 and p[0].tag == "a" and p.find(".//img") is None]:
        link = paragraph[0]
        service = service_of(link.get("href") or "")
        if service and text_of(link) == text_of(paragraph) and next(paragraph.iterancestors("td", "li"), None) is None:
            _make_player(paragraph, link, service)


def has_cards(html: str) -> bool:
    """Return whether HTML may have anything of which `show_cards` makes a table."""
    return ' class="' in html or _ANY_SERVICE.search(html) is not None


def service_of(address: str) -> str:
    """Return the name of the service that plays what an address leads to, "" for other addresses."""
    return next((name for name, pattern in _SERVICES if pattern.match(address)), "")


def _make_card(box: Element) -> None:
    paragraphs = box.findall("p")
    picture = paragraphs[0].find("a/img") if paragraphs and not text_of(paragraphs[0]) else None
    lines = paragraphs[1:] if picture is not None else paragraphs
    title = lines[0].find("a") if lines else None
    row = table_instead(box, CARD)
    add(row, "td").extend(lines)
    if title is None:
        return
    if picture is not None:
        size = fitted(*size_of(picture), COVER)
        row.insert(0, cover_cell(picture, title.get("href"), *size))
    if service_of(title.get("href")) and not text_of(title).startswith(PLAY):
        title.text = f"{PLAY} {title.text or ''}"
    lines[0].set("class", "card-title")
    for line in lines[1:]:
        line.set("class", "meta")


def _make_player(paragraph: Element, link: Element, service: str) -> None:
    title = text_of(link).removeprefix(PLAY).strip()
    is_address = " " not in title and "." in title
    del link[:]
    link.text = f"{PLAY} {service if is_address or not title else title}"
    cell = add(table_instead(paragraph, CARD), "td")
    paragraph.set("class", "card-title")
    paragraph.text = link.tail = None
    cell.append(paragraph)
    if not is_address and title and title != service:
        add(cell, "p", {"class": "meta"}).text = service
