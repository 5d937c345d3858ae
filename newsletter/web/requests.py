"""Checks of a request before Django: unambiguous headers, and the client's address behind trusted proxies.

WSGI writes `-` in a header's name as `_` (PEP 3333), so `X_Forwarded_For` would be taken for `X-Forwarded-For`: names
with an underscore are dropped, as nginx does by default. A request with both Content-Length and Transfer-Encoding is
answered with 400 and its connection closed (RFC 9112 6.1).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from functools import lru_cache
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from newsletter.domain.hosts import plain_address

AsgiMessage = MutableMapping[str, Any]
"""A scope or an event of ASGI."""

Receive = Callable[[], Awaitable[AsgiMessage]]
Send = Callable[[AsgiMessage], Awaitable[None]]
App = Callable[[AsgiMessage, Receive, Send], Awaitable[None]]

FRAMING = frozenset((b"content-length", b"transfer-encoding"))
DRAIN_SECONDS = 5.0
LONGEST_ADDRESS = 45
"""Characters of an IPv6 address whose end is written as IPv4 is."""


class CheckedRequests:
    """An ASGI application that drops ambiguous headers and sets the client's address for the one behind it.

    uvicorn's own middleware reads X-Forwarded-For and X-Forwarded-Proto, and only from a trusted proxy: the right-most
    address that isn't a trusted proxy counts, since a client can forge whatever stands to its left.
    """

    def __init__(self, app: App, trusted_proxies: Iterable[str]) -> None:
        self._app = app
        self._proxied = ProxyHeadersMiddleware(self._with_valid_client, list(trusted_proxies))  # type: ignore[arg-type]

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with 400."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
        if {name for name, _value in headers} >= FRAMING:
            await refuse(send, 400, b"The request has both Content-Length and Transfer-Encoding.\n")
            return
        peer = _plain_client(scope.get("client"))
        checked = {**scope, "headers": headers, "client": peer, "newsletter.peer": peer}
        await self._proxied(checked, receive, send)  # type: ignore[arg-type]

    async def _with_valid_client(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Fall back to the peer's address where a proxy names something that isn't an address ("unknown")."""
        client = _plain_client(scope["client"])
        await self._app({**scope, "client": client or scope["newsletter.peer"]}, receive, send)


def _plain_client(client: tuple[str, int] | None) -> tuple[str, int] | None:
    """Return the client with an IPv4-mapped address as IPv4 and without a scope; None if it isn't an address."""
    host = client[0].partition("%")[0] if client else ""
    address = _plain_address(host) if len(host) <= LONGEST_ADDRESS else None
    return (address, client[1]) if client and address else None


@lru_cache(maxsize=1024)
def _plain_address(host: str) -> str | None:
    address = plain_address(host)
    return str(address) if address else None


async def refuse(
    send: Send,
    status: int,
    body: bytes,
    *more: tuple[bytes, bytes],
    drain: Receive | None = None,
    media_type: str = "text/plain; charset=utf-8",
) -> None:
    """Answer with one line of text or another short body, and close the connection.

    With `drain` what the client is still sending is read and thrown away for up to DRAIN_SECONDS, as a connection
    that is closed with unread octets is reset, and the client may lose the answer.
    """
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", b"%d" % len(body)),
        (b"connection", b"close"),
        *more,
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": drain is not None})
    if drain is not None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_SECONDS):
                while (await drain()).get("more_body"):
                    pass
        await send({"type": "http.response.body", "body": b""})
