"""A blog on loopback whose feeds show its newest posts, and go on in the way of each engine.

    with PagedBlog([Entry("a", at)]) as blog: ...

| address | what it gives |
| --- | --- |
| `/plain.xml` | RSS, the newest posts only |
| `/archive.xml` | Atom with `rel="prev-archive"` (RFC 5005) |
| `/feed/` | RSS of WordPress, `?paged=2` and 404 past the end |
| `/redirecting/feed/` | the same, where `?paged=2` redirects to `/redirecting/page/2/` |
| `/rest/` | a WordPress site whose REST interface answers |
| `/feeds/posts/default` | Atom of Blogger, with `start-index`, `max-results` and `published-min` |
| `/feed.json` | JSON Feed with `next_url` |

`posts` and the other attributes may be changed at any time: with a `status` other than 200, every address answers it;
the addresses in `broken` answer 500; and to a condition on the ETag `unchanged_for` every address answers 304.
"""

import json
import threading
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

from tests.doubles.blog import ATOM, Entry

Query = dict[str, str]


class PagedBlog:
    """The server; `shown` is how many posts a page has, and `seen` are the paths that were asked for."""

    def __init__(self, posts: Sequence[Entry] = (), shown: int = 10) -> None:
        self.posts, self.shown, self.status = list(posts), shown, 200
        self.broken: set[str] = set()
        self.unchanged_for = ""
        self.seen: list[str] = []
        blog = self

        class Handler(_Handler):
            server_blog = blog

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def newest(self) -> list[Entry]:
        """All posts, the newest first."""
        return sorted(self.posts, key=lambda post: post.published, reverse=True)

    def page(self, number: int, size: int = 0) -> list[Entry]:
        """The posts of a page, which are counted from 1."""
        size = size or self.shown
        return self.newest[(number - 1) * size : number * size]

    def link(self, post: Entry) -> str:
        return f"{self.url}/{post.slug}.html"


