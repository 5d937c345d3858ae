"""What web pages say of themselves: the headline of an article, and the title and thumbnail of a video.

By oEmbed (oembed.com), or by Open Graph (ogp.me).
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from lxml import html as lxml_html
from lxml.etree import ParserError

from newsletter.feeds.document import absolute, split_address
from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.formats.jsonfeed import load_json
from newsletter.feeds.html.markup import first_text, one_line, page_tree, without_invalid_characters
from newsletter.feeds.model import NotAFeed, SourceProblem

_ENDPOINTS = (
    (re.compile(r"(?:^|\.)(?:youtube\.com|youtu\.be)$"), "https://www.youtube.com/oembed?format=json&url="),
    (re.compile(r"(?:^|\.)vimeo\.com$"), "https://vimeo.com/api/oembed.json?url="),
    (re.compile(r"(?:^|\.)dailymotion\.com$"), "https://www.dailymotion.com/services/oembed?format=json&url="),
    (re.compile(r"(?:^|\.)tiktok\.com$"), "https://www.tiktok.com/oembed?url="),
)
_YOUTUBE_HOST = re.compile(r"(?:^|\.)(?:youtube\.com|youtu\.be)$")
_YOUTUBE_PATH = re.compile(r"\.com/(?:shorts|live)/([\w-]{6,20})\Z|youtu\.be/([\w-]{6,20})\Z", re.IGNORECASE)
_ENOUGH = 600_000
"""Octets of a page; what it says of itself stands at its beginning."""
_LONGEST = 300


@dataclass(frozen=True, slots=True)
class PageHeadline:
    """Headline and description that a page gives of itself (Open Graph, else its title); "" if it has none."""

    title: str
    description: str


def page_headline(body: bytes) -> PageHeadline | None:
    """Return a page's headline and description; None if it is no page."""
    try:
        page = lxml_html.document_fromstring(body)
    except (ParserError, ValueError):
        return None
    return PageHeadline(
        first_text(page, "//meta[@property='og:title']/@content", "//title/text()", "//h1//text()"),
        first_text(page, "//meta[@property='og:description']/@content", "//meta[@name='description']/@content"),
    )


@dataclass(frozen=True, slots=True)
class VideoPage:
    """What is known of a video: its title, and addresses of its picture, the best first."""

    title: str = ""
    pictures: tuple[str, ...] = ()


def read_video_page(fetcher: Fetcher, url: str) -> VideoPage:
    """Return what the site of a video says about it. Raises SourceProblem if that can't be read."""
    host = split_address(url).hostname or ""
    of_youtube = _pictures_of_youtube(url, host)
    endpoint = next((start for pattern, start in _ENDPOINTS if pattern.search(host)), "")
    try:
        page = _oembed(fetcher, endpoint + quote(url, safe="")) if endpoint else _page(fetcher, url)
    except (SourceProblem, NotAFeed) as problem:
        if of_youtube:
            return VideoPage("", of_youtube)
        raise SourceProblem(problem.message) from problem
    return VideoPage(page.title, tuple(dict.fromkeys((*of_youtube, *page.pictures))))


def _pictures_of_youtube(url: str, host: str) -> tuple[str, ...]:
    """Return the addresses that YouTube has for every video; the first one is missing for some."""
    if not _YOUTUBE_HOST.search(host):
        return ()
    parts = urlsplit(url)
    path = _YOUTUBE_PATH.search(host + parts.path)
    number = parse_qs(parts.query).get("v", [""])[0] or ((path[1] or path[2]) if path else "")
    if not re.fullmatch(r"[\w-]{6,20}", number):
        return ()
    return tuple(f"https://i.ytimg.com/vi/{number}/{name}.jpg" for name in ("maxresdefault", "hqdefault"))


def _oembed(fetcher: Fetcher, url: str) -> VideoPage:
    data: Any = load_json(fetcher.beginning(url, _ENOUGH).body.decode("utf-8", "replace"))
    fields = data if isinstance(data, dict) else {}
    title, picture = (fields.get(key) for key in ("title", "thumbnail_url"))
    return _video_page(title if isinstance(title, str) else "", [picture] if isinstance(picture, str) else [], url)


def _page(fetcher: Fetcher, url: str) -> VideoPage:
    response = fetcher.beginning(url, _ENOUGH)
    root = page_tree(response.body.decode("utf-8", "replace"))
    if root is None:
        return VideoPage()
    meta: dict[str, str] = {}
    for element in root.iter("meta"):
        meta.setdefault((element.get("property") or element.get("name") or "").lower(), element.get("content") or "")
    pictures = [meta.get(name, "") for name in ("og:image:secure_url", "og:image", "og:image:url", "twitter:image")]
    page = _video_page(meta.get("og:title", ""), pictures, response.url)
    links = [link for link in root.iter("link") if (link.get("type") or "").lower() == "application/json+oembed"]
    address = next((href for link in links if (href := link.get("href") or "").strip()), "")
    return _oembed(fetcher, absolute(address, response.url)) if address and not page.pictures else page


def _video_page(title: str, pictures: list[str], base: str) -> VideoPage:
    addresses = (absolute(url, base) for url in map(without_invalid_characters, pictures) if url.strip())
    web = tuple(dict.fromkeys(url for url in addresses if url.startswith(("http://", "https://"))))
    return VideoPage(one_line(without_invalid_characters(title))[:_LONGEST], web)
