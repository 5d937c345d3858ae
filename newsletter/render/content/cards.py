"""Cards and quotations of posts in emails, and links to what services play: tables, whose cells have a background.

Outlook on Windows ignores the padding of boxes and quotations.
"""

import re

from newsletter.render.content.fragment import Element, text_of
from newsletter.render.content.images import fitted, pixels
from newsletter.render.content.videos import PLAY

COVER = 96
"""Pixels of the picture of a card."""
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
    for box in [e for e in root.iter("div") if e.get("class") == "link-card"]:
        _make_card(box)
    for quote in [e for e in root.iter("blockquote") if e.get("class") == "quoted"]:
        cell = _in_table(quote)
        cell.append(quote)
        quote.tail = None
    for paragraph in [e for e in root.iter("p") if len(e) == 1 and e[0].tag == "a" and e.find(".//img") is None]:
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


def _in_table(element: Element) -> Element:
    """Put a table with one cell in place of an element, and return the cell."""
    attributes = {"class": "card", "role": "presentation", "width": "100%", "cellspacing": "0"}
    table = element.makeelement("table", attributes)
    body, row, cell = (element.makeelement(tag, {}) for tag in ("tbody", "tr", "td"))
    table.append(body)
    body.append(row)
    row.append(cell)
    element.getparent().replace(element, table)
    table.tail, element.tail = element.tail, None
    return cell


def _make_card(box: Element) -> None:
    paragraphs = box.findall("p")
    picture = paragraphs[0].find("a/img") if paragraphs and not text_of(paragraphs[0]) else None
    lines = paragraphs[1:] if picture is not None else paragraphs
    title = lines[0].find("a") if lines else None
    cell = _in_table(box)
    cell.extend(lines)
    if title is None:
        return
    if picture is not None:
        cell.addprevious(_cover(picture, title.get("href")))
    if service_of(title.get("href")) and not text_of(title).startswith(PLAY):
        title.text = f"{PLAY} {title.text or ''}"
    lines[0].set("class", "card-title")
    for line in lines[1:]:
        line.set("class", "meta")


def _cover(picture: Element, address: str) -> Element:
    """Return a cell with a picture, whose link says nothing, since that of the title beside it does."""
    cell = picture.makeelement("td", {"class": "cover", "width": str(COVER)})
    link = cell.makeelement("a", {"href": address, "tabindex": "-1", "aria-hidden": "true"})
    width, height = fitted(pixels(picture.get("width")), pixels(picture.get("height")), COVER)
    sides = {"width": str(width)} | ({"height": str(height)} if height else {})
    link.append(picture.makeelement("img", {"src": picture.get("src"), "alt": "", **sides}))
    cell.append(link)
    return cell


def _make_player(paragraph: Element, link: Element, service: str) -> None:
    title = text_of(link).removeprefix(PLAY).strip()
    is_address = " " not in title and "." in title
    for child in list(link):
        link.remove(child)
    link.text = f"{PLAY} {service if is_address or not title else title}"
    cell = _in_table(paragraph)
    paragraph.set("class", "card-title")
    paragraph.text = link.tail = None
    cell.append(paragraph)
    if not is_address and title and title != service:
        line = paragraph.makeelement("p", {"class": "meta"})
        line.text = service
        cell.append(line)
