"""Players in a post's HTML, and Ghost's cards of files: a line with a link takes the place of each, since emails can
play nothing.

Promises: the link leads to the page or the file that is played, not to what works only inside another page, where the
service has such an address; of several files, one that most programs play; a player without an address leaves nothing.
"""

import re
from collections.abc import Iterator
from html import unescape
from urllib.parse import parse_qs, unquote, urlsplit

from lxml.builder import E

from newsletter.feeds.document import split_address
from newsletter.feeds.html import parts
from newsletter.feeds.html.markup import HtmlElement, classes, has_class, outermost, replace, spaced, text_in, words
from newsletter.feeds.html.media import safe_address

_EMBEDS = {
    "amp-youtube": ("data-videoid", "https://www.youtube.com/watch?v={}"),
    "amp-vimeo": ("data-videoid", "https://vimeo.com/{}"),
    "amp-dailymotion": ("data-videoid", "https://www.dailymotion.com/video/{}"),
    "amp-twitter": ("data-tweetid", "https://twitter.com/i/status/{}"),
    "amp-instagram": ("data-shortcode", "https://www.instagram.com/p/{}/"),
    "lite-youtube": ("videoid", "https://www.youtube.com/watch?v={}"),
    "lite-vimeo": ("videoid", "https://vimeo.com/{}"),
    "amp-soundcloud": ("data-trackid", "https://w.soundcloud.com/player/?url=https%3A//api.soundcloud.com/tracks/{}"),
}
"""The attribute with the identifier of what an element embeds, and its address."""

PLAYERS = words("iframe video audio object embed amp-iframe amp-video amp-audio amp-facebook") | set(_EMBEDS)
ATTRIBUTES = words("src data data-src data-href title poster data-attrs") | {name for name, _ in _EMBEDS.values()}

_IDENTIFIER = re.compile(r"[\w-]{1,64}", re.ASCII)
_FILE = re.compile(r"\.(?:mp3|m4a|aac|ogg|oga|opus|flac|wav|mp4|m4v|mov|webm|ogv|pdf)\Z", re.IGNORECASE)
_PLAYED_EVERYWHERE = re.compile(r"\.(?:mp4|m4v|mp3|m4a)(?:[?#]|\Z)", re.IGNORECASE)
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
_BARE_ADDRESS = re.compile(r"\s*(https?://[^\s<>\"]{4,2000})\s*", re.IGNORECASE)
_YOUTUBE = re.compile(r"/(?:embed|v|shorts)/([\w-]{6,20})")

_PAGES = tuple(
    (re.compile(rf"\A(?:https?:)?//{pattern}", re.IGNORECASE), page)
    for pattern, page in (
        (r"player\.vimeo\.com/video/(\d+)\?(?:[^#]*&)?h=(\w+)", "https://vimeo.com/{}/{}"),
        (r"player\.vimeo\.com/video/(\d+)", "https://vimeo.com/{}"),
        (r"(?:www\.)?dailymotion\.com/embed/video/(\w+)", "https://www.dailymotion.com/video/{}"),
        (r"geo\.dailymotion\.com/player(?:/\w+)?\.html\?(?:[^#]*&)?video=(\w+)", "https://www.dailymotion.com/video/{}"),
        (r"player\.twitch\.tv/\?(?:[^#]*&)?video=v?(\d+)", "https://www.twitch.tv/videos/{}"),
        (r"player\.twitch\.tv/\?(?:[^#]*&)?channel=(\w+)", "https://www.twitch.tv/{}"),
        (r"clips\.twitch\.tv/embed/?\?(?:[^#]*&)?clip=([\w-]+)", "https://clips.twitch.tv/{}"),
        (r"(?:www\.)?loom\.com/embed/(\w+)", "https://www.loom.com/share/{}"),
        (r"giphy\.com/embed/(\w+)", "https://giphy.com/gifs/{}"),
        (r"archive\.org/embed/([\w.-]+)", "https://archive.org/details/{}"),
        (r"www\.linkedin\.com/embed/(feed/update/urn:li:\w+:\d+)", "https://www.linkedin.com/{}"),
        (r"drive\.google\.com/(file/d/[\w-]+)/preview", "https://drive.google.com/{}/view"),
        (r"embed\.ted\.com/(talks/[\w/-]+)", "https://www.ted.com/{}"),
        (r"open\.spotify\.com/embed(?:-podcast)?/(\w+/\w+)", "https://open.spotify.com/{}"),
        (r"embed\.(podcasts|music)\.apple\.com/([^#]+)", "https://{}.apple.com/{}"),
        (r"platform\.twitter\.com/embed/Tweet\.html\?(?:[^#]*&)?id=(\d+)", "https://twitter.com/i/status/{}"),
        (r"(?:www\.)?instagram\.com/((?:p|reel|tv)/[\w-]+)/embed", "https://www.instagram.com/{}/"),
        (r"embed\.bsky\.app/embed/(did:[\w:.%-]+)/app\.bsky\.feed\.post/(\w+)", "https://bsky.app/profile/{}/post/{}"),
        (r"codepen\.io/([\w-]+)/embed/(?:preview/)?(\w+)", "https://codepen.io/{}/pen/{}"),
        (r"([\w.-]+/@[\w.@-]+/\d+)/embed(?:[?#]|\Z)", "https://{}"),
        (r"www\.google\.[a-z.]+/maps/embed/v1/\w+\?(?:[^#]*&)?q=([^&#]+)",
         "https://www.google.com/maps/search/?api=1&query={}"),
        (r"www\.google\.[a-z.]+/maps/embed\?pb=[^#]*!1s0x[0-9a-f]+(?::|%3A)0x[0-9a-f]+!2s([^!&#]+)",
         "https://www.google.com/maps/search/?api=1&query={}"),
        (r"www\.google\.[a-z.]+/maps/embed\?pb=[^#]*?!2d(-?[\d.]+)!3d(-?[\d.]+)", "https://www.google.com/maps?q={1},{0}"),
    )
)  # fmt: skip
"""Addresses that work only inside another page, and those of the pages of what they show."""

