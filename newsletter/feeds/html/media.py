"""Addresses, pictures and players in a post's HTML: made absolute, made safe, or replaced by what a mail can show."""

import re
from urllib.parse import parse_qs, unquote, urlsplit

from lxml import etree

from newsletter.domain.found_post import Image
from newsletter.feeds.document import absolute, split_address
from newsletter.feeds.html import image_sizes
from newsletter.feeds.html.markup import HtmlElement, words

PLAYERS = words("iframe video audio object embed")
_SCHEMES = ("http", "https", "mailto")
_MEDIA_FILE = re.compile(r"\.(?:mp3|m4a|aac|ogg|oga|opus|flac|wav|mp4|m4v|mov|webm|ogv)\Z", re.IGNORECASE)
_NUMBER = re.compile(r"\s*(\d{1,4})(?:\.\d+)?(?:px)?\s*")
_TINY = re.compile(r"(?:width|height)\s*:\s*[01](?:px)?\s*(?:;|\Z)", re.IGNORECASE)
_TRACKER = re.compile(
    r"//(?:[\w.-]*\.)?(?:feeds\.feedburner\.com/~r/|feedproxy\.google\.com/~r/|pixel\.wp\.com/"
    r"|stats\.wordpress\.com/b\.gif|medium\.com/_/stat|blogger\.googleusercontent\.com/tracker/|pixel\.quantserve\.com/|rss\.feedsportal\.com/"
    r"|da\.feedsportal\.com/|ads\.pheedo\.com/|feeds\.wordpress\.com/1\.0/|www\.google-analytics\.com/)",
    re.IGNORECASE,
)
_VIDEO = re.compile(
    r"https?://(?:(?:(?:www|m|player|geo)\.)?(?:youtube(?:-nocookie)?\.com/|youtu\.be/|vimeo\.com/|dailymotion\.com/|"
    r"tiktok\.com/(?:embed|player|@)|blogger\.com/video\.g)|[^/?#]+/(?:videos/(?:embed|watch)/|w/[\w-]{20,}))",
    re.IGNORECASE,
)
_WATCH_PAGE = re.compile(
    r"https?://(?:(?:(?:www|m)\.)?(?:youtube\.com/(?:watch\?|shorts/|live/)|youtu\.be/\w|vimeo\.com/\d|"
    r"dailymotion\.com/video/|tiktok\.com/@[^/]+/video/)|[^/?#]+/(?:videos/watch/|w/[\w-]{20,}))",
    re.IGNORECASE,
)
_YOUTUBE = re.compile(r"/(?:embed|v|shorts)/([\w-]{6,20})")


def is_video(url: str) -> bool:
    """Return whether an address is that of the page of a video."""
    return bool(_WATCH_PAGE.match(url))


def safe_address(url: str, base: str) -> str:
    """An http, https or mailto address, absolute; "" for any other, and for none."""
    if not url.strip():
        return ""
    whole = absolute(url, base)
    parts = split_address(whole)
    if parts.scheme not in _SCHEMES or (parts.scheme != "mailto" and not parts.netloc):
        return ""
    return whole


def replace_players(root: HtmlElement, base: str) -> int:
    """Players become a line with a link to what they play, named after its title, file or host; returns their number.

    A quotation of a video, as TikTok embeds it, gets such a line above it.
    """
    players = [e for e in root.iter(*PLAYERS) if not any(a.tag in PLAYERS for a in e.iterancestors())]
    for player in players:
        inner = [player, *player.iterdescendants("source", "embed", "iframe")]
        found = (e.get("src") or e.get("data-src") or e.get("data") or "" for e in inner)
        url = next(filter(None, (safe_address(_watch_page(u), base) for u in found)), "")
        link = etree.Element("a", {"href": url})
        title = (player.get("title") or "").strip() or _label(url)
        # The mark is for readers, and for the layout of emails, which shows a picture above such a link.
        link.text = f"▶ {title}" if player.tag == "video" or _VIDEO.match(url) else title
        for child in list(player):
            player.remove(child)
        player.text = None
        if url:
            line = etree.Element("div")
            line.append(link)
            player.addprevious(line)
        player.drop_tree()
    quoted = [e for e in root.iter("blockquote") if is_video(e.get("cite") or "")]
    for quote in quoted:
        line = etree.Element("div")
        etree.SubElement(line, "a", {"href": quote.get("cite")}).text = f"▶ {_label(quote.get('cite'))}"
        quote.addprevious(line)
    return len(players) + len(quoted)


def _label(url: str) -> str:
    """The name of a file that is played, else the host of what is embedded, with "maps" for a map."""
    parts = split_address(url)
    name = parts.path.rpartition("/")[2]
    if _MEDIA_FILE.search(name):
        return unquote(name)
    host = (parts.hostname or "").removeprefix("www.")
    return f"{host}/maps" if parts.path.startswith("/maps/") else host


def _watch_page(url: str) -> str:
    """The page of a video instead of its bare player."""
    host = split_address(url).hostname if url.startswith(("http", "//")) else None
    if host and host.endswith(("youtube.com", "youtube-nocookie.com")) and (found := _YOUTUBE.search(url)):
        start = parse_qs(urlsplit(url).query).get("start", [""])[0]
        return f"https://www.youtube.com/watch?v={found[1]}" + (f"&t={start}" if start.isdecimal() else "")
    if host == "player.vimeo.com":
        return url.replace("player.vimeo.com/video/", "vimeo.com/").partition("?")[0]
    return url.partition("?")[0].replace("/videos/embed/", "/videos/watch/") if "/videos/embed/" in url else url


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
    """The first picture of a post that is no icon: at least 100 px wide where it says so."""
    for image in root.iter("img"):
        width, height = (int(v) if (v := image.get(side)) else None for side in ("width", "height"))
        if (width or 100) >= 100 and (height or 100) >= 60:
            return Image(image.get("src") or "", image.get("alt") or "", width, height)
    return None
