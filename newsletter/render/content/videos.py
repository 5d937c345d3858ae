"""Links to videos and recordings, since email programs play neither.

A video is a picture with a play mark, and the title below it; so is a video's file that has a poster. Any other
recording, such as an episode of a podcast, has a button, or a box if it has a title of its own.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from itertools import islice
from types import MappingProxyType
from urllib.parse import unquote

from newsletter.domain.digest import Preview
from newsletter.render.content.fragment import Element, add, first_child, parse, serialise, table_instead, text_of
from newsletter.render.content.images import column_of, filling, fitted, set_size, size_of

PLAY = "▶"
# Below the site's address. Sent emails refer to it, so it keeps its name.
PICTURE = "/static/email/play.png"
_SIZE = (552, 310)
COVER = 96
"""Pixels of the image of a card."""
CARD = MappingProxyType({"class": "card", "role": "presentation", "width": "100%", "cellspacing": "0"})
"""The attributes of the table of a card."""
BUTTON = MappingProxyType({"class": "go", "role": "presentation", "cellspacing": "0", "cellpadding": "0"})
"""The attributes of the table of a button."""
_WATCH_PAGE = re.compile(
    r"https?://(?:(?:www|m)\.)?"
    r"(?:youtube\.com/(?:watch\?|shorts/|live/)|youtu\.be/\w|vimeo\.com/\d|dailymotion\.com/video/|tiktok\.com/@[^/]+/video/)"
)

_ENDINGS = r"\.(?:mp3|m4a|m4b|aac|ogg|oga|opus|flac|wav|mp4|m4v|mov|webm|ogv)"
RECORDING = re.compile(rf"{_ENDINGS}(?:[?#]|\Z)", re.IGNORECASE)
"""The end of an address of a recording."""
NAME_OF_FILE = re.compile(rf"{_ENDINGS}(?:[?#][^<>]{{0,80}})?<", re.IGNORECASE)
"""The end of a text in HTML that is the name of a recording's file, or its address."""
_VIDEO_FILE = re.compile(r"\.(?:mp4|m4v|mov|webm|ogv)(?:[?#]|\Z)", re.IGNORECASE)
NAMED = "data-named"
"""The attribute of a link to a recording whose words are this program's."""
_LONGEST_DURATION = 20
_SAYS_NOTHING = re.compile(
    r"(?:(?:youtube|vimeo|dailymotion|tiktok)(?:[ -](?:video|embed(?:ded)?|player|iframe))*"
    r"|(?:embedded )?video(?:[ -](?:player|embed))?|embedded content)",
    re.IGNORECASE,
)
"""Titles of players that only say what they are."""


def is_recording_or_video(url: str) -> bool:
    """Return whether an address is that of a video's page or of a recording, which emails show as a card."""
    return _WATCH_PAGE.match(url) is not None or RECORDING.search(url) is not None


def may_have_video(text: str) -> bool:
    """Return whether a text, or HTML, has the address of a video's page or a play mark."""
    return PLAY in text or _WATCH_PAGE.search(text) is not None


def short_name(url: str) -> str:
    """Return what an address is called where nothing says its title: the file of a recording, else the host."""
    host, _, path = re.sub(r"\Ahttps?://(?:www\.|m\.)?", "", url).partition("/")
    file = unquote(re.split(r"[?#]", path)[0].rpartition("/")[2]) if RECORDING.search(url) else ""
    return file or host


def video_links(html: str) -> Iterator[str]:
    """Yield the addresses of the videos in a cleaned post that have a block of their own."""
    if may_have_video(html):
        yield from (link.get("href") for link in parse(html).iter("a") if text_of(link) and _is_video(link))


def show_videos(
    root: Element, picture: str, previews: Mapping[str, Preview], *, headline: str = "", watch: str
) -> None:
    """Mark each link to a video that is alone in its block, and put a picture above its title.

    That is the one of `previews`, by address, else the address `picture`, if it isn't "". The link says `watch` if its
    title would repeat the post's headline, or is unknown.
    """
    for link in list(root.iter("a")):
        link_text = text_of(link).removeprefix(PLAY).strip()
        if link_text and _is_video(link):
            preview = previews.get(link.get("href"))
            title = preview.title if preview and preview.title and not _is_title(link_text) else link_text
            _show(link, title if title != headline and _is_title(title) else watch, preview, picture)


