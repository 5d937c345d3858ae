"""Blogger's feeds: asked for a window, and paged by `start-index`.

The window is a hint, since which parameters Blogger heeds has changed before; whoever reads filters again. The next
page is computed on the blog's own address: the feed's `rel="next"` leads to another host and repeats label paths.
"""

from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from newsletter.feeds.fetcher import Fetcher
from newsletter.feeds.html.markup import words
from newsletter.feeds.model import Page
from newsletter.feeds.sources.paging import feed_page

PAGE = 150
"""The most posts that Blogger gives at once."""

_OURS = words("start-index max-results published-min published-max updated-min updated-max orderby redirect")


def is_blog_feed(url: str) -> bool:
    """Return whether an address is a blog's own feed, which takes parameters, and no copy elsewhere (FeedBurner)."""
    return "/feeds/posts/" in urlsplit(url).path


def window_url(feed_url: str, since: datetime) -> str:
    """Return the first page of the posts from `since` on (bounds of GData: min inclusive, max exclusive)."""
    return _with(feed_url, {"published-min": since.isoformat(timespec="seconds"), "start-index": "1"})


def load_page(fetcher: Fetcher, url: str, since: datetime) -> Page:
    """Return one page of a window, and the address of the next, by the number of posts that came.

    Raises SourceProblem or NotAFeed.
    """
    page = feed_page(fetcher, fetcher.get(url))
    start = int(dict(parse_qsl(urlsplit(url).query)).get("start-index", "1"))
    following = start + len(page.posts)
    ended = not page.posts or (page.total is not None and following > page.total)
    next_url = "" if ended else _with(url, {"start-index": str(following)})
    return replace(page, next=next_url, ends_at=since if ended else None)


def _with(url: str, parameters: dict[str, str]) -> str:
    """Return a feed's address with our parameters in place of those that it has."""
    parts = urlsplit(url)
    present = parse_qsl(parts.query, keep_blank_values=True)
    kept = {name: value for name, value in present if name not in _OURS}
    ours = {name: value for name, value in present if name == "published-min"}
    ours |= {"orderby": "published", "max-results": str(PAGE)} | parameters
    return urlunsplit(parts._replace(query=urlencode(kept | ours), fragment=""))