_NAMED = re.compile(
    r"\A(?:https?:)?//(?:www\.facebook\.com/plugins/(?:post|video)\.php\?(?:[^#]*&)?href|w\.soundcloud\.com/player/?\?(?:[^#]*&)?url)"
    r"=(https(?::|%3A)(?:/|%2F){2}(?:[\w-]+\.)?(?:facebook|(?<!api\.)soundcloud)\.com[^&#]*)"
    r"|\A(?:https?:)?//cdn\.embedly\.com/widgets/media\.html\?(?:[^#]*&)?url=(https?(?::|%3A)(?:/|%2F){2}[^&#]*)",
    re.IGNORECASE,
)
"""Players whose address has that of the page that they show."""


_NUMBERED = re.compile(r"\?_=\d{1,3}\Z")
_PIN = re.compile(r"https?://(?:\w+\.)?pinterest\.[a-z.]+/pin/", re.IGNORECASE)
_SOUNDCLOUD = re.compile(r"(?:https?:)?//w\.soundcloud\.com/player", re.IGNORECASE)
_SOUNDCLOUD_PAGE = re.compile(r"https?://(?:www\.)?soundcloud\.com/[^/?#]", re.IGNORECASE)
_MASTODON = re.compile(r"\Amastodon-embed\Z")
_TOOT = re.compile(r"https?://([\w.-]+)/(@[\w.-]+(@[\w.-]+)?)/\d+")
_PREFIX = re.compile(r"\A(?:Spotify Embed|Embed Player)\s*:\s*", re.IGNORECASE)
_GHOST_CARD = re.compile(r"\Akg-(?:audio|video)-card\Z")
_GHOST_DURATION = re.compile(r"kg-\w+-duration")
_KINDS = words("maps forms spreadsheets presentation document")
_SECONDS = re.compile(r"\d{1,6}(?:\.\d{1,9})?")
_CLOCK = re.compile(r"(?:\d{1,2}:)?\d{1,2}:\d{2}")
_INSTEAD = re.compile(
    r"<a href=\"(https?://(?:[\w-]+\.bandcamp\.com|medium\.com/media)/[^\"<>]{1,500})\">([^<>]{1,500})</a>",
    re.IGNORECASE,
)


def is_video(url: str) -> bool:
    """Return whether an address is that of the page of a video."""
    return bool(_WATCH_PAGE.match(url))