def show_recordings(root: Element, tallest: int = 0) -> None:
    """Make a card of each paragraph with nothing but a recording's title, image and duration, with a play mark.

    The card is a table, whose cells have padding in Outlook on Windows too, and leave no gap when images are off.
    A recording without a title of its own has a button with its duration, beside its image if it has one. The poster of
    a video's file fills the column above its title instead, no higher than `tallest`, 0 for any height.
    """
    for paragraph, title in list(recordings(root)):
        if title.text and not len(title) and title.text.strip() == title.get("href"):
            title.text = short_name(title.get("href"))
        if not is_video_link(title):
            _mark(title)
        has_no_title = title.attrib.pop(NAMED, None) is not None
        poster = next(paragraph.iter("img"), None) if is_video_file(title.get("href")) else None
        if poster is not None:
            _show_poster(poster, tallest)
        else:
            _make_card(paragraph, title, is_button=has_no_title)


def is_video_file(url: str) -> bool:
    """Return whether an address is that of a video's file."""
    return _VIDEO_FILE.search(url) is not None


def _show_poster(poster: Element, tallest: int) -> None:
    """Make a poster as wide as the column, unless it is small or a portrait."""
    column = column_of(poster)
    width, height = fitted(*filling(*size_of(poster), column), column, tallest)
    set_size(poster, width, height)
    poster.set("style", _style(poster, width))
    poster.set("class", "poster")


def _style(element: Element, width: int) -> str:
    """Return the style of a picture above a title. One in a figure is no block there, since a line break follows."""
    in_figure = next(element.iterancestors("figure"), None) is not None
    return f"{'display:inline; ' if in_figure else ''}width:100%; max-width:{width}px"


def _make_card(paragraph: Element, title: Element, *, is_button: bool) -> None:
    """Make a table of a paragraph: the image of a recording, if it has one, beside the rest or the button."""
    image = next(paragraph.iter("img"), None)
    if is_button and image is None:
        _make_button(paragraph, title)
        return
    row = table_instead(paragraph, CARD)
    if image is not None:
        row.append(_cover(image, title))
    cell = add(row, "td")
    if is_button:
        cell.append(paragraph)
        _make_button(paragraph, title)
    else:
        cell.text = paragraph.text
        cell.extend(list(paragraph))


def _make_button(paragraph: Element, title: Element) -> None:
    """Make a button of a paragraph: the words of its link and the duration behind it."""
    duration = "\u00a0".join(text_of(paragraph).removeprefix(text_of(title)).split())
    title.text = " · ".join(filter(None, (text_of(title), duration)))
    title.tail = None
    del title[:]
    title.set("class", "block-link")
    add(table_instead(paragraph, BUTTON), "td", {"class": "pressed"}).append(title)


def _cover(image: Element, title: Element) -> Element:
    """Take an image out of its paragraph, with its link and the line break behind it, and return a cell with it."""
    link = image.getparent() if image.getparent().tag == "a" else None
    width, height = size_of(image)
    cell = cover_cell(image, title.get("href"), COVER, round(height * COVER / width) if width and height else None)
    _take_out(image if link is None or link is title else link)
    return cell


def cover_cell(image: Element, address: str, width: int, height: int | None) -> Element:
    """Return a cell with an image in this size.

    Its link says nothing, since that of the title stands beside it (WCAG 2, technique H2).
    """
    cell = image.makeelement("td", {"class": "cover", "width": str(COVER)})
    link = add(cell, "a", {"href": address, "tabindex": "-1", "aria-hidden": "true"})
    sides = {"width": str(width)} | ({"height": str(height)} if height else {})
    add(link, "img", {"src": image.get("src"), "alt": "", **sides})
    return cell


def _take_out(element: Element) -> None:
    """Remove an element, and the line break behind it."""
    following = element.getnext()
    if following is not None and following.tag == "br" and not (element.tail or "").strip():
        following.drop_tree()
    element.drop_tree()


def leave_durations(root: Element) -> None:
    """Write the play mark and the duration alone where `show_recordings` would mark a title, behind all other text."""
    for paragraph, title in list(recordings(root)):
        title.drop_tree()
        duration = _duration(paragraph)
        del paragraph[:]
        paragraph.text = f"{PLAY}\u00a0{duration}" if duration else None
        root.append(paragraph)


@lru_cache(maxsize=256)
def recording_of(html: str) -> tuple[str, str]:
    """Return the address and the duration of a cleaned post's first recording that stands alone, "" if it has none."""
    root = parse(html) if "<a " in html else None
    if root is None or (recording := next(recordings(root), None)) is None:
        return "", ""
    paragraph, title = recording
    title.drop_tree()
    return title.get("href"), _duration(paragraph)


