"""Reads a request's body before a thread is given to the request.

Django runs in four threads, and a2wsgi would let it wait for the body in one of them. No setting of uvicorn limits the
size or the pace of a body.

Promises: a slow or stalled client holds no thread; a body is limited by who sends it and where: a small one for
everyone, a large one only after login; a body that is too large is refused before it is read to its end.
"""

import asyncio
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from io import BytesIO
from typing import IO
from urllib.parse import quote, urlsplit

from newsletter.api.problem_document import API_ROOT, MEDIA_TYPE, problem_document
from newsletter.messages import Message, api as messages
from newsletter.web.refusal_pages import is_shown, refuse_with_page
from newsletter.web.requests import App, AsgiMessage, Receive, Send, refuse

LARGEST = 100_000
"""Octets of a body from anyone; readers' forms, logins and one-click requests have a few hundred."""
IN_MEMORY, PIECE = 1_000_000, 65_536
HOOKS, LARGEST_OF_HOOKS = "/hooks/", 2_500_000
"""Octets of a call of an email service, which may have hundreds of events."""
DESK, LOGIN, BACK = "/desk/", "/desk/login/", "/desk/too-large/"
WITHOUT_LOGIN = (LOGIN, "/desk/setup/", "/desk/password/")
"""Pages of the desk that nobody logs in for."""
SETUP = "/setup/"
"""The set-up in the browser, whose forms take logos from whoever has its link."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How slowly a body may come: the longest pause, and an overall deadline that grows with what has arrived.

    Times in seconds, `slowest` in octets a second.
    """

    idle: float = 20.0
    grace: float = 30.0
    slowest: float = 10_000.0
    longest: float = 3600.0

    def deadline(self, size: int) -> float:
        """Seconds since the request's head by which the next octets must have come, after `size` octets."""
        return min(self.grace + size / self.slowest, self.longest)


class TooLarge(Exception):
    """The body is larger than this client may send here: than `most` octets."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class LoginNeeded(Exception):
    """The body is larger than anyone may send who isn't logged in."""


class ClientGone(Exception):
    """The client closed the connection."""


class WholeBodies:
    """An ASGI application in front of another one (ASGI 3.0, HTTP 2.4).

    `larger` is called in a thread, for the desk, the API and the set-up only, once a body exceeds LARGEST; it returns
    how many octets this request may have, 0 if nobody is logged in.
    """

    def __init__(self, app: App, larger: Callable[[AsgiMessage], int], pace: Pace = Pace()) -> None:
        self._app = app
        self._larger = larger
        self._pace = pace
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="body-limit")

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Pass the request on once its body has arrived; 408 where it is too slow, 413 where it is too large."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        expected = _declared_size(scope)
        with _holder(scope, expected) as body:
            try:
                size = await self._read(body, scope, receive, expected)
            except TimeoutError:
                sentence = b"The request did not arrive in time.\n"
                await _refuse(scope, send, 408, messages.TOO_SLOW(), sentence, receive)
            except TooLarge as e:
                if e.most > LARGEST and scope["path"].startswith(DESK) and is_shown(scope):
                    await _send_back(scope, receive, send, e.most)
                    return
                message = messages.TOO_LARGE(most=e.most)
                await _refuse(scope, send, 413, message, b"The request is too large.\n", receive, e.most)
            except LoginNeeded:
                await _send_to_login(scope, receive, send)
            except ClientGone:
                return
            else:
                body.seek(0)
                await self._app(_with_size(scope, size), replayed(body, size, receive), send)

    async def _read(self, body: IO[bytes], scope: AsgiMessage, receive: Receive, expected: int) -> int:
        """Write the body to `body` and return its size; `expected` is its Content-Length."""
        loop = asyncio.get_running_loop()
        began, size, more, limit = loop.time(), 0, True, LARGEST
        while True:
            if max(size, expected) > limit:
                limit = await self._raised(limit, scope, max(size, expected))
            if not more:
                return size
            remaining = self._pace.deadline(size) - (loop.time() - began)
            async with asyncio.timeout(min(self._pace.idle, remaining)):  # wait_for would make a task each time
                message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            size += body.write(message.get("body", b""))
            more = message.get("more_body", False)

    async def _raised(self, limit: int, scope: AsgiMessage, size: int) -> int:
        """Return the limit of email services, or of whoever is logged in or has a token.

        Raises LoginNeeded or TooLarge.
        """
        if scope["path"].startswith(HOOKS) and size <= LARGEST_OF_HOOKS:
            return LARGEST_OF_HOOKS
        if limit > LARGEST or not scope["path"].startswith((DESK, API_ROOT, SETUP)):
            raise TooLarge(limit)
        allowed = await asyncio.get_running_loop().run_in_executor(self._thread, self._larger, scope)
        if not allowed and scope["path"].startswith(DESK) and not scope["path"].startswith(WITHOUT_LOGIN):
            raise LoginNeeded
        if size > allowed:
            raise TooLarge(allowed or LARGEST)
        return allowed


