"""A blog on loopback, and its neighbours that misbehave: each address of `FAULTS` in a way of its own.

    with BlogServer([Entry("a", at)]) as blog: ...

`/` is the blog's home page, which names its Blogger feed; the feed takes `max-results`, `start-index` and
`published-min`. `posts` may be changed at any time.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import parse_qs, urlsplit

ATOM = "http://www.w3.org/2005/Atom"
SHOWN = 25
"""How many posts Blogger's feed shows unless asked."""


@dataclass(frozen=True)
class Entry:
    """A post: its id and the last part of its address, when it was published, its text."""

    slug: str
    published: datetime
    title: str = ""
    html: str = ""
    categories: tuple[str, ...] = ()

    @property
    def shown_title(self) -> str:
        """Its title, made from its id where none was given."""
        return self.title or f"On {self.slug}"

    @property
    def text(self) -> str:
        """Its text, made from its id where none was given."""
        return self.html or f"<p>What there is to say of {self.slug} fills a paragraph, and is said here once.</p>"


class BlogServer:
    """The server, in threads of its own; `seen` are the paths that were asked for.

    `head` and `body` are added to its home page.
    """

    def __init__(self, posts: Sequence[Entry] = (), head: str = "", body: str = "") -> None:
        self.posts = list(posts)
        self.head, self.body = head, body
        self.seen: list[str] = []
        self.closing = threading.Event()
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
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def feed(self, query: dict[str, str]) -> str:
        """One page of the Blogger feed."""
        since = query.get("published-min")
        newest = sorted(self.posts, key=lambda p: p.published, reverse=True)
        found = [p for p in newest if since is None or p.published >= datetime.fromisoformat(since)]
        start, most = int(query.get("start-index", "1")), int(query.get("max-results", str(SHOWN)))
        entries = "".join(self._entry(p) for p in found[start - 1 : start - 1 + most])
        return (
            f'<?xml version="1.0" encoding="UTF-8"?><feed xmlns="{ATOM}" xmlns:openSearch='
            '"http://a9.com/-/spec/opensearchrss/1.0/"><id>tag:blogger.com,1999:blog-1</id><title>A blog</title>'
            f'<generator>Blogger</generator><link rel="alternate" href="{self.url}/"/>'
            f"<openSearch:totalResults>{len(found)}</openSearch:totalResults>{entries}</feed>"
        )

    def _entry(self, post: Entry) -> str:
        at = post.published.isoformat()
        labels = "".join(f'<category term="{escape(c)}"/>' for c in post.categories)
        return (
            f"<entry><id>tag:blogger.com,1999:blog-1.post-{post.slug}</id><published>{at}</published>"
            f'<updated>{at}</updated>{labels}<title>{escape(post.shown_title)}</title><content type="html">'
            f'{escape(post.text)}</content><link rel="alternate" href="{self.url}/{post.slug}.html"/></entry>'
        )


class _Handler(BaseHTTPRequestHandler):
    server_blog: BlogServer

    def do_GET(self) -> None:
        blog, parts = self.server_blog, urlsplit(self.path)
        blog.seen.append(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        if parts.path == "/":
            feed = f'<link rel="alternate" type="application/atom+xml" href="{blog.url}/feeds/posts/default">'
            head = f"<title>A blog</title>{feed}{blog.head}"
            self.give(f"<html><head>{head}</head><body>{blog.body}</body></html>", "text/html")
        elif parts.path == "/feeds/posts/default":
            self.give(blog.feed(query), "application/atom+xml")
        elif any(parts.path == f"/{post.slug}.html" for post in blog.posts):
            self.give("<html><body>The post</body></html>", "text/html")
        elif parts.path in FAULTS:
            FAULTS[parts.path](self)
        else:
            self.send_error(404)

    def give(self, text: str | bytes, kind: str = "application/rss+xml") -> None:
        body = text.encode() if isinstance(text, str) else text
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.pour([body])

    def pour(self, pieces: Sequence[bytes]) -> bool:
        """Write until the other side has gone; return whether all of it was read."""
        try:
            for piece in pieces:
                self.wfile.write(piece)
        except OSError:
            return False
        return True

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


def _rss(items: str) -> str:
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>A feed</title>{items}</channel></rss>'


def _item(slug: str, date: str = "Fri, 06 Feb 2026 12:00:00 +0000", text: str = "Some words that fill a line.") -> str:
    when = f"<pubDate>{date}</pubDate>" if date else ""
    link = f"<link>http://127.0.0.1/{slug}</link>"
    return f"<item><title>{slug}</title>{link}{when}<description>{escape(text)}</description></item>"


def _down(handler: _Handler) -> None:
    handler.send_error(500)


def _slow(handler: _Handler) -> None:
    handler.send_response(200)
    handler.end_headers()
    while handler.pour([b" "]) and not handler.server_blog.closing.wait(0.5):
        pass


def _endless(handler: _Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", "application/rss+xml")
    handler.end_headers()
    while handler.pour([b"<item><title>again</title></item>" * 2000]) and not handler.server_blog.closing.is_set():
        pass


def _loop(handler: _Handler) -> None:
    handler.send_response(302)
    handler.send_header("Location", "/loop")
    handler.end_headers()


def _page(handler: _Handler) -> None:
    handler.give("<!doctype html><title>No feed</title><p>Only words.</p>", "text/html")


def _cut(handler: _Handler) -> None:
    whole = _rss("".join(_item(f"cut-{n}") for n in range(4)))
    handler.give(whole[: len(whole) * 2 // 3])


def _bomb(handler: _Handler) -> None:
    entities = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    handler.give(f'<?xml version="1.0"?><!DOCTYPE rss [<!ENTITY e0 "ha">{entities}]>' + _rss(_item("&e9;"))[21:])


def _deep(handler: _Handler) -> None:
    handler.give(_rss(_item("deep", text="<b>" * 200_000 + "deep down" + "</b>" * 200_000)))


def _large(handler: _Handler) -> None:
    handler.give(_rss(_item("large", text="<p>" + "words " * 5_000_000 + "</p>")))


def _ahead(handler: _Handler) -> None:
    handler.give(_rss(_item("ahead", date="Fri, 06 Feb 2099 12:00:00 +0000")))


def _undated(handler: _Handler) -> None:
    handler.give(_rss(_item("undated", date="")))


def _empty(handler: _Handler) -> None:
    handler.give("")


FAULTS: dict[str, Callable[[_Handler], None]] = {
    "/down": _down,
    "/slow": _slow,
    "/endless": _endless,
    "/loop": _loop,
    "/page": _page,
    "/cut": _cut,
    "/bomb": _bomb,
    "/deep": _deep,
    "/large": _large,
    "/ahead": _ahead,
    "/undated": _undated,
    "/empty": _empty,
}
