"""The web server ends together with the threads in which Django answers, whatever they are doing."""

import asyncio
import contextlib
import socket
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from typing import Any

import pytest
import uvicorn
from a2wsgi import WSGIMiddleware

from newsletter.web.connections import Connections
from newsletter.web.server import Server

# The event loop is closed with connections and listeners that uvicorn left open.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")
Answer = Callable[[dict[str, object], Callable[..., object]], Iterable[bytes]]


class Running:
    """A server in a thread of its own, with a thread for its application."""

    def __init__(self, answer: Answer) -> None:
        self._application = WSGIMiddleware(answer, workers=1)
        settings = uvicorn.Config(self._answer, interface="asgi3", log_config=None, timeout_graceful_shutdown=1)
        self.server = Server(settings, Connections(8, 4, []), self._application.executor)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self) -> None:
        with contextlib.suppress(SystemExit):
            self.server.run(sockets=[self.listener.dup()])

    async def _answer(self, scope: Any, receive: Any, send: Any) -> None:
        self._loop = asyncio.get_running_loop()
        await self._application(scope, receive, send)

    def ask(self) -> socket.socket:
        """Send a request; return the connection, from which nothing has been read."""
        client = socket.create_connection(self.listener.getsockname())
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        return client

    def kill(self) -> None:
        """Raise SystemExit in the server's thread, after a request."""
        self._loop.call_soon_threadsafe(sys.exit)


@pytest.fixture
def running() -> Iterator[Callable[[Answer], Running]]:
    started: list[Running] = []

    def start(answer: Answer) -> Running:
        started.append(Running(answer))
        return started[-1]

    yield start
    for each in started:
        each.server.should_exit = True
        each.thread.join(20)
        each.listener.close()


def threads_of_wsgi() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name.startswith("WSGI")]


def test_a_killed_server_waits_for_an_answer_that_is_being_made(running: Callable[[Answer], Running]) -> None:
    """The thread would wait forever for a loop that was closed when it had just begun to answer."""
    asked, go_on, answered = threading.Event(), threading.Event(), threading.Event()

    def answer(_: object, start_response: Callable[..., object]) -> Iterable[bytes]:
        asked.set()
        go_on.wait(20)
        start_response("200 OK", [("Content-Length", "2")])
        answered.set()
        return [b"ok"]

    before = len(threads_of_wsgi())
    server = running(answer)
    with closing(server.ask()):
        assert asked.wait(20)
        server.kill()
        server.thread.join(1)
        assert server.thread.is_alive()
        go_on.set()
        server.thread.join(20)
    assert not server.thread.is_alive()
    assert answered.is_set()
    assert len(threads_of_wsgi()) == before


def test_a_client_that_reads_nothing_does_not_keep_the_server_from_ending(
    running: Callable[[Answer], Running],
) -> None:
    asked = threading.Event()

    def answer(_: object, start_response: Callable[..., object]) -> Iterable[bytes]:
        start_response("200 OK", [])
        asked.set()
        yield from (b"x" * 65_536 for _ in range(1_000))

    server = running(answer)
    with closing(server.ask()):
        assert asked.wait(20)
        server.server.should_exit = True
        server.thread.join(20)
        assert not server.thread.is_alive()
