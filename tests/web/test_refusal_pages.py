"""What the server refuses before Django sees it ends, in a browser, on a page with the reason and the remedy."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import uvicorn
from django.test import override_settings

from newsletter.web import requests
from newsletter.web.application import WAITING_OF_ONE, PasswordQueue
from newsletter.web.bodies import LARGEST, Pace, WholeBodies
from newsletter.web.connections import ConnectionLimits, Connections
from newsletter.web.first_run import progress, server as first_run
from newsletter.web.requests import App, AsgiMessage, Receive, Send
from newsletter.web.server import counting_protocol

SECONDS = 20.0
BROWSER = "Accept: text/html,application/xhtml+xml\r\nContent-Type: application/x-www-form-urlencoded\r\n"
SCRIPT = "Accept: */*\r\nHX-Request: true\r\n"


@pytest.fixture(autouse=True)
def _short_drain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(requests, "DRAIN_SECONDS", 0.1)


@asynccontextmanager
async def serving(app: App, connections: Connections) -> AsyncIterator[int]:
    """The port of a real server with this application behind the limits of connections."""
    config = uvicorn.Config(
        ConnectionLimits(app, connections),
        http=counting_protocol(connections),
        port=0,
        lifespan="off",
        log_config=None,
        proxy_headers=False,
    )
    config.load()
    server = uvicorn.Server(config)
    server.lifespan = config.lifespan_class(config)
    await server.startup()
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


async def silent(scope: AsgiMessage, receive: Receive, send: Send) -> None:
    """An application that answers nobody before they leave."""
    while (await receive())["type"] != "http.disconnect":
        pass


def form(path: str, size: int, headers: str = BROWSER) -> bytes:
    """The head of a request that announces a body of this size."""
    return f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}Content-Length: {size}\r\n\r\n".encode()


async def exchange(port: int, octets: bytes) -> str:
    """Send these octets, and return all that is answered."""
    async with asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(octets)
            await writer.drain()
            return (await reader.read()).decode()
        finally:
            writer.close()


def assert_page(answer: str, status: int, english: str, norwegian: str) -> None:
    head, _blank, page = answer.partition("\r\n\r\n")
    assert head.startswith(f"HTTP/1.1 {status} ")
    assert "content-type: text/html; charset=utf-8" in head
    assert '<link rel="stylesheet" href="/static/desk/desk.css">' in page
    assert english in page
    assert f'<p lang="nb">{norwegian}' in page


@pytest.mark.parametrize("path", ["/desk/n/daily/letters/", "/n/daily/subscribe"])
async def test_a_form_that_arrives_too_slowly_is_answered_with_what_to_do(path: str) -> None:
    app = WholeBodies(silent, lambda _: 0, Pace(idle=0.05))
    async with serving(app, Connections(100, 50, [])) as port:
        page = await exchange(port, form(path, 500) + b"text=Half")
        assert_page(page, 408, "What you typed is still in your browser: go back", "Det du sendte")
        assert "The request did not arrive in time.\n" in await exchange(port, form(path, 500, SCRIPT) + b"text=Half")


async def test_a_page_of_a_form_that_arrives_too_slowly_reaches_who_still_sends() -> None:
    """Else the connection would be reset with the answer in it."""
    app = WholeBodies(silent, lambda _: 3_000_000, Pace(grace=0.05))
    async with serving(app, Connections(100, 50, [])) as port, asyncio.timeout(SECONDS):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(form("/desk/n/daily/letters/", 2_000_000))
        for _ in range(12):
            writer.write(b"x" * 100)
            await writer.drain()
            await asyncio.sleep(0.01)  # the pace of the client
        assert_page((await reader.read()).decode(), 408, "send it again", "Det du sendte")
        writer.close()


@pytest.mark.parametrize("path", ["/n/daily/subscribe", "/desk/login/", "/desk/setup/token/", "/desk/password/a/b/"])
async def test_a_form_that_needs_no_login_and_is_too_large_is_answered_with_its_limit(path: str) -> None:
    async with serving(WholeBodies(silent, lambda _: 0), Connections(100, 50, [])) as port:
        page = await exchange(port, form(path, LARGEST + 1) + b"x" * (LARGEST + 1))
        assert_page(page, 413, "a form may have at most 100 KB here. What you typed", "Ingenting ble lagret")


@pytest.mark.parametrize("path", ["/desk/n/daily/letters/", "/n/daily/subscribe"])
async def test_a_form_on_a_connection_too_many_is_answered_with_what_to_do(path: str) -> None:
    async with serving(silent, Connections(100, 1, [])) as port, asyncio.timeout(SECONDS):
        _reader, busy = await asyncio.open_connection("127.0.0.1", port)
        busy.write(b"GET /desk/ HTTP/1.1\r\nHost: a\r\n\r\n")
        await asyncio.sleep(0.05)  # the connection is idle, and would give way, until its request has been read
        page = await exchange(port, form(path, 300_000) + b"x" * 300_000)
        assert_page(page, 429, "Close other pages of this site, wait a few seconds", "For mange forbindelser")
        assert "retry-after: 5" in page
        assert "Too many connections are open." in await exchange(port, form(path, 4, SCRIPT) + b"a=1&")
        busy.close()


async def test_nobody_waits_for_what_a_refused_client_sends_where_places_are_few() -> None:
    connections = Connections(4, 2, [])
    assert connections.have_room
    for number in range(3):
        connections.made(("192.0.2.1", number), lambda: None)
        connections.begin(("192.0.2.1", number), "/")
    assert not connections.have_room


async def test_a_login_while_too_many_wait_is_answered_with_what_to_do() -> None:
    async with serving(PasswordQueue(silent), Connections(100, 50, [])) as port, asyncio.timeout(SECONDS):
        waiting = [await asyncio.open_connection("127.0.0.1", port) for _ in range(WAITING_OF_ONE)]
        for _reader, writer in waiting:
            writer.write(form("/desk/login/", 4) + b"a=1&")
        await asyncio.sleep(0.05)  # until they have been read
        page = await exchange(port, form("/desk/login/", 4) + b"a=1&")
        assert_page(page, 503, "Wait a few seconds, go back, and try again.", "For mange logger inn")
        for _reader, writer in waiting:
            writer.close()


async def test_a_logo_that_is_too_large_for_the_set_up_is_answered_with_the_limit(tmp_path: Path) -> None:
    urls = override_settings(ROOT_URLCONF="newsletter.web.first_run.views", MIDDLEWARE=first_run.MIDDLEWARE)
    with urls:
        setup = progress.begin(tmp_path / "config.toml")
        async with serving(first_run.limited(setup), Connections(100, 50, [])) as port:
            logo = form(f"/setup/{setup.token}/newsletter/", 54_000_000) + b"x" * 200_000
            assert_page(await exchange(port, logo), 413, "a form may have at most 30 MB here.", "Ingenting ble lagret")
            guessed = form("/setup/guessed/newsletter/", 200_000) + b"x" * 200_000
            assert_page(await exchange(port, guessed), 413, "at most 100 KB here", "Ingenting ble lagret")
            allowed = form(f"/setup/{setup.token}/", 200_000) + b"x" * 200_000
            assert (await exchange(port, allowed)).startswith("HTTP/1.1 200 ")
