"""Bodies are whole before a thread is given to a request."""

import asyncio
import contextlib
import re
import socket
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from newsletter.web import bodies
from newsletter.web.bodies import Message, Receive, Send, WholeBodies
from tests.conftest import Site


class Client:
    """Sends a body in these pieces, and keeps what comes back."""

    def __init__(self, pieces: Iterable[bytes], *, path: str = "/u/x", ends: str = "whole") -> None:
        self.pieces, self.ends = list(pieces), ends
        self.scope: Message = {"type": "http", "path": path, "headers": [(b"transfer-encoding", b"chunked")]}
        self.seen: list[tuple[bytes, dict[bytes, bytes]]] = []
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        if self.pieces:
            piece = self.pieces.pop(0)
            more = bool(self.pieces) or self.ends != "whole"
            return {"type": "http.request", "body": piece, "more_body": more}
        if self.ends == "silent":
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def app(self, scope: Message, receive: Receive, send: Send) -> None:
        """Behind it: reads a body to its end, and whatever comes after that."""
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        assert (await receive())["type"] == "http.disconnect"
        self.seen.append((body, dict(scope["headers"])))

    async def ask(self, **options: Any) -> int:
        """The status that the one in front answered with; 0 where it handed the request on or said nothing."""
        await WholeBodies(self.app, **options)(self.scope, self.receive, self.send)
        return int(self.sent[0]["status"]) if self.sent else 0


@pytest.mark.parametrize("pieces", [[b""], [b"a"], [b"a=1&", b"b=2"], [b"x" * 1_500_000, b"", b"y" * 200_000]])
async def test_a_body_is_handed_on_whole_with_its_length(pieces: list[bytes]) -> None:
    client = Client(pieces)
    assert await client.ask() == 0
    whole = b"".join(pieces)
    assert client.seen == [(whole, {b"content-length": b"%d" % len(whole)} if whole else {})]


async def test_one_that_stops_in_the_middle_is_given_up() -> None:
    client = Client([b"a="], ends="silent")
    assert await client.ask(idle_seconds=0.05) == 408
    assert client.seen == []


async def test_one_whose_client_goes_away_is_dropped() -> None:
    client = Client([b"a="], ends="gone")
    assert await client.ask() == 0
    assert (client.seen, client.sent) == ([], [])


@pytest.mark.parametrize(("path", "status"), [("/n/kinaforum/subscribe", 413), ("/desk/subscribers/import/", 0)])
async def test_one_that_is_too_large_is_refused_before_its_end(path: str, status: int) -> None:
    client = Client([b"x" * 1_000_000] * 4, path=path)
    assert await client.ask() == status
    assert len(client.seen) == (status == 0)
    assert bodies.LARGEST < 4_000_000 < bodies.LARGEST_UPLOAD


CONFIG = """
[site]
url = "http://localhost:8000"
[newsletters.daily]
title = "Daglig"
from = "daglig@example.org"
address = "1 Example Street"
[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/"
"""
HEAD = "POST /n/daily/subscribe HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = HEAD + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n18\r\naddress=a@reader.example\r\n0\r\n\r\n"


@pytest.mark.e2e
def test_a_dozen_that_never_end_keep_nobody_waiting(site: Callable[[str], Site]) -> None:
    """More than the program has threads; and a request in chunks is read."""
    here = site(CONFIG)
    running = here.start("run", "--port", "0", "--no-schedule", "--no-send")
    try:
        assert running.stdout is not None
        port = int(re.findall(r":(\d+)/desk/", running.stdout.readline())[0])
        with contextlib.ExitStack() as held:
            for _ in range(12):
                slow = held.enter_context(socket.create_connection(("127.0.0.1", port)))
                slow.sendall(f"{HEAD}Content-Length: 2600\r\n\r\naddr".encode())
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/n/daily/subscribe", timeout=10) as answer:
                assert answer.status == 200
            quick = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            quick.sendall(CHUNKED.encode())
            assert quick.makefile("rb").readline().startswith(b"HTTP/1.1 202 ")
    finally:
        running.terminate()
        running.communicate(timeout=30)
