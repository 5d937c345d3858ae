"""Finds the feed of an address that a person pasted."""

import re
from dataclasses import dataclass
from itertools import islice
from urllib.parse import urlsplit

from newsletter.feeds.document import absolute, split_address
from newsletter.feeds.fetcher import Fetcher, Response
from newsletter.feeds.formats.decode import decode
from newsletter.feeds.html.markup import HtmlElement, page_tree, text_in
from newsletter.feeds.model import NotAFeed, Page, SourceProblem
from newsletter.feeds.sources import wordpress
from newsletter.feeds.sources.paging import feed_page
from newsletter.messages import Message, sources as messages
from newsletter.messages.general import ABOUT, ALSO

WELL_KNOWN = ("feeds/posts/default", "feed/", "feed.json", "atom.xml", "index.xml", "rss.xml", "feed.xml")
_WELL_KNOWN_OF = {
    "blogger": WELL_KNOWN[:1],
    "wordpress": ("feed/",),
    "jsonfeed": ("feed.json", "feed/json"),
    "feed": (),
}
_FEED_TYPES = re.compile(
    r"application/(?:atom|rss|rdf|feed)\+(?:xml|json)|(?:text|application)/(?:xml|rss)|application/json"
)
_COMMENTS = re.compile(r"comment|kommentar|coment[aá]rio|comentario|reacties|comments/feed", re.IGNORECASE)
_LINK_HEADER = re.compile(r"<([^<>]+)>[^,<]*?rel\s*=\s*\"?([^\";,]+)")
_REFRESH = re.compile(r"""\s*\d{1,3}\s*[;,]\s*url\s*=\s*["']?([^"'\s]{1,2000})["']?\s*""", re.IGNORECASE)
_BLOG = ("blog", "blogg", "weblog", "journal", "news", "nyheter", "aktuelt", "aktuelles")
_TRIES = 7
_PAGE = 1_000_000
_MOST_LINKS, _LONGEST_ADDRESS = 5_000, 2_000


@dataclass(frozen=True, slots=True)
class DiscoveredFeed:
    """The feed of a source: where it is, what it said just now, and its WordPress REST root, if it has one."""

    feed_url: str
    page: Page
    response: Response
    api: str = ""


def discover(fetcher: Fetcher, url: str, kind: str = "auto") -> DiscoveredFeed:
    """Find the feed behind an address: the address itself, one that the page names, or one where engines have it.

    Raises SourceProblem, with what to do, if it finds no feed.
    """
    response = fetcher.get(url)
    api = _api(response)
    try:
        page = feed_page(fetcher, response)
    except NotAFeed as e:
        if not e.page and kind != "auto" and not _is_page(response):
            raise SourceProblem(ABOUT(subject=url, message=e.message)) from e
        return _behind_page(fetcher, url, kind, response, e)
    return DiscoveredFeed(response.moved_to or url, page, response, api)


def _is_page(response: Response) -> bool:
    return "html" in response.content_type


def _behind_page(fetcher: Fetcher, url: str, kind: str, response: Response, why: NotAFeed) -> DiscoveredFeed:
    page = page_tree(decode(response.body[:_PAGE], response.content_type))
    named_feeds = _named_feeds(page, response.url, kind) or _feeds_of_blog(fetcher, page, response.url, kind)
    home = response.url.partition("?")[0].partition("#")[0].rstrip("/") + "/"
    usual = [home + path for path in _WELL_KNOWN_OF.get(kind, WELL_KNOWN)] if why.page or _is_page(response) else []
    api = _api(response) or _api_of_page(page, response.url)
    for candidate in list(dict.fromkeys([*named_feeds, *usual]))[:_TRIES]:
        try:
            answer = fetcher.get(candidate)
            feed = feed_page(fetcher, answer)
        except (SourceProblem, NotAFeed):
            continue
        return DiscoveredFeed(answer.moved_to or candidate, feed, answer, api or _api(answer))
    raise SourceProblem(ABOUT(subject=url, message=_without_feed(why)))