def _duration(paragraph: Element) -> str:
    """Return the text beside the title of a recording if it has a number, as durations do."""
    text = "\u00a0".join(text_of(paragraph).split())
    return text if any(map(str.isdigit, text)) else ""


@lru_cache(maxsize=256)
def video_of(html: str) -> str:
    """Return the address of the video that a cleaned post begins with, "" without one."""
    block = first_child(parse(html)) if may_have_video(html) else None
    link = None if block is None else next(filter(_is_video, block.iter("a")), None)
    return "" if link is None else link.get("href")


@lru_cache(maxsize=256)
def without_recordings(html: str) -> str:
    """Return a cleaned post without the paragraphs that are only a recording."""
    if "<a " not in html:
        return html
    root = parse(html)
    return serialise(root) if drop_recordings(root) else html


def drop_recordings(root: Element) -> bool:
    """Remove the paragraphs of which `show_recordings` would make cards; return whether there are any."""
    paragraphs = [paragraph for paragraph, _ in recordings(root)]
    for paragraph in paragraphs:
        paragraph.drop_tree()
    return bool(paragraphs)


def players_of(html: str) -> str:
    """Return the paragraphs of a cleaned post that are only a recording, and that of a video at its beginning."""
    if "<a " not in html:
        return ""
    root = parse(html)
    paragraphs = [paragraph for paragraph, _ in recordings(root)]
    block = first_child(root)
    if block is not None and block not in paragraphs and any(map(_is_video, block.iter("a"))):
        paragraphs.insert(0, block)
    players = parse("")
    for paragraph in paragraphs:
        paragraph.tail = None
        players.append(paragraph)
    return serialise(players)


def recordings(root: Element) -> Iterator[tuple[Element, Element]]:
    """Yield the paragraphs that are only a recording, its title, duration and image, each with its title."""
    if not any(RECORDING.search(link.get("href") or "") for link in root.iter("a")):
        return  # as in most posts: looking at each paragraph takes longer
    for paragraph in root.iter("p"):
        links = list(paragraph.iter("a"))
        titles = [link for link in links if text_of(link)]
        if len(titles) != 1 or any(not RECORDING.search(link.get("href") or "") for link in links):
            continue
        if len(text_of(paragraph)) - len(text_of(titles[0])) <= _LONGEST_DURATION:
            yield paragraph, titles[0]


def _mark(link: Element) -> None:
    """Put a play mark before the first text of a link, which may be below an image."""
    below = next((child for child in link if (child.tail or "").strip()), None)
    if below is None or (link.text or "").strip():
        link.text = f"{PLAY} {link.text or ''}"
    else:
        below.tail = f"{PLAY} {below.tail.lstrip()}"


def drop_videos(root: Element, url: str = "") -> None:
    """Remove the links that `show_videos` would mark, or only those to one address."""
    for link in list(root.iter("a")):
        if text_of(link) and _is_video(link) and url in ("", link.get("href")):
            link.getparent().drop_tree()


def without_video(html: str, url: str) -> str:
    """Return a cleaned post without the link to the video with this address."""
    root = parse(html)
    drop_videos(root, url)
    return serialise(root)


def is_video_link(link: Element) -> bool:
    """Return whether a link is marked as one to a video."""
    return text_of(link).startswith(PLAY)


def _is_title(text: str) -> bool:
    """Return whether a link has the title of its video, and isn't named after the host or the player."""
    return (" " in text or "." not in text) and not _SAYS_NOTHING.fullmatch(text)


def _is_video(link: Element) -> bool:
    if not (is_video_link(link) or _WATCH_PAGE.match(link.get("href") or "")):
        return False
    parent = link.getparent()
    is_only_link = len(list(islice(parent.iter("a"), 2))) == 1 and next(parent.iter("img"), None) is None
    return is_only_link and parent.tag in ("p", "div") and text_of(parent) == text_of(link)


def _show(link: Element, label: str, preview: Preview | None, picture: str) -> None:
    del link[:]
    link.text = f"{PLAY} {label}"
    own_picture = preview.image if preview else None
    if not (own_picture or picture):
        return
    column, size = column_of(link), (own_picture.width, own_picture.height) if own_picture else _SIZE
    width, height = fitted(*filling(*size, column), column)
    style = _style(link, width)
    attributes = {"src": own_picture.url if own_picture else picture, "alt": "", "width": str(width)}
    height_attribute = {"height": str(height)} if height else {}
    image = link.makeelement("img", attributes | height_attribute | {"style": style, "class": "poster"})
    line_break = link.makeelement("br", {})
    link.text, line_break.tail = None, link.text
    link.extend((image, line_break))
