"""Small web servers on loopback, for the sample blog and the mailbox."""

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from newsletter.editions.problems import Impossible

HOST = "127.0.0.1"


class DemoProblem(Impossible):
    """The demo can't continue; the message is a sentence with the cause and the remedy."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response."""

    body: bytes
    kind: str = "text/html; charset=utf-8"
    status: int = 200
    policy: str = ""


Pages = Callable[[str, Mapping[str, str]], Answer]
"""Returns the response for a path and its parameters."""

NOT_FOUND = Answer(b"There is no such page.\n", "text/plain; charset=utf-8", 404)


@contextmanager
def served(pages: Pages, port: int) -> Iterator[str]:
    """Serve pages on this port (0 for any free one) while the block runs, and yield the URL without a final slash.

    Raises DemoProblem if the port is in use.
    """
    try:
        server = _Server((HOST, port), _handler(pages))
    except OSError as e:
        raise DemoProblem(
            f"can't listen on {HOST}:{port}: {e.strerror}; perhaps another demo runs in this folder"
        ) from e
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, name=f"demo:{port}")
    thread.start()
    try:
        yield f"http://{HOST}:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print a traceback, unless the browser only closed its connection."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def _handler(pages: Pages) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 5

        def do_GET(self) -> None:
            """Answer with the page."""
            parts = urlsplit(self.path)
            self._give(pages(parts.path, dict(parse_qsl(parts.query))), with_body=True)

        def do_HEAD(self) -> None:
            """Answer with the page's header alone."""
            self._give(pages(urlsplit(self.path).path, {}), with_body=False)

        def log_message(self, *_: Any, **__: Any) -> None:
            """Log nothing."""

        def _give(self, answer: Answer, *, with_body: bool) -> None:
            self.send_response(answer.status)
            self.send_header("Content-Type", answer.kind)
            self.send_header("Content-Length", str(len(answer.body)))
            if answer.policy:
                self.send_header("Content-Security-Policy", answer.policy)
            self.end_headers()
            if with_body:
                self.wfile.write(answer.body)

    return Handler
