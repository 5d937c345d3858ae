"""What takes the emails and alerts of a trial."""

import asyncio
import json
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TypeVar

from tests.doubles.smtpd import Smtpd

T = TypeVar("T")


class Always(deque[T]):
    """A script of one action that is never used up."""

    def popleft(self) -> T:
        return self[0]


@dataclass
class AlertReceiver:
    """What was posted to `alert_url`, with the time."""

    with_sources: bool = False
    got: list[tuple[float, str]] = field(default_factory=list)
    port: int = 0

    def start(self) -> None:
        got, with_sources = self.got, self.with_sources

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                alert = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if alert["kind"] != "source" or with_sources:
                    got.append((time.monotonic(), f"{alert['kind']}: {alert['text']}"))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def mail_server(per_connection: int) -> Iterator[Smtpd]:
    """A server in a thread, whose script may change at any time."""
    server, ready, loop = Smtpd(per_connection=per_connection), threading.Event(), asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
