"""Takes a request's body in before a thread is given to the request.

Promises: whoever sends slowly, or stops in the middle, keeps no thread from others, so that leaving works meanwhile; a
body that is too large is refused before it is read to its end; one that comes in chunks is as good as any other.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from typing import IO, Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

UPLOADS = "/desk/"
LARGEST, LARGEST_UPLOAD = 3_000_000, 400_000_000
"""Octets of a body: of readers' pages and the API, and of what editors upload (a million subscribers are 80 MB)."""
IDLE_SECONDS = 20.0
IN_MEMORY, PIECE = 1_000_000, 65_536


class WholeBodies:
    """An ASGI application in front of another one (ASGI 3.0, HTTP 2.4)."""

    def __init__(self, app: App, idle_seconds: float = IDLE_SECONDS) -> None:
        self._app = app
        self._idle_seconds = idle_seconds

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand the request on once its body is here; 408 where it stops coming, 413 where it is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as body:
            try:
                size = await self._taken_in(body, receive, _most(scope))
            except TimeoutError:
                await _refuse(send, 408, b"The request did not come to its end.\n")
                return
            if size is None:
                await _refuse(send, 413, b"The request is too large.\n")
            elif size >= 0:
                body.seek(0)
                await self._app(_with_size(scope, size), _again(body, size, receive), send)

    async def _taken_in(self, body: IO[bytes], receive: Receive, most: int) -> int | None:
        """How many octets there are; None for too many, -1 where the client has gone."""
        size, more = 0, True
        while more:
            message = await asyncio.wait_for(receive(), self._idle_seconds)
            if message["type"] == "http.disconnect":
                return -1
            size += body.write(message.get("body", b""))
            if size > most:
                return None
            more = message.get("more_body", False)
        return size


def _most(scope: Message) -> int:
    return LARGEST_UPLOAD if scope["path"].startswith(UPLOADS) else LARGEST


def _with_size(scope: Message, size: int) -> Message:
    """The request with its body's true length, however it came."""
    other = [(n, v) for n, v in scope["headers"] if n not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*other, (b"content-length", b"%d" % size)] if size else other}


def _again(body: IO[bytes], size: int, receive: Receive) -> Receive:
    """The body once more, in pieces; then whatever else the client does."""
    left = [size]

    async def next_piece() -> Message:
        if left[0] < 0:
            return await receive()
        piece = body.read(PIECE)
        left[0] = left[0] - len(piece) if left[0] > len(piece) else -1
        return {"type": "http.request", "body": piece, "more_body": left[0] >= 0}

    return next_piece


async def _refuse(send: Send, status: int, sentence: bytes) -> None:
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(sentence)),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence})