async def _refuse(
    scope: AsgiMessage, send: Send, status: int, message: Message, sentence: bytes, drain: Receive, most: int = 0
) -> None:
    """Refuse a request: one to the API with a problem document, any other with a page or a sentence."""
    if scope["path"].startswith(API_ROOT):
        document = problem_document(HTTPStatus(status), message, {})
        await refuse(send, status, document, drain=drain, media_type=MEDIA_TYPE)
    else:
        await refuse_with_page(scope, send, status, sentence, most=most, drain=drain)


def _holder(scope: AsgiMessage, expected: int) -> IO[bytes]:
    """Return what a body is kept in: a file once it is large, which costs more to make than most bodies to read."""
    small = expected <= LARGEST and not any(name == b"transfer-encoding" for name, _ in scope["headers"])
    return BytesIO() if small else tempfile.SpooledTemporaryFile(IN_MEMORY)


def _declared_size(scope: AsgiMessage) -> int:
    """Return the Content-Length; 0 without one (HTTP itself has refused one that isn't a number)."""
    values = [value for name, value in scope["headers"] if name == b"content-length"]
    return int(values[0][:18]) if values and values[0].isdigit() else 0


async def _send_to_login(scope: AsgiMessage, receive: Receive, send: Send) -> None:
    """Redirect to the login page, and back to this page afterwards."""
    address = f"{LOGIN}?next={quote(scope['path'])}".encode()
    if any(name == b"hx-request" for name, _value in scope["headers"]):
        await refuse(send, 401, b"Log in first.\n", (b"hx-redirect", LOGIN.encode()), drain=receive)
    else:
        await refuse(send, 303, b"Log in first.\n", (b"location", address), drain=receive)


async def _send_back(scope: AsgiMessage, receive: Receive, send: Send, most: int) -> None:
    """Redirect to the page that the form is on, which says how much it may send and shows again what was typed."""
    referrer = dict(scope["headers"]).get(b"referer", b"").decode("latin-1")
    address = f"{BACK}?most={most}&page={quote(urlsplit(referrer).path or scope['path'])}".encode()
    await refuse(send, 303, b"The request is too large.\n", (b"location", address), drain=receive)


def _with_size(scope: AsgiMessage, size: int) -> AsgiMessage:
    """Return the request with its body's true length, however it came."""
    other_headers = [(n, v) for n, v in scope["headers"] if n not in (b"content-length", b"transfer-encoding")]
    return {**scope, "headers": [*other_headers, (b"content-length", b"%d" % size)] if size else other_headers}


def replayed(body: IO[bytes], size: int, receive: Receive) -> Receive:
    """Return a receive function that repeats the body in pieces, and then passes on what the client sends."""
    remaining = [size]

    async def next_piece() -> AsgiMessage:
        if remaining[0] < 0:
            return await receive()
        piece = body.read(PIECE)
        remaining[0] = remaining[0] - len(piece) if remaining[0] > len(piece) else -1
        return {"type": "http.request", "body": piece, "more_body": remaining[0] >= 0}

    return next_piece
