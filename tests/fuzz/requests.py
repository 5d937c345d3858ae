"""HTTP requests as octets on a real connection, to a server in a thread of its own."""

import asyncio
import contextlib
import functools
import socket
import threading

import h11
import uvicorn

from newsletter.web.connections import Connections
from newsletter.web.requests import FRAMING, App, AsgiMessage, CheckedRequests, Receive, Send
from newsletter.web.server import counting_protocol

SECONDS = 20.0
PROBE = b"GET /probe HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
SAMPLES = (
    b"GET /archive/?page=2 HTTP/1.1\r\nHost: a.example\r\nAccept: text/html\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n",
    b"POST /u/token HTTP/1.1\r\nHost: a.example\r\nContent-Length: 26\r\n\r\nList-Unsubscribe=One-Click",
    b"POST /desk/ HTTP/1.1\r\nHost: a.example\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX: y\r\n\r\n",
    b"POST /a HTTP/1.1\r\nHost: a.example\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx" + PROBE,
    b"GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    b"HEAD /healthz HTTP/1.0\r\n\r\n",
)


async def _echo(scope: AsgiMessage, receive: Receive, send: Send) -> None:
    """Answer with the length of the body; an ambiguous request is a fault."""
    names = [name for name, _value in scope["headers"]]
    assert len([name for name in names if name in FRAMING]) <= 1, names
    assert not any(b"_" in name or b"\0" in name for name in names), names
    length, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            return
        length += len(message.get("body", b""))
        more = message.get("more_body", False)
    told = b"%d" % length
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(told))]})
    await send({"type": "http.response.body", "body": told})


@functools.cache
def port(app: App = _echo) -> int:
    """The port of an application's server, which is started by the first call and ends with the process."""
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        CheckedRequests(app, ["127.0.0.1"]),
        http=counting_protocol(Connections(1000, 1000, [])),
        lifespan="off",
        log_config=None,
        proxy_headers=False,
        ws="none",
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(
        target=lambda: asyncio.run(server.serve(sockets=[listening])), name="fuzzed server", daemon=True
    )
    thread.start()
    return int(listening.getsockname()[1])


def exchange(data: bytes, app: App = _echo) -> bytes:
    """Send these octets, end the sending side, and return what the application answers before the connection ends."""
    answered = bytearray()
    connection = socket.create_connection(("127.0.0.1", port(app)), timeout=SECONDS)
    with connection, contextlib.suppress(ConnectionError):
        connection.sendall(data)
        with contextlib.suppress(OSError):  # the server has closed it already
            connection.shutdown(socket.SHUT_WR)
        while received := connection.recv(65_536):
            answered += received
    return bytes(answered)


def statuses(answered: bytes, asked: bytes) -> list[int]:
    """The statuses of these answers, read by h11, which raises where one is malformed or cut."""
    reader = h11.Connection(h11.CLIENT)
    head = asked.lstrip()[:5].upper() == b"HEAD "
    reader.send(h11.Request(method=b"HEAD" if head else b"GET", target=b"/", headers=[(b"Host", b"a")]))
    reader.send(h11.EndOfMessage())
    reader.receive_data(answered)
    found = list[int]()
    while not found or found[-1] < 200:
        event = reader.next_event()
        if not isinstance(event, h11.InformationalResponse | h11.Response):
            break
        found.append(event.status_code)
    return found


def tried(data: bytes) -> None:
    """Whatever is sent, no answer is a server's error, and the next client is answered."""
    answered = exchange(data)
    if answered:
        found = statuses(answered, data)
        assert found, answered[:200]
        assert all(status < 500 for status in found), found
    assert statuses(exchange(PROBE), PROBE) == [200]
