"""The blog of a history as a web server on loopback: an RSS feed, and the pages of its posts."""

import threading
from collections.abc import Callable, Sequence
from email.utils import format_datetime
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

from tests.oracle.acts import ListedPost
from tests.oracle.blog import Blog


class BlogServer:
    """Serves the feeds and the posts of blogs, each below the name of its present host.

    `read` is called with a blog and what a reader of its feed has just got.
    """

    def __init__(self, blogs: Sequence[Blog], read: Callable[[Blog, tuple[ListedPost, ...]], None]) -> None:
        def feed(blog: Blog) -> str:
            listed = blog.listed()
            read(blog, listed)
            items = "".join(_item(f"{self.url}/{blog.host}", post, blog.texts[post.name]) for post in listed)
            return f'<?xml version="1.0"?><rss version="2.0"><channel><title>Blog</title>{items}</channel></rss>'

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                host, _, page = self.path.strip("/").partition("/")
                name = page.removesuffix(".html")
                blog = next((each for each in blogs if each.host == host), None)
                if blog is None or blog.down:
                    self.send_error(503)
                elif name == "feed":
                    self._give(feed(blog), "application/rss+xml")
                elif name in blog.posts and name not in blog.deleted:
                    self._give("<html><body>The post</body></html>", "text/html")
                else:
                    self.send_error(404)

            def _give(self, text: str, kind: str) -> None:
                body = text.encode()
                self.send_response(200)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing is printed."""

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


def _item(url: str, post: ListedPost, text: str) -> str:
    categories = "".join(f"<category>{escape(each)}</category>" for each in sorted(post.categories))
    return (
        f"<item><guid isPermaLink='false'>{url} {post.name}</guid><title>About {post.name}</title>"
        f"<link>{url}/{post.name}.html</link><pubDate>{format_datetime(post.dated)}</pubDate>{categories}"
        f"<description>{escape(f'<p>{text}</p>')}</description></item>"
    )
