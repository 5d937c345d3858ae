"""Connections that can't be led astray."""

import socket

import pytest

from newsletter.feeds import network
from newsletter.feeds.network import PrivateAddress, UnknownHost, Watch, opener, resolve


def answers(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> None:
    """Let every name be at these addresses."""
    rows = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (a, 80)) for a in addresses]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: rows)


def test_one_private_address_among_public_ones_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    answers(monkeypatch, "93.184.215.14", "10.0.0.1")
    with pytest.raises(PrivateAddress, match=r"blog\.example is at 10\.0\.0\.1"):
        opener(allow_private=False, watch=Watch())("blog.example", 80, 1.0)


def test_the_address_that_was_checked_is_the_one_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, int]] = []

    def connect(address: tuple[str, int], *_: object) -> socket.socket:
        asked.append(address)
        raise ConnectionRefusedError

    answers(monkeypatch, "93.184.215.14", "93.184.215.15")
    monkeypatch.setattr(network, "create_connection", connect)
    with pytest.raises(ConnectionRefusedError):
        opener(allow_private=False, watch=Watch())("blog.example", 80, 1.0)
    assert asked == [("93.184.215.14", 80), ("93.184.215.15", 80)]


@pytest.mark.parametrize(
    ("number", "kind"),
    [(socket.EAI_NONAME, UnknownHost), (socket.EAI_NODATA, UnknownHost), (socket.EAI_AGAIN, OSError)],
)
def test_a_name_that_is_none_is_unknown_and_a_silent_name_server_a_failure(
    monkeypatch: pytest.MonkeyPatch, number: int, kind: type[OSError]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise socket.gaierror(number, "why")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    with pytest.raises(OSError, match=r"nowhere.example: .*why") as caught:
        resolve("nowhere.example", 80, 1.0)
    assert type(caught.value) is kind


def test_a_watch_cuts_a_connection_that_waits() -> None:
    ours, theirs = socket.socketpair()
    watch = Watch()
    watch.add(ours)
    watch.start(0.05)
    assert ours.recv(1) == b""
    assert watch.expired
    watch.close()
    ours.close()
    theirs.close()