class _Handler(BaseHTTPRequestHandler):
    server_blog: PagedBlog
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        blog, parts = self.server_blog, urlsplit(self.path)
        blog.seen.append(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if blog.status != 200 or self.path in blog.broken:
            self._give("", "text/plain", blog.status if blog.status != 200 else 500)
        elif blog.unchanged_for and self.headers.get("If-None-Match") == blog.unchanged_for:
            self._give("", "text/plain", 304)
        elif give := _VIEWS.get(parts.path):
            give(self, blog, query)
        elif parts.path.startswith("/redirecting/page/"):
            _wordpress(self, blog, {"paged": parts.path.strip("/").rpartition("/")[2]})
        elif any(parts.path == f"/{post.slug}.html" for post in blog.posts):
            self._give("<html><body>The post</body></html>", "text/html")
        else:
            self._give("", "text/plain", 404)

    def _give(self, text: str, kind: str, status: int = 200, **headers: str) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def _plain(handler: _Handler, blog: PagedBlog, query: Query) -> None:
    handler._give(_rss(blog, blog.page(1)), "application/rss+xml")


def _archive(handler: _Handler, blog: PagedBlog, query: Query) -> None:
    number = int(query.get("p", "1"))
    more = f'<link rel="prev-archive" href="{blog.url}/archive.xml?p={number + 1}"/>' if blog.page(number + 1) else ""
    handler._give(_atom(blog, blog.page(number), more), "application/atom+xml")


def _wordpress(handler: _Handler, blog: PagedBlog, query: Query) -> None:
    posts = blog.page(int(query.get("paged", "1")))
    generator = "<generator>https://wordpress.org/?v=6.8</generator>"
    handler._give(_rss(blog, posts, generator), "application/rss+xml", 200 if posts else 404)


def _redirecting(handler: _Handler, blog: PagedBlog, query: Query) -> None:
    if number := query.get("paged"):
        handler._give("", "text/html", 301, Location=f"/redirecting/page/{number}/")
    else:
        _wordpress(handler, blog, query)


def _rest_home(handler: _Handler, blog: PagedBlog, query: Query) -> None:
    link = f'<{blog.url}/rest/wp-json/>; rel="https://api.w.org/"'
    page = f'<html><head><link rel="alternate" type="application/rss+xml" href="{blog.url}/rest/feed/"></head></html>'
    handler._give(page, "text/html", Link=link)


def _rest(handler: _Handler, blog: PagedBlog, query: Query) -> None:
    size, number = min(100, int(query["per_page"])), int(query["page"])
    after = query.get("after")
    posts = [p for p in blog.newest if after is None or p.published.replace(tzinfo=None).isoformat() > after]
    rows = [
        {
            "guid": {"rendered": f"{blog.url}/?p={post.slug}"},
            "link": blog.link(post),
            "title": {"rendered": escape(post.shown_title)},
            "content": {"rendered": post.text},
            "date": post.published.astimezone(UTC).replace(tzinfo=None).isoformat(),
            "date_gmt": post.published.astimezone(UTC).replace(tzinfo=None).isoformat(),
        }
        for post in posts[(number - 1) * size : number * size]
    ]
    handler._give(json.dumps(rows), "application/json", X_WP_TotalPages=str(-(-len(posts) // size)))


def _blogger(handler: _Handler, blog: PagedBlog, query: Query) -> None:
    since = query.get("published-min")
    posts = [p for p in blog.newest if since is None or p.published >= datetime.fromisoformat(since)]
    start, most = int(query.get("start-index", "1")), min(150, int(query.get("max-results", "25")))
    head = '<id>tag:blogger.com,1999:blog-1</id><generator uri="https://www.blogger.com">Blogger</generator>'
    total = f"<openSearch:totalResults>{len(posts)}</openSearch:totalResults>"
    handler._give(_atom(blog, posts[start - 1 : start - 1 + most], head + total), "application/atom+xml")


def _json(handler: _Handler, blog: PagedBlog, query: Query) -> None:
    number = int(query.get("page", "1"))
    items = [
        {
            "id": post.slug,
            "url": blog.link(post),
            "title": post.shown_title,
            "content_html": post.text,
            "date_published": post.published.isoformat(),
        }
        for post in blog.page(number)
    ]
    more = {"next_url": f"{blog.url}/feed.json?page={number + 1}"} if blog.page(number + 1) else {}
    feed = {"version": "https://jsonfeed.org/version/1.1", "title": "A blog", "items": items}
    handler._give(json.dumps(feed | more), "application/feed+json")


def _rss(blog: PagedBlog, posts: Sequence[Entry], head: str = "") -> str:
    items = "".join(
        f"<item><title>{escape(post.shown_title)}</title><link>{blog.link(post)}</link>"
        f'<guid isPermaLink="false">{blog.url}/?p={post.slug}</guid>'
        f"<pubDate>{format_datetime(post.published)}</pubDate><description>{escape(post.text)}</description></item>"
        for post in posts
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>A blog</title>{head}{items}</channel></rss>'


def _atom(blog: PagedBlog, posts: Sequence[Entry], head: str) -> str:
    entries = "".join(
        f"<entry><id>tag:blog.example,2026:{post.slug}</id><title>{escape(post.shown_title)}</title>"
        f"<published>{post.published.isoformat()}</published><updated>{post.published.isoformat()}</updated>"
        f'<link rel="alternate" href="{blog.link(post)}"/><content type="html">{escape(post.text)}</content></entry>'
        for post in posts
    )
    search = "http://a9.com/-/spec/opensearchrss/1.0/"
    return f'<feed xmlns="{ATOM}" xmlns:openSearch="{search}"><title>A blog</title>{head}{entries}</feed>'


_VIEWS = {
    "/plain.xml": _plain,
    "/archive.xml": _archive,
    "/feed/": _wordpress,
    "/redirecting/feed/": _redirecting,
    "/rest/": _rest_home,
    "/rest/feed/": _wordpress,
    "/rest/wp-json/wp/v2/posts": _rest,
    "/feeds/posts/default": _blogger,
    "/feed.json": _json,
}
