"""What a request must be before Django sees it."""

import asyncio
import socket
from collections.abc import Callable

import pytest

from newsletter.web.requests import AsgiMessage, CheckedRequests, Receive, Send
from tests.conftest import Site
from tests.web.test_bodies import CONFIG, running

PROXY = "127.0.0.1"


async def _seen(
    *headers: tuple[str, str], peer: str | None = PROXY, trusted: tuple[str, ...] = (PROXY, "10.0.0.0/8")
) -> AsgiMessage:
    """The request as the application behind sees it, its headers as a dictionary."""
    seen: list[AsgiMessage] = []

    async def app(scope: AsgiMessage, receive: Receive, send: Send) -> None:
        seen.append({**scope, "headers": dict(scope["headers"])})

    async def nothing(*_given: object) -> AsgiMessage:
        return {}

    raw = [(name.encode(), value.encode()) for name, value in headers]
    client = (peer, 1234) if peer else None
    scope = {"type": "http", "method": "GET", "path": "/", "scheme": "http", "headers": raw, "client": client}
    await CheckedRequests(app, trusted)(scope, nothing, nothing)
    return seen[0]


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        ("9.9.9.9", "9.9.9.9"),
        ("1.1.1.1, 9.9.9.9", "9.9.9.9"),
        ("1.1.1.1, 9.9.9.9, 10.1.2.3", "9.9.9.9"),
        ("9.9.9.9:4711", "9.9.9.9"),
        ("1.1.1.1, [2001:db8::1]:4711", "2001:db8::1"),
        ("1.1.1.1, ::ffff:9.9.9.9", "9.9.9.9"),
        ("9.9.9.9, unknown", PROXY),
        ("", PROXY),
        ("10.0.0.2, 10.0.0.1", "10.0.0.2"),
    ],
)
async def test_the_right_most_address_that_is_no_proxy_counts(forwarded: str, address: str) -> None:
    assert (await _seen(("x-forwarded-for", forwarded)))["client"][0] == address


async def test_several_headers_are_one_list() -> None:
    seen = await _seen(("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "9.9.9.9"))
    assert seen["client"][0] == "9.9.9.9"


@pytest.mark.parametrize("peer", ["9.9.9.9", "::ffff:9.9.9.9", "2001:db8::1"])
async def test_nobody_else_is_believed(peer: str) -> None:
    seen = await _seen(("x-forwarded-for", "1.1.1.1"), ("x-forwarded-proto", "https"), peer=peer)
    assert (seen["client"][0], seen["scheme"]) == (peer.removeprefix("::ffff:"), "http")


async def test_a_proxy_seen_over_a_dual_stack_socket_is_trusted() -> None:
    seen = await _seen(("x-forwarded-for", "9.9.9.9"), ("x-forwarded-proto", "https"), peer=f"::ffff:{PROXY}")
    assert (seen["client"][0], seen["scheme"]) == ("9.9.9.9", "https")


async def test_the_port_is_the_peer_s_where_no_proxy_names_another() -> None:
    assert (await _seen(peer="9.9.9.9"))["client"] == ("9.9.9.9", 1234)


async def test_no_address_stays_none() -> None:
    assert (await _seen(("x-forwarded-for", "9.9.9.9"), peer=None))["client"] is None


@pytest.mark.parametrize(
    "name", ["x_forwarded_for", "x-forwarded_for", "content_length", "x_forwarded_proto", "cook_ie"]
)
async def test_names_with_an_underscore_are_dropped(name: str) -> None:
    seen = await _seen((name, "1"), ("x-forwarded-for", "9.9.9.9"), ("accept", "*/*"))
    assert set(seen["headers"]) == {b"x-forwarded-for", b"accept"}
    assert seen["client"][0] == "9.9.9.9"


async def test_a_request_with_two_lengths_reaches_nothing_behind() -> None:
    sent: list[AsgiMessage] = []

    async def app(scope: AsgiMessage, receive: Receive, send: Send) -> None:
        raise AssertionError("it was passed on")

    async def send(message: AsgiMessage) -> None:
        sent.append(message)

    headers = [(b"content-length", b"6"), (b"transfer-encoding", b"chunked"), (b"accept", b"*/*")]
    scope = {"type": "http", "headers": headers[:2], "client": None}
    for each in (scope, {**scope, "headers": headers}):
        sent.clear()
        await CheckedRequests(app, ())(each, None, send)
        sentence = b"The request has both Content-Length and Transfer-Encoding.\n"
        assert sent == [
            {
                "type": "http.response.start",
                "status": 400,
                "headers": [
                    (b"content-type", b"text/plain; charset=utf-8"),
                    (b"content-length", b"%d" % len(sentence)),
                    (b"connection", b"close"),
                ],
            },
            {"type": "http.response.body", "body": sentence, "more_body": False},
        ]


@pytest.mark.e2e
def test_two_lengths_are_answered_with_400_and_the_connection_is_closed(site: Callable[[str], Site]) -> None:
    """RFC 9112 6.1: what follows on the connection could be read differently by a proxy in front."""
    smuggled = "0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
    head = (
        "POST /n/daily/subscribe HTTP/1.1\r\nHost: localhost\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    with running(site(CONFIG)) as port, socket.create_connection(("127.0.0.1", port), timeout=20) as client:
        client.sendall((head + smuggled).encode())
        answer = b"".join(iter(lambda: client.recv(65_536), b""))
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1") == 1


async def test_a_scope_that_is_no_request_passes() -> None:
    passed = asyncio.Event()

    async def app(scope: AsgiMessage, receive: Receive, send: Send) -> None:
        passed.set()

    await CheckedRequests(app, ())({"type": "lifespan"}, None, None)
    assert passed.is_set()