def replace_players(root: HtmlElement, base: str) -> int:
    """Players become a line with a link to what they play, named after its title, file or host; returns their number.

    A quotation of a video, as TikTok embeds it, gets such a line above it.
    """
    players = outermost(root.iter(*PLAYERS))
    for player in players:
        instead, label = _instead(player) or _credited(player) or ("", "")
        addresses = (safe_address(instead, base), *(safe_address(page_of(u), base) for u in _addresses(player)))
        url = next(filter(None, addresses), "")
        if url:
            title = _PREFIX.sub("", player.get("title") or "").strip() or label or _label(url)
            # The mark is for readers, and for the layout of emails, which shows a picture above such a link.
            plays_video = player.tag in ("video", "amp-video") or _VIDEO.match(url)
            poster = safe_address(player.get("poster") or "", base)
            card = _card(url) if has_class(player, _MASTODON) else None
            player.addprevious(_line(url, f"▶ {title}" if plays_video else title, poster) if card is None else card)
        player.drop_tree()
    quoted = [e for e in root.iter("blockquote") if is_video(e.get("cite") or "")]
    for quote in quoted:
        quote.addprevious(_line(quote.get("cite"), f"▶ {_label(quote.get('cite'))}"))
    return len(players) + len(quoted)


def simplify_ghost_cards(root: HtmlElement) -> None:
    """Put a line with a linked title in place of each card of Ghost with a file; the caption stays below it."""
    for card in [e for e in root.iter("div", "figure") if has_class(e, _GHOST_CARD)]:
        media = next(card.iter("audio", "video"), None)
        address = "" if media is None else media.get("src") or ""
        if media is None or not address:
            continue
        title = next((text_in(e) for e in card.iter() if "kg-audio-title" in classes(e)), "")
        line = _line(address, title or address.partition("?")[0].rpartition("/")[2], _thumbnail(card, media))
        line.tag = "p"
        if media.tag == "audio":
            for picture in line.iter("img"):
                picture.set("width", "160")
        if duration := _duration(card):
            line.append(E.br())
            line[-1].tail = duration
        replace(card, line, caption=next(filter(text_in, card.iter("figcaption")), None))


def _thumbnail(card: HtmlElement, media: HtmlElement) -> str:
    image = next((e for e in card.iter("img") if e.get("src") and "kg-audio-hide" not in (e.get("class") or "")), None)
    if image is not None:
        return str(image.get("src"))
    poster = card.get("data-kg-custom-thumbnail") or card.get("data-kg-thumbnail") or media.get("poster") or ""
    return "" if "spacergif.org" in poster else poster


def _duration(card: HtmlElement) -> str:
    """Return the duration that a card names, in seconds or as a clock's time, as minutes; "" if it names none."""
    text = next((text_in(e) for e in card.iter() if has_class(e, _GHOST_DURATION)), "")
    if _SECONDS.fullmatch(text):
        seconds = int(float(text))
    elif _CLOCK.fullmatch(text):
        seconds = sum(int(part) * 60**place for place, part in enumerate(reversed(text.split(":"))))
    else:
        return ""
    return f"{max(1, round(seconds / 60))} min" if seconds else ""


def _instead(player: HtmlElement) -> tuple[str, str] | None:
    """Return the address and the words of the link that Bandcamp and Medium have for browsers without frames.

    Medium's leads to its frame and has its address as words; it is used only if the frame names no page.
    """
    link = _INSTEAD.search(player.text or "") if player.tag == "iframe" else None
    if link is None or (link[1] == link[2] and any(map(_NAMED.match, _addresses(player)))):
        return None
    return unescape(link[1]), "" if link[1] == link[2] else spaced(unescape(link[2]))


def _credited(player: HtmlElement) -> tuple[str, str] | None:
    """Return the address and the words of the line that SoundCloud's code has below its player, and remove the line.

    It names the artist and the track, with a link to each.
    """
    line = player.getnext()
    if line is None or line.tag != "div" or not _SOUNDCLOUD.match(player.get("src") or ""):
        return None
    addresses = [link.get("href") or "" for link in line.iter("a")]
    if len(addresses) != 2 or not all(map(_SOUNDCLOUD_PAGE.match, addresses)) or (player.tail or "").strip():
        return None
    words = text_in(line)
    line.drop_tree()
    return addresses[-1], words


def _card(url: str) -> HtmlElement | None:
    """Return a card that leads to a post on Mastodon; None for another address."""
    match = _TOOT.fullmatch(url)
    return parts.card(url, match[2] if match[3] else f"{match[2]}@{match[1]}", ("Mastodon",)) if match else None


