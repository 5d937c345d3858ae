"""Public pages are kept in memory for a second, and nothing else is."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from newsletter.web.page_cache import MOST_PAGES, SECONDS, PageCache
from newsletter.web.requests import AsgiMessage, Receive, Send

PUBLIC = ((b"Cache-Control", b"public, max-age=300"), (b"ETag", b'"a"'), (b"Vary", b"Accept-Language"))


class Site:
    """A site behind the page cache, with a clock that is set; each page says how many were made before."""

    def __init__(self, headers: tuple[tuple[bytes, bytes], ...] = PUBLIC, status: int = 200) -> None:
        self.now, self.made, self.configuration = 0.0, 0, 1
        self.headers, self.status = headers, status
        self.slow: asyncio.Event | None = None
        self.observed: list[tuple[str, int]] = []
        self.pages = PageCache(
            self._app,
            lambda: self.configuration,
            self._observer,
            self._time,
        )

    def _observer(self, path: str) -> Callable[[int, float], None]:
        return lambda status, _seconds: self.observed.append((path, status))

    def _time(self) -> float:
        return self.now

    async def _app(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        self.made += 1
        body = b"%d" % self.made
        if self.slow:
            await self.slow.wait()
        headers = [*self.headers, (b"Content-Length", b"%d" % len(body))]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body[:1], "more_body": True})
        await send({"type": "http.response.body", "body": body[1:], "more_body": False})

    async def get(
        self, path: str = "/n/daily/", method: str = "GET", query: bytes = b"", twice: str = "", **headers: str
    ) -> tuple[int, bytes]:
        """Ask for a page, with a second line of the header `twice`; return the status and the body."""
        given = {"host": "localhost", **headers}
        named = [(name.replace("_", "-").encode(), value.encode()) for name, value in given.items()]
        named += [(twice.encode(), b"nb")] if twice else []
        scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query,
            "scheme": "http",
            "headers": named,
        }
        sent: list[Any] = []

        async def receive() -> AsgiMessage:
            return {"type": "http.request", "body": b""}

        async def send(message: AsgiMessage) -> None:
            sent.append(message)

        await self.pages(scope, receive, send)
        return sent[0]["status"], b"".join(each["body"] for each in sent[1:])


async def test_a_page_is_made_once_a_second() -> None:
    site = Site()
    assert [await site.get() for _ in range(3)] == [(200, b"1")] * 3
    site.now = SECONDS
    assert await site.get() == (200, b"2")
    assert site.observed == [("/n/daily/", 200)] * 2


async def test_others_get_the_page_before_while_one_request_makes_it_anew() -> None:
    site = Site()
    await site.get()
    site.now, site.slow = SECONDS, asyncio.Event()
    making = asyncio.create_task(site.get())
    await asyncio.sleep(0)
    assert await site.get() == (200, b"1")
    site.slow.set()
    assert await making == (200, b"2")
    assert await site.get() == (200, b"2")


@pytest.mark.parametrize(
    "headers",
    [
        (),
        ((b"Cache-Control", b"no-store"),),
        ((b"Cache-Control", b"private, max-age=300"),),
        ((b"Cache-Control", b"public"), (b"Vary", b"Accept-Language, Cookie")),
        ((b"Cache-Control", b"public"), (b"Set-Cookie", b"a=b")),
    ],
)
async def test_a_private_page_is_made_for_each_request(headers: tuple[tuple[bytes, bytes], ...]) -> None:
    site = Site(headers)
    assert [await site.get() for _ in range(2)] == [(200, b"1"), (200, b"2")]


@pytest.mark.parametrize("path", ["/desk/", "/static/desk/desk.css", "/readyz", "/images/a.png"])
async def test_other_pages_are_not_kept(path: str) -> None:
    site = Site()
    assert [await site.get(path) for _ in range(2)] == [(200, b"1"), (200, b"2")]


async def test_a_page_is_that_of_its_address_language_and_configuration() -> None:
    site = Site()
    assert await site.get() == (200, b"1")
    assert await site.get(query=b"lang=nb") == (200, b"2")
    assert await site.get(accept_language="nb") == (200, b"3")
    assert await site.get(host="other.example") == (200, b"4")
    site.configuration = 2
    assert await site.get() == (200, b"5")


@pytest.mark.parametrize("header", ["if_modified_since", "range", "if_range"])
async def test_other_conditions_are_left_to_django(header: str) -> None:
    site = Site()
    await site.get()
    assert await site.get(**{header: "x"}) == (200, b"2")
    assert await site.get(method="HEAD") == (200, b"3")


async def test_a_client_that_has_the_page_gets_304() -> None:
    site = Site()
    await site.get()
    assert await site.get(if_none_match='"b", W/"a"') == (304, b"")
    assert await site.get(if_none_match='"b"') == (200, b"1")


async def test_a_page_that_is_gone_is_forgotten() -> None:
    site = Site()
    await site.get()
    site.now, site.status = SECONDS, 404
    assert await site.get() == (404, b"2")
    assert await site.get() == (404, b"3")


async def test_only_so_many_pages_are_kept() -> None:
    site = Site()
    for n in range(MOST_PAGES + 1):
        await site.get(f"/n/{n}/")
    made = site.made
    await site.get(f"/n/{MOST_PAGES}/")
    assert site.made == made
    await site.get("/n/0/")
    assert site.made == made + 1


@pytest.mark.parametrize("twice", ["accept-language", "host", "if-none-match"])
async def test_a_page_whose_key_comes_twice_is_neither_kept_nor_answered_from_memory(twice: str) -> None:
    site = Site()
    given = {"accept_language": "de", "if_none_match": '"b"'}
    assert await site.get(twice=twice, **given) == (200, b"1")
    assert await site.get(accept_language="nb") == (200, b"2")
    assert await site.get(**given) == (200, b"3")
    assert await site.get(twice=twice, **given) == (200, b"4")
    assert await site.get(accept_language="nb") == (200, b"2")
