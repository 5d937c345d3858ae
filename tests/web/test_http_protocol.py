"""Requests as octets on a connection: what is ambiguous or too large is refused, and nothing is smuggled in."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import uvicorn

from newsletter.web.connections import Connections
from newsletter.web.requests import AsgiMessage, CheckedRequests, Receive, Send
from newsletter.web.server import LARGEST_HEAD, counting_protocol

SECONDS = 20.0


class Echo:
    """An application that keeps what it was asked, and answers with the path and the body."""

    def __init__(self) -> None:
        self.headers: list[dict[bytes, bytes]] = []

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        body, more = b"", True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                return
            body += message.get("body", b"")
            more = message.get("more_body", False)
        self.headers.append(dict(scope["headers"]))
        told = scope["path"].encode() + b" " + body
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
        await send({"type": "http.response.body", "body": told})


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def port(echo: Echo) -> AsyncIterator[int]:
    """A real server on a port of its own."""
    config = uvicorn.Config(
        CheckedRequests(echo, ["127.0.0.1"]),
        http=counting_protocol(Connections(100, 50, [])),
        port=0,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    yield server.servers[0].sockets[0].getsockname()[1]
    await server.shutdown()


async def exchange(port: int, *pieces: bytes) -> bytes:
    """Send these octets, end the sending side, and return all that is answered."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
            return await reader.read()
        except ConnectionError:
            return b""
        finally:
            writer.close()


LAST = b"GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
CHUNKED = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


async def test_requests_one_after_another_are_answered_in_turn(port: int) -> None:
    post = b"POST /u/token HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    answered = await exchange(port, post + post + LAST)
    assert answered.count(b"200 OK") == 3
    assert answered.index(b"/u/token abc") < answered.index(b"/last ")


async def test_a_request_in_single_octets_is_read(port: int) -> None:
    assert b"/last " in await exchange(port, *[bytes([octet]) for octet in LAST])


@pytest.mark.parametrize(
    "head",
    [
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
        b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\nabc",
        b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: a\r\nX: b\r\n continued\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /a HTTP/1.1\r\nHost: a\r\nX: a\x00b\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    ],
)
async def test_an_ambiguous_request_is_refused_and_its_connection_closed(port: int, echo: Echo, head: bytes) -> None:
    answered = await exchange(port, head + LAST)
    assert answered.startswith(b"HTTP/1.1 400 ")
    assert b"/last " not in answered
    assert not echo.headers


async def test_a_trailer_sets_no_header_field(port: int, echo: Echo) -> None:
    body = b"3\r\nabc\r\n0\r\nX-Forwarded-For: 192.0.2.9\r\n\r\n"
    assert b"/a abc" in await exchange(port, CHUNKED + body + LAST)
    assert b"x-forwarded-for" not in echo.headers[0]


@pytest.mark.parametrize(
    "beginning", [b"GET /a HTTP/1.1\r\nHost: a\r\nX: ", CHUNKED + b"0\r\nX: ", CHUNKED + b"1;extension="]
)
async def test_a_head_or_a_trailer_without_an_end_is_refused(port: int, echo: Echo, beginning: bytes) -> None:
    answered = await exchange(port, beginning, *[b"a" * 8192] * 64)
    assert answered == b"" or answered.startswith(b"HTTP/1.1 431 ")
    assert not echo.headers


async def test_a_large_body_is_no_large_head(port: int) -> None:
    chunks = b"1000\r\n" + b"a" * 0x1000 + b"\r\n"
    assert b"200 OK" in await exchange(port, CHUNKED, *[chunks] * 64, b"0\r\n\r\n" + LAST)


async def test_many_requests_on_one_connection_are_no_large_head(port: int) -> None:
    request = b"GET /again HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 1000 + b"\r\n\r\n"
    count = LARGEST_HEAD // 1000 * 2
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(count):
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 ")
            await reader.readexactly(len(b"/again "))
        writer.close()