def link_bare_addresses(root: HtmlElement) -> None:
    """Make a link of an address that is alone in its paragraph; blogs show a player for a video's. Links that scripts
    would fill with a post get its address as words.
    """
    quotations = list(root.iter("blockquote"))
    filled = _with_content(root) if quotations else set()
    of_posts = {link for each in quotations if each not in filled and (link := _link_alone(each)) is not None}
    for link in root.iter("a"):
        address = link.get("href") or ""
        if not len(link) and not text_in(link) and (link in of_posts or _PIN.match(address)):
            link.text = address
    for paragraph in root.iter("p", "div"):
        bare = None if len(paragraph) else _BARE_ADDRESS.fullmatch(paragraph.text or "")
        if bare and next(paragraph.iterancestors("a"), None) is None:
            paragraph.text = None
            paragraph.append(E.a(bare[1], href=bare[1]))


def _with_content(root: HtmlElement) -> set[HtmlElement]:
    """Return the elements that have text or an image in them; each is met once, however deep elements are nested."""
    filled: set[HtmlElement] = set()
    for element in root.iter():
        innermost = [element] if element.tag == "img" or spaced(element.text or "") else []
        if element is not root and spaced(element.tail or ""):
            innermost.append(element.getparent())
        for inside in innermost:
            while inside is not None and inside not in filled:
                filled.add(inside)
                inside = inside.getparent()
    return filled


def _link_alone(quotation: HtmlElement) -> HtmlElement | None:
    """Return the first link of a quotation if it leads to a page on the web."""
    link = quotation.find(".//a")
    is_web = link is not None and (link.get("href") or "").lower().startswith(("http://", "https://"))
    return link if is_web else None


def page_of(url: str) -> str:
    """Return the address of the page of what a player shows, else that of the player."""
    if match := _NAMED.match(url):
        return unquote(match[1] or match[2])
    for pattern, page in _PAGES:
        if match := pattern.match(url):
            return page.format(*match.groups())
    host = split_address(url).hostname if url.startswith(("http", "//")) else None
    if host and host.endswith(("youtube.com", "youtube-nocookie.com")):
        return _youtube_page(url)
    return url.partition("?")[0].replace("/videos/embed/", "/videos/watch/") if "/videos/embed/" in url else url


def _youtube_page(url: str) -> str:
    parts = urlsplit(url)
    query = {name: values[0] for name, values in parse_qs(parts.query).items() if _IDENTIFIER.fullmatch(values[0])}
    if parts.path.rstrip("/") in ("/embed", "/embed/videoseries") and "list" in query:
        return f"https://www.youtube.com/playlist?list={query['list']}"
    if parts.path == "/embed/live_stream" and "channel" in query:
        return f"https://www.youtube.com/channel/{query['channel']}/live"
    if match := _YOUTUBE.search(url):
        start = query.get("start", "")
        return f"https://www.youtube.com/watch?v={match[1]}" + (f"&t={start}" if start.isdecimal() else "")
    return url


def _addresses(player: HtmlElement) -> list[str]:
    """Return the addresses of the files that an element plays, those that most programs can play first.

    WordPress numbers the players of a page in their addresses.
    """
    elements = (player, *player.iterdescendants("source", "embed", "iframe"))
    files = (element.get("src") or element.get("data-src") or element.get("data") or "" for element in elements)
    post = player.get("data-href") or "" if player.tag == "amp-facebook" else ""
    addresses = (_NUMBERED.sub("", url) for url in (*_identified(player), *files, post))
    return sorted(filter(None, addresses), key=lambda url: not _PLAYED_EVERYWHERE.search(url))


def _identified(player: HtmlElement) -> Iterator[str]:
    attribute, address = _EMBEDS.get(player.tag, ("", ""))
    identifier = player.get(attribute) or "" if attribute else ""
    if _IDENTIFIER.fullmatch(identifier):
        yield address.format(identifier)


def _line(url: str, words: str, poster: str = "") -> HtmlElement:
    """Return a block with a link, which has the poster of a video above its words, whose size is left to emails."""
    return E.div(E.a(*([E.img(src=poster, alt=""), E.br()] if poster else []), words, href=url))


def _label(url: str) -> str:
    """Return the name of a file that is played, else the host of what is embedded, with the kind of Google's."""
    parts = split_address(url)
    name = parts.path.rpartition("/")[2]
    if _FILE.search(name):
        return unquote(name)
    host = (parts.hostname or "").removeprefix("www.").removeprefix("w.")
    kind = parts.path.split("/")[1] if "/" in parts.path else ""
    return f"{host}/{kind}" if kind in _KINDS else host
