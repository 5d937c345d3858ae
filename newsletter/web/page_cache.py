"""Caches public pages in memory for a second, as every cache may keep them for minutes.

A thousand of them take 0.1 s of CPU time from memory, and 3.3 s made anew in Django's threads.

A page is kept only if its response allows shared caches to keep it and depends on nothing but what `_Key` holds. A
request that has one of the headers in the key twice is passed on, and its response isn't kept: Django joins the values.
While one request fetches a page anew, the others get the one before.
"""

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from newsletter.web.requests import App, AsgiMessage, Receive, Send

SECONDS, MOST_PAGES, LARGEST_PAGE = 1.0, 64, 500_000
CONDITIONS = frozenset((b"if-modified-since", b"if-match", b"if-unmodified-since", b"if-range", b"range"))
ONCE = frozenset((b"host", b"accept-language", b"if-none-match"))
NOT_WITH_304 = frozenset((b"content-length", b"content-type"))

Observe = Callable[[int, float], None]
Headers = list[tuple[bytes, bytes]]


class _Key(NamedTuple):
    path: str
    query: bytes
    scheme: str
    host: bytes
    language: bytes
    configuration: int


@dataclass(slots=True)
class _Page:
    headers: Headers
    body: bytes
    etag: bytes
    until: float
    observe: Observe


class PageCache:
    """An ASGI application in front of another one, which answers public pages that it has kept.

    `configuration` returns a number that changes with the configuration. `observer` returns for a path what is called
    with the status and the seconds of each answer from memory.
    """

    def __init__(
        self,
        app: App,
        configuration: Callable[[], int],
        observer: Callable[[str], Observe],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._app, self._configuration, self._observer, self._clock = app, configuration, observer, clock
        self._pages: OrderedDict[_Key, _Page] = OrderedDict()

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Answer from memory, or pass the request on."""
        headers = dict(scope["headers"]) if _is_public(scope) else {}
        if not headers or headers.keys() & CONDITIONS or _has_twice(scope["headers"]):
            await self._app(scope, receive, send)
            return
        key = self._key(scope, headers)
        page = self._fresh(key)
        if page is None:
            await self._fetch(key, scope, receive, send)
        else:
            await _answer(page, headers.get(b"if-none-match", b""), send)

    def _key(self, scope: AsgiMessage, headers: dict[bytes, bytes]) -> _Key:
        host, language = headers.get(b"host", b""), headers.get(b"accept-language", b"")
        return _Key(scope["path"], scope["query_string"], scope["scheme"], host, language, self._configuration())

    def _fresh(self, key: _Key) -> _Page | None:
        """Return a page to answer with; None if this request is to fetch it."""
        page = self._pages.get(key)
        if page is None:
            return None
        now = self._clock()
        if page.until <= now:
            page.until = now + SECONDS
            return None
        self._pages.move_to_end(key)
        return page

    async def _fetch(self, key: _Key, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Pass the request on, and keep the response if that is allowed."""
        started: AsgiMessage = {}
        body = bytearray()
        complete = False

        async def recorded(message: AsgiMessage) -> None:
            nonlocal complete
            if message["type"] == "http.response.start":
                started.update(message)
            elif message["type"] == "http.response.body" and len(body) <= LARGEST_PAGE:
                body.extend(message.get("body", b""))
                complete = not message.get("more_body", False)
            await send(message)

        try:
            await self._app(scope, receive, recorded)
        finally:
            self._keep(key, started, bytes(body) if complete else b"")

    def _keep(self, key: _Key, started: AsgiMessage, body: bytes) -> None:
        headers: Headers = [(name.lower(), value) for name, value in started.get("headers", ())]
        if not 0 < len(body) <= LARGEST_PAGE or started.get("status") != 200 or not _may_be_kept(headers):
            if started.get("status") != 304:
                self._pages.pop(key, None)
            return
        etag, until = dict(headers).get(b"etag", b""), self._clock() + SECONDS
        self._pages[key] = _Page(headers, body, etag, until, self._observer(key.path))
        self._pages.move_to_end(key)
        while len(self._pages) > MOST_PAGES:
            self._pages.popitem(last=False)


async def _answer(page: _Page, etags: bytes, send: Send) -> None:
    began = time.perf_counter()
    same = bool(page.etag) and page.etag in (tag.strip().removeprefix(b"W/") for tag in etags.split(b","))
    status, body, headers = 200, page.body, page.headers
    if same:
        status, body, headers = 304, b"", [header for header in page.headers if header[0] not in NOT_WITH_304]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
    page.observe(status, time.perf_counter() - began)


def _has_twice(headers: Headers) -> bool:
    """Return whether one of the headers that choose a page comes more than once."""
    names = [name for name, _value in headers if name in ONCE]
    return len(names) != len(set(names))


def _is_public(scope: AsgiMessage) -> bool:
    return (
        scope["type"] == "http"
        and scope["method"] == "GET"
        and (scope["path"] == "/" or bool(scope["path"].startswith("/n/")))
    )


def _may_be_kept(headers: Headers) -> bool:
    """Return whether a shared cache may keep a response, and it varies with nothing but the language."""
    values = dict(headers)
    varies = {field.strip().lower() for field in values.get(b"vary", b"").split(b",")} - {b"", b"accept-language"}
    control = {directive.strip().lower() for directive in values.get(b"cache-control", b"").split(b",")}
    return b"public" in control and b"set-cookie" not in values and not varies
