"""A bounded queue for requests that hash a password, so that they never take all threads or all of the processor.

Hashing a password is costly on purpose: tens of milliseconds and many megabytes each. One such request runs at a time;
a few wait, of one network fewer; the rest are asked to try again. Without this, four logins at once take all threads.
"""

import asyncio
import re
from collections import Counter

from newsletter.web.desk.login.limits import networks
from newsletter.web.requests import App, AsgiMessage, Receive, Send, refuse

HASHING = re.compile(r"/desk/(?:login/|setup/[^/]+/|password/[^/]+/[^/]+/|account/(?:password|factor)/)\Z")
"""The addresses whose POST hashes a password."""
WAITING, WAITING_OF_ONE = 32, 4


class PasswordQueue:
    """An ASGI application that passes on one password request at a time, and every other request at once."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._turn = asyncio.Lock()
        self._waiting: Counter[str] = Counter()

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Pass the request on when it is its turn; 503 where too many wait."""
        if scope["type"] != "http" or scope["method"] != "POST" or not HASHING.match(scope["path"]):
            await self._app(scope, receive, send)
            return
        network = networks(scope["client"][0])[0] if scope.get("client") else ""
        if self._waiting[network] >= WAITING_OF_ONE or self._waiting.total() >= WAITING:
            await refuse(send, 503, b"Too many people are logging in. Try again in a moment.\n", (b"retry-after", b"5"))
            return
        self._waiting[network] += 1
        try:
            async with self._turn:
                await self._app(scope, receive, send)
        finally:
            self._waiting -= Counter((network,))
