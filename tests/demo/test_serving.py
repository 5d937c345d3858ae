"""The demo's web servers: a browser that goes away leaves no traceback in the terminal, a fault of a page does."""

import socket
import struct
import threading
from collections.abc import Mapping

import pytest

from newsletter.demo.serving import Answer, served

LARGE = Answer(b"x" * 20_000_000)


def test_a_browser_that_goes_away_is_no_news(capfd: pytest.CaptureFixture[str]) -> None:
    with served(lambda path, parameters: LARGE, 0) as url:
        before = set(threading.enumerate())
        _reset_in_the_middle(int(url.rpartition(":")[2]))
        for thread in set(threading.enumerate()) - before:
            thread.join(10)
    assert capfd.readouterr().err == ""


def test_a_fault_of_a_page_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    def fails(path: str, parameters: Mapping[str, str]) -> Answer:
        raise RuntimeError(f"no page for {path}")

    with served(fails, 0) as url, _connected(int(url.rpartition(":")[2])) as client:
        client.sendall(b"GET /sample HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(1) == b""
    assert "no page for /sample" in capfd.readouterr().err


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=10)


def _reset_in_the_middle(port: int) -> None:
    """Ask for the page, read its beginning, and reset the connection, as a browser does that leaves a page."""
    with _connected(port) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert client.recv(12) == b"HTTP/1.1 200"
