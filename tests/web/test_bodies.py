"""Bodies are whole before a thread is given to a request."""

import asyncio
import contextlib
import re
import socket
import urllib.request
from collections.abc import Callable, Iterable, Iterator

import pytest

from newsletter.web import requests
from newsletter.web.bodies import LARGEST, LARGEST_OF_HOOKS, Pace, WholeBodies
from newsletter.web.requests import AsgiMessage, Receive, Send
from tests.conftest import Site
from tests.site_texts import with_daily

USUAL = Pace()


class Client:
    """Sends a body in these pieces, and keeps what comes back."""

    def __init__(self, pieces: Iterable[bytes], *, path: str = "/u/x", ends: str = "whole") -> None:
        self.pieces, self.ends = list(pieces), ends
        self.scope: AsgiMessage = {"type": "http", "path": path, "headers": [(b"transfer-encoding", b"chunked")]}
        self.seen: list[tuple[bytes, dict[bytes, bytes]]] = []
        self.sent: list[AsgiMessage] = []

    async def receive(self) -> AsgiMessage:
        if self.pieces:
            piece = self.pieces.pop(0)
            more = bool(self.pieces) or self.ends != "whole"
            return {"type": "http.request", "body": piece, "more_body": more}
        if self.ends == "silent":
            await asyncio.Event().wait()
        return {"type": "http.disconnect"}

    async def send(self, message: AsgiMessage) -> None:
        self.sent.append(message)

    async def app(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Behind it: reads a body to its end, and whatever comes after that."""
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message["body"]
            if not message["more_body"]:
                break
        assert (await receive())["type"] == "http.disconnect"
        self.seen.append((body, dict(scope["headers"])))

    async def ask(self, *, allowed: int = 0, pace: Pace = USUAL) -> int:
        """The status that the one in front answered with; 0 where it handed the request on or said nothing."""
        await WholeBodies(self.app, lambda scope: allowed, pace)(self.scope, self.receive, self.send)
        return int(self.sent[0]["status"]) if self.sent else 0

    @property
    def headers(self) -> dict[bytes, bytes]:
        """The headers of the answer."""
        return dict(self.sent[0]["headers"])


@pytest.mark.parametrize("pieces", [[b""], [b"a"], [b"a=1&", b"b=2"], [b"x" * 65_536, b"", b"y" * 20_000]])
async def test_a_body_is_handed_on_whole_with_its_length(pieces: list[bytes]) -> None:
    client = Client(pieces)
    assert await client.ask() == 0
    whole = b"".join(pieces)
    assert client.seen == [(whole, {b"content-length": b"%d" % len(whole)} if whole else {})]


async def test_an_incomplete_body_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "DRAIN_SECONDS", 0.05)
    client = Client([b"a="], ends="silent")
    assert await client.ask(pace=Pace(idle=0.05)) == 408
    assert client.seen == []


async def test_a_slow_body_is_given_up_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "DRAIN_SECONDS", 0.05)
    client = Client([b"x"] * 10_000)
    at_once = client.receive

    async def dripping() -> AsgiMessage:
        await asyncio.sleep(0.01)
        return await at_once()

    client.receive = dripping  # type: ignore[method-assign]
    assert await client.ask(pace=Pace(grace=0.1)) == 408
    assert client.seen == []


def test_the_deadline_grows_with_what_has_come_up_to_an_hour() -> None:
    pace = Pace()
    assert [pace.deadline(n) for n in (0, 100_000, 3_000_000, 400_000_000)] == [30, 40, 330, 3600]


async def test_the_body_of_a_disconnected_client_is_dropped() -> None:
    client = Client([b"a="], ends="gone")
    assert await client.ask() == 0
    assert (client.seen, client.sent) == ([], [])


@pytest.mark.parametrize(
    ("path", "allowed", "status"),
    [
        ("/n/kinaforum/subscribe", 400_000_000, 413),
        ("/u/x", 400_000_000, 413),
        ("/hooks/postmark/", 400_000_000, 413),
        ("/desk/login/", 0, 413),
        ("/desk/subscribers/import/", 0, 303),
        ("/desk/subscribers/import/", 3_000_000, 413),
        ("/desk/subscribers/import/", 400_000_000, 0),
    ],
)
@pytest.mark.parametrize("declared", [True, False])
async def test_a_large_body_needs_a_login_and_its_route(path: str, allowed: int, status: int, declared: bool) -> None:
    client = Client([b"x" * 1_000_000] * 4, path=path)
    if declared:
        client.scope["headers"] = [(b"content-length", b"4000000")]
    assert await client.ask(allowed=allowed) == status
    assert len(client.seen) == (status == 0)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("size", "status"), [(LARGEST, 0), (LARGEST + 1, 413)])
async def test_a_body_from_anyone_has_a_limit(size: int, status: int, declared: bool) -> None:
    client = Client([b"x" * size])
    if declared:
        client.scope["headers"] = [(b"content-length", b"%d" % size)]
    assert await client.ask() == status
    assert len(client.seen) == (status == 0)


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(("size", "status"), [(LARGEST_OF_HOOKS, 0), (LARGEST_OF_HOOKS + 1, 413)])
async def test_a_call_of_an_email_service_may_be_larger(size: int, status: int, declared: bool) -> None:
    client = Client([b"x" * size], path="/hooks/postmark/")
    if declared:
        client.scope["headers"] = [(b"content-length", b"%d" % size)]
    assert await client.ask() == status
    assert len(client.seen) == (status == 0)


async def test_an_editor_who_must_log_in_first_returns_to_the_page() -> None:
    client = Client([b"x" * 200_000], path="/desk/n/æ/\r\n")
    assert await client.ask() == 303
    assert client.headers[b"location"] == b"/desk/login/?next=/desk/n/%C3%A6/%0D%0A"
    part = Client([b"x" * 200_000], path="/desk/")
    part.scope["headers"] = [(b"hx-request", b"true")]
    assert await part.ask() == 401
    assert part.headers[b"hx-redirect"] == b"/desk/login/"


async def test_a_form_of_the_desk_that_is_too_large_leads_back_to_its_page() -> None:
    client = Client([b"x" * 1_000_000] * 4, path="/desk/settings/n/kinaforum/design/logo/")
    page = b"http://localhost:8000/desk/settings/n/kinaforum/design/?x=1"
    client.scope["headers"] = [(b"accept", b"text/html,*/*"), (b"referer", page)]
    assert await client.ask(allowed=3_000_000) == 303
    back = b"/desk/too-large/?most=3000000&page=/desk/settings/n/kinaforum/design/"
    assert (client.headers[b"location"], client.pieces, client.seen) == (back, [], [])
    script = Client([b"x" * 1_000_000] * 4, path="/desk/editor/image/")
    assert await script.ask(allowed=3_000_000) == 413, "the editor shows a sentence of its own"


async def test_a_refusal_reads_what_is_still_being_sent_but_keeps_nothing() -> None:
    """Else the connection would be reset under the client, which then never sees the answer."""
    client = Client([b"x" * 1_000_000] * 4)
    assert await client.ask() == 413
    assert client.pieces == []
    assert [(message["type"], message.get("more_body", False)) for message in client.sent] == [
        ("http.response.start", False),
        ("http.response.body", True),
        ("http.response.body", False),
    ], "the answer ends when everything has been read"
    assert b"".join(message.get("body", b"") for message in client.sent) == b"The request is too large.\n"


CONFIG = with_daily("""
[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/"
""")
HEAD = "POST /n/daily/subscribe HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n"
CHUNKED = HEAD + "Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n18\r\naddress=a@reader.example\r\n0\r\n\r\n"


@contextlib.contextmanager
def running(here: Site) -> Iterator[int]:
    """The port of a `newsletter run` without clock and sender."""
    process = here.start("run", "--port", "0", "--no-schedule", "--no-send")
    try:
        assert process.stdout is not None
        yield int(re.findall(r"127\.0\.0\.1:(\d+)", process.stdout.readline())[0])
    finally:
        process.terminate()
        process.communicate(timeout=30)


@pytest.mark.e2e
def test_a_dozen_that_never_end_keep_nobody_waiting(site: Callable[[str], Site]) -> None:
    """More than the program has threads; and a request in chunks is read."""
    with running(site(CONFIG)) as port, contextlib.ExitStack() as held:
        for _ in range(12):
            slow = held.enter_context(socket.create_connection(("127.0.0.1", port)))
            slow.sendall(f"{HEAD}Content-Length: 2600\r\n\r\naddr".encode())
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/n/daily/subscribe", timeout=10) as answer:
            assert answer.status == 200
        quick = held.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
        quick.sendall(CHUNKED.encode())
        assert quick.makefile("rb").readline().startswith(b"HTTP/1.1 202 ")


@pytest.mark.e2e
def test_a_large_upload_without_a_login_is_answered_before_its_end(site: Callable[[str], Site]) -> None:
    head = "POST /desk/subscribers/import/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: 399000000\r\n\r\n"
    with running(site(CONFIG)) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall(head.encode() + b"x" * 300_000)
        answer = client.makefile("rb")
        assert answer.readline().startswith(b"HTTP/1.1 303 ")
        assert b"location: /desk/login/?next=/desk/subscribers/import/\r\n" in answer.readlines(10_000)
