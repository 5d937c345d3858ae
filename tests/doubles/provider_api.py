"""APIs of email providers as far as sending needs them, on loopback, with faults on request.

It remembers every call with its time (monotonic), body and idempotency key, and every mail that it took, as (address,
text, HTML, headers). `faults` are used up call by call: a status (with Retry-After for 429), "silent" for no answer,
"cut" for a closed connection after the request was read. Addresses that begin with `bad-` are refused, by each
provider in its own words. Merge tags are replaced as each provider does in a mail that was given whole: all of
Mailgun's, the unsubscribe tags of the others.
"""

import base64
import json
import re
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from tests.doubles.providers import DOUBLES, settings_of
from tests.doubles.providers.double import Double

KEY = "right-key"


@dataclass
class Mail:
    """One mail that the provider took."""

    address: str
    text: str
    html: str
    headers: dict[str, str]


@dataclass
class Api:
    """What happened, and what is to happen."""

    url: str = ""
    calls: int = 0
    times: list[float] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    taken: list[Mail] = field(default_factory=list)
    faults: deque[int | str] = field(default_factory=deque)
    ended: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)
    called: Callable[[], object] = lambda: None

    def settings(self, provider: str, key: str = KEY) -> dict[str, Any]:
        """The provider's table in config.toml."""
        return settings_of(provider, self.url, key)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    api: Api

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with self.api.lock:
            self.api.calls += 1
            self.api.times.append(time.monotonic())
            self.api.bodies.append(body)
            self.api.keys.append(_key(self.headers.get("Idempotency-Key"), body))
            self.api.called()
            fault = self.api.faults.popleft() if self.api.faults else None
        if fault == "silent":
            self.api.ended.wait()
            self.close_connection = True
        elif fault == "cut":
            self.close_connection = True
        elif fault is not None:
            self._answer(int(fault), {"message": "a fault", "__type": "Fault"})
        elif not self._known(body):
            self._answer(*self._double().wrong_key)
        else:
            with self.api.lock:
                self._answer(*self._provider(body))

    def do_GET(self) -> None:
        """What only those with a key may read."""
        with self.api.lock:
            fault = self.api.faults.popleft() if self.api.faults else None
        if fault is not None:
            self._answer(int(fault), {"message": "a fault"})
        elif self.path.rpartition("/")[2] not in {double.reads for double in DOUBLES.values()}:
            self._answer(404, {"message": f"no such address: {self.path}"})
        else:
            self._answer(200 if self._known() else 401, {"message": "who are you"})

    def _known(self, body: bytes = b"") -> bool:
        said = " ".join(f"{name}: {value}" for name, value in self.headers.items())
        basic = re.search(r"Authorization: Basic (\S+)", said)
        said += base64.b64decode(basic[1]).decode() if basic else ""
        return KEY in said or KEY.encode() in body

    def _provider(self, body: bytes) -> tuple[int, Any]:
        for part, answer in self._double().calls.items():
            if part in self.path:
                is_json = body[:1] in (b"{", b"[")
                return answer(json.loads(body) if is_json else parse_qs(body.decode()), self._take)
        return 404, {"message": f"no such address: {self.path}"}

    def _double(self) -> Double:
        """Return the service whose address was called."""
        of_path = [each for each in DOUBLES.values() if any(part in self.path for part in each.calls)]
        return of_path[0] if of_path else next(iter(DOUBLES.values()))

    def _take(self, address: str, text: str, html: str, headers: dict[str, str]) -> bool:
        good = not address.startswith("bad-")
        if good:
            self.api.taken.append(Mail(address, text, html, headers))
        return good

    def _answer(self, status: int, said: Any) -> None:
        body = b"" if said is None else json.dumps(said).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if said is None else "application/json")
        self.send_header("X-Message-Id", "header-1")
        self.send_header("Content-Length", str(len(body)))
        if status == 429:
            self.send_header("Retry-After", "1")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any, **__: Any) -> None:
        """Nothing is printed."""


def _key(header: str | None, body: bytes) -> str:
    """The idempotency key of a call: a header of Resend, a part of Brevo's body; "" without one."""
    inside = re.search(rb'"idempotencyKey": ?"([^"]*)"', body)
    return header or (inside[1].decode() if inside else "")


@contextmanager
def running() -> Iterator[Api]:
    """All of them on a free port of loopback."""
    api = Api()
    handler = type("Handler", (_Handler,), {"api": api})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    api.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        api.ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
