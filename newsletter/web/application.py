"""The web application as an ASGI server runs it: checks in front, Django behind them in a few threads."""

import asyncio
import re
from collections import Counter
from functools import partial

from a2wsgi import WSGIMiddleware
from a2wsgi.asgi_typing import SendEvent
from a2wsgi.wsgi import WSGIResponder
from django.conf import settings
from django.core.wsgi import get_wsgi_application

from newsletter import config
from newsletter.config import Config
from newsletter.web.bodies import WholeBodies
from newsletter.web.desk.body_limits import body_limit
from newsletter.web.desk.login.limits import networks
from newsletter.web.fast_path import FastPath, observer
from newsletter.web.page_cache import PageCache
from newsletter.web.refusal_pages import refuse_with_page
from newsletter.web.requests import App, AsgiMessage, CheckedRequests, Receive, Send

# Threads, each with a database connection of its own; SQLite writes one at a time, and two cores do no more at once.
WORKERS = 4
LOOK_SECONDS = 1.0
"""How often a thread that waits for the event loop looks whether there still is one."""


class DjangoInThreads:
    """Django as an ASGI application; requests are answered in this many threads."""

    def __init__(self, workers: int) -> None:
        self._django = WSGIMiddleware(get_wsgi_application(), workers=workers)  # type: ignore[arg-type]

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Answer a request; what isn't one is answered as a2wsgi does."""
        if scope["type"] == "http":
            answer = ThreadAnswer(self._django.app, self._django.executor, self._django.send_queue_size)
            await answer(scope, receive, send)  # type: ignore[arg-type]
        else:
            await self._django(scope, receive, send)  # type: ignore[arg-type]


class ThreadAnswer(WSGIResponder):
    """An answer of a thread, which the event loop sends."""

    def send(self, message: SendEvent | None) -> None:
        """Hand a part of the answer to the loop.

        Raises ConnectionAbortedError if the loop was closed before it took the part, as that of a server that crashed:
        the thread would wait forever, and keep the program from ending.
        """
        future = asyncio.run_coroutine_threadsafe(self.send_queue.put(message), self.loop)
        while True:
            try:
                return future.result(LOOK_SECONDS)
            except TimeoutError:
                if self.loop.is_closed():
                    raise ConnectionAbortedError("the web server has ended") from None


def probe_application(configuration: Config) -> App:
    """Return Django with the addresses for monitoring alone."""
    settings.ROOT_URLCONF = "newsletter.web.health"
    return CheckedRequests(WholeBodies(DjangoInThreads(workers=1), lambda _: 0), configuration.web.trusted_proxies)


def application(configuration: Config) -> App:
    """Django behind the checks that every request passes; `newsletter.start` has set Django up."""
    fast_path = FastPath(PasswordQueue(DjangoInThreads(WORKERS)))
    pages = PageCache(fast_path, lambda: config.recent().number, partial(observer, "GET"))
    return CheckedRequests(WholeBodies(pages, body_limit), configuration.web.trusted_proxies)


HASHING = re.compile(r"/desk/(?:login/|setup/[^/]+/|password/[^/]+/[^/]+/|account/(?:password|factor)/)\Z")
"""The addresses whose POST hashes a password."""
WAITING, WAITING_OF_ONE = 32, 4


class PasswordQueue:
    """An ASGI application that passes on one password request at a time, and every other request at once.

    Hashing a password is costly on purpose: tens of milliseconds and many megabytes each. A few requests wait, of one
    network fewer; the rest are asked to try again. Without this, four logins at once take all threads.
    """

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
            sentence = b"Too many people are logging in. Try again in a moment.\n"
            retry = (b"retry-after", b"5")
            await refuse_with_page(scope, send, 503, sentence, retry, name="many_logins")
            return
        self._waiting[network] += 1
        try:
            async with self._turn:
                await self._app(scope, receive, send)
        finally:
            self._waiting -= Counter((network,))