def _feeds_of_blog(fetcher: Fetcher, page: HtmlElement | None, url: str, kind: str) -> list[str]:
    """Return the feeds that the blog of a site names, if the page only links to it, as home pages of Squarespace do, or
    leads to it, as Hugo's pages that choose a language do.
    """
    address = _address_of_blog(page, url) if page is not None else ""
    if not address:
        return []
    try:
        response = fetcher.get(address)
    except SourceProblem:
        return []
    return _named_feeds(page_tree(decode(response.body[:_PAGE], response.content_type)), response.url, kind)


def _address_of_blog(page: HtmlElement, url: str) -> str:
    for meta in page.iter("meta"):
        target = _REFRESH.fullmatch(meta.get("content") or "")
        is_refresh = (meta.get("http-equiv") or "").lower() == "refresh"
        if target and is_refresh and (address := absolute(target[1], url)) != url:  # a page may load itself anew
            return address
    for link in islice(page.iter("a"), _MOST_LINKS):
        address = absolute(link.get("href") or "", url)
        parts = split_address(address)
        names_blog = text_in(link).lower() in _BLOG or parts.path.strip("/").lower() in _BLOG
        is_other_page = parts.netloc == split_address(url).netloc and parts.path != split_address(url).path
        if names_blog and is_other_page and len(address) <= _LONGEST_ADDRESS:
            return address
    return ""


def _without_feed(why: NotAFeed) -> Message:
    if why.page:
        return messages.NO_FEED_ON_PAGE()
    return why.message if why.remedy else ALSO(first=why.message, second=messages.ENTER_FEED())


def _named_feeds(page: HtmlElement | None, url: str, kind: str) -> list[str]:
    """Return the feeds that a page's `link` elements name, likeliest first: those of the kind wanted, of this part of
    the site, and in the page's own order; comments are left out.
    """
    if page is None:
        return []
    base = next((absolute(b.get("href") or "", url) for b in page.iter("base") if b.get("href")), url)
    feeds: list[tuple[bool, bool, bool, int, str]] = []
    for link in islice(page.iter("link", "a"), _MOST_LINKS):
        address = absolute(link.get("href") or "", base)
        if len(address) <= _LONGEST_ADDRESS and split_address(address).netloc and _names_feed(link, address):
            path = urlsplit(url).path.rstrip("/") + "/"
            elsewhere = len(path) > 1 and not urlsplit(address).path.startswith(path)
            other_kind = kind == "jsonfeed" and "json" not in (link.get("type") or "")
            feeds.append((link.tag == "a", other_kind, elsewhere, len(feeds), address))
    return [address for *_, address in sorted(feeds)]


def _names_feed(link: HtmlElement, address: str) -> bool:
    if not address.startswith(("http://", "https://")) or _COMMENTS.search(f"{address} {link.get('title') or ''}"):
        return False
    kind = (link.get("type") or "").lower().partition(";")[0].strip()
    if link.tag == "a":  # a page without `link` elements that shows its feed to people
        return text_in(link).lower() in ("rss", "atom", "feed", "rss feed", "rss-feed", "json feed")
    if "alternate" not in (link.get("rel") or "").lower().split() or not _FEED_TYPES.fullmatch(kind):
        return False
    return "/wp-json/" not in address and "oembed" not in address


def _api(response: Response) -> str:
    """Return the REST root that a WordPress site names in its Link header."""
    for address, relation in _LINK_HEADER.findall(response.headers.get("Link", "")):
        if relation.strip() == wordpress.API_RELATION:
            return absolute(address, response.url)
    return ""


def _api_of_page(page: HtmlElement | None, url: str) -> str:
    links = [] if page is None else page.iter("link")
    return next((absolute(e.get("href") or "", url) for e in links if e.get("rel") == wordpress.API_RELATION), "")
