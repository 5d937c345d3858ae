"""A program that is told of events: an HTTP server that keeps what it gets, and answers as a test wants."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class EventReceiver:
    """What came: headers (names in lower case) and bodies. `answers` are the statuses, of which the last one stays."""

    def __init__(self, url: str, answers: list[int]) -> None:
        self.url, self.answers = url, answers
        self.got: list[tuple[dict[str, str], bytes]] = []


@contextmanager
def receiving(*answers: int) -> Iterator[EventReceiver]:
    """A server on the loopback interface."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
            left = receiver.answers
            self.send_response(left.pop(0) if len(left) > 1 else left[0])
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    receiver = EventReceiver(f"http://127.0.0.1:{server.server_port}/hook", list(answers) or [204])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
