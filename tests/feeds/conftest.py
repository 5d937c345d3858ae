"""A web site on loopback whose every answer a test writes, and feeds small enough to read."""

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from newsletter import config
from newsletter.domain.found_post import FoundPost
from newsletter.feeds import Memory, SourceReading
from newsletter.feeds.formats.parse import parse
from newsletter.feeds.model import Page
from newsletter.feeds.sources.read import read

BASE = "https://blog.example/feed"
NOW = datetime(2026, 2, 7, 12, tzinfo=UTC)
SINCE = datetime(2026, 2, 3, tzinfo=UTC)
DATE = "Fri, 06 Feb 2026 17:40:00 GMT"
ATOM = "application/atom+xml"
RSS = "application/rss+xml"


@dataclass
class Answer:
    """What a page says; an iterable body is sent piece by piece until the client goes away."""

    body: bytes | Iterable[bytes] = b""
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Served = Answer | Callable[[dict[str, list[str]]], Answer]


class Site:
    """Answers by path; keeps the requests that came: path with query, and headers."""

    def __init__(self) -> None:
        self.pages: dict[str, Served] = {}
        self.requests: list[tuple[str, dict[str, str]]] = []
        site = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def date_time_string(self, timestamp: float | None = None) -> str:
                """One moment for ever."""
                return DATE

            def log_message(self, *args: Any) -> None:
                """Be quiet."""

            def do_GET(self) -> None:
                site.requests.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                parts = urlsplit(self.path)
                page = site.pages.get(self.path) or site.pages.get(parts.path) or Answer(b"no such page", status=404)
                self._send(page(parse_qs(parts.query)) if callable(page) else page)

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.kind)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                if isinstance(answer.body, bytes):
                    if "Content-Length" not in answer.headers:
                        self.send_header("Content-Length", str(len(answer.body)))
                    self.end_headers()
                    self.wfile.write(answer.body)
                    self.close_connection = "Content-Length" in answer.headers
                    return
                self.send_header("Connection", "close")
                self.end_headers()
                self.close_connection = True
                try:
                    for piece in answer.body:
                        self.wfile.write(piece)
                        self.wfile.flush()
                except OSError:
                    return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.base = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def paths(self) -> list[str]:
        """The paths that were asked for, with their queries, in order."""
        return [path for path, _ in self.requests]


@pytest.fixture
def site() -> Iterator[Site]:
    """A web site of one's own."""
    running = Site()
    yield running
    running.close()


@pytest.fixture
def collect() -> config.Collect:
    """Limits that fit a test: loopback allowed, and soon enough given up."""
    return config.Collect(allow_private_addresses=True, timeout=timedelta(seconds=5), maximum_bytes=200_000)


def day(number: int, hour: int = 12) -> str:
    """A day of February 2026 in Oslo, as Atom writes it."""
    return f"2026-02-{number:02}T{hour:02}:00:00+01:00"


def entry(number: int, *, uid: str = "", date: str = "", html: str = "", title: str = "", more: str = "") -> str:
    """An Atom entry."""
    text = html or f"&lt;p&gt;This is the text of post number {number}.&lt;/p&gt;"
    return (
        f"<entry><id>{uid or f'tag:blog.example,2026:{number}'}</id><title>{title or f'Post {number}'}</title>"
        f"<link rel='alternate' href='/posts/{number}'/><published>{date or day(number)}</published>"
        f"<updated>{date or day(number)}</updated><content type='html'>{text}</content>{more}</entry>"
    )


def atom(*entries: str, head: str = "") -> bytes:
    """An Atom feed."""
    return (
        "<?xml version='1.0' encoding='utf-8'?><feed xmlns='http://www.w3.org/2005/Atom' "
        "xmlns:thr='http://purl.org/syndication/thread/1.0' xmlns:openSearch='http://a9.com/-/spec/opensearchrss/1.0/' "
        "xmlns:app='http://www.w3.org/2007/app' xmlns:media='http://search.yahoo.com/mrss/'>"
        f"<title>A blog</title><id>tag:blog.example,2026:feed</id>{head}{''.join(entries)}</feed>"
    ).encode()


def rss(*items: str, head: str = "") -> bytes:
    """An RSS 2.0 feed."""
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0" '
        'xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:feedburner="http://rssnamespace.org/feedburner/ext/1.0"><channel><title>A blog</title>'
        f"<link>https://blog.example/</link><description/>{head}{''.join(items)}</channel></rss>"
    ).encode()


def item(title: str = "A title", body: str = "", more: str = "") -> str:
    """An RSS item."""
    return (
        f"<item><title>{title}</title><link>https://blog.example/a</link><guid>https://blog.example/a</guid>"
        f"<pubDate>Fri, 06 Feb 2026 18:40:00 +0100</pubDate><description>{body}</description>{more}</item>"
    )


def one(body: bytes) -> FoundPost:
    """The only post of a feed."""
    (post,) = parse(body, BASE).posts
    return post


def titles(feed: Page) -> list[str]:
    """The titles of a feed's posts, in its order."""
    return [post.title for post in feed.posts]


def of(
    url: str,
    collect: config.Collect,
    memory: Memory | None = None,
    *,
    kind: str = "auto",
    since: datetime | None = None,
) -> SourceReading:
    """The reading of a source."""
    return read(config.SourceSettings(url=url, type=kind), collect, memory, now=NOW, since=since)


def numbers(found: SourceReading) -> list[int]:
    """The posts' numbers, by their titles."""
    return [int(post.title.removeprefix("Post ")) for post in found.posts]


def feed(*entries: str, head: str = "", **headers: str) -> Answer:
    """An answer with an Atom feed in it."""
    return Answer(atom(*entries, head=head), ATOM, headers=headers)


def page(*links: str, **headers: str) -> Answer:
    """A web page with some elements in its head."""
    return Answer(
        f"<!doctype html><html><head>{''.join(links)}</head><body>Hello</body></html>".encode(), headers=headers
    )


def alternate(href: str, kind: str = ATOM, title: str = "") -> str:
    """A `link` element that names a feed."""
    return f"<link rel='alternate' type='{kind}' href='{href}' title='{title}'>"
