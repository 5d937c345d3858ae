"""An Atom feed with one post for each day of a list, which may change while the feed is served."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

_FEED = """<?xml version="1.0" encoding="utf-8"?><feed xmlns="http://www.w3.org/2005/Atom"><id>urn:blog</id>
<title>Blog</title><updated>{0}T12:00:00Z</updated>{1}</feed>"""
_ENTRY = """<entry><id>urn:{0}</id><title>What happened on {0}</title><link href="http://blog.example/{0}"/>
<updated>{0}T12:00:00Z</updated><published>{0}T12:00:00Z</published>
<content type="html">&lt;p&gt;Quite a lot happened on {0}, and all of it is told here.&lt;/p&gt;</content></entry>"""


@contextmanager
def daily_blog(days: list[str]) -> Iterator[int]:
    """Serve the feed of these days (ISO 8601) and yield its port."""

    class Blog(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            feed = _FEED.format(days[0], "".join(_ENTRY.format(day) for day in days)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/atom+xml")
            self.send_header("Content-Length", str(len(feed)))
            self.end_headers()
            self.wfile.write(feed)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Blog)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()
