"""`newsletter check-machine`: what a machine lacks, told before anything is set up. Ports are real, on loopback."""

import ctypes
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from typing import Any

import pytest

from newsletter.cli import checking_machine
from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.messages.general import TEXT
from tests.cli.conftest import Run


def findings(run: Any) -> dict[str, tuple[str, str]]:
    """Return verdict and sentence of each check."""
    return {each["about"]: (each["verdict"], each["sentence"]) for each in run.document["checks"]}


@contextmanager
def server(greeting: bytes) -> Iterator[int]:
    """Listen on a port, greet whoever connects, and give the port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def greet() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.sendall(greeting)

        thread = Thread(target=greet)
        thread.start()
        yield listener.getsockname()[1]
        thread.join()


def free_port() -> int:
    """Return a port on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_machine_is_checked_without_a_configuration(command: Run) -> None:
    found = findings(command("check-machine", "--port", str(free_port()), "--json"))
    assert found["Python"][0] == "good"
    assert {"memory", "disk", "time zones", "clock"} <= found.keys()
    assert found["outgoing mail"] == ("note", "not checked; --smtp HOST:PORT tries a mail server")


def test_a_port_that_is_taken_is_told(command: Run) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        run = command("check-machine", "--port", str(listener.getsockname()[1]), status=1)
    assert "another program uses it; choose another --port" in run.err


@pytest.mark.parametrize(
    ("greeting", "verdict", "words"),
    [(b"220 mail ESMTP\r\n", "good", "can be reached"), (b"HTTP/1.1 400\r\n", "warning", "is the port right?")],
)
def test_a_mail_server_is_tried(command: Run, greeting: bytes, verdict: str, words: str) -> None:
    with server(greeting) as port:
        arguments = ("check-machine", "--port", str(free_port()), "--smtp", f"127.0.0.1:{port}", "--json")
        found = findings(command(*arguments))
    assert found[f"port {port} outgoing"][0] == verdict
    assert words in found[f"port {port} outgoing"][1]


def test_a_mail_server_that_cannot_be_reached_is_told_with_the_remedy(command: Run) -> None:
    arguments = ("check-machine", "--port", str(free_port()), "--smtp", f"127.0.0.1:{free_port()}")
    assert "ask them to open it, or send through an email service's API" in command(*arguments, status=1).err
    assert "must be a host and a port" in command("check-machine", "--smtp", "mail", status=2).err
    # A name with an empty label is refused without asking a name server.
    no_name = command("check-machine", "--port", str(free_port()), "--smtp", "mail..example:587", status=1).err
    assert "mail..example has no address" in no_name


@pytest.mark.parametrize(
    ("servers", "verdict", "words"),
    [
        ((), "bad", "it has no records"),
        (("127.0.0.1",), "good", "mail to it goes to 127.0.0.1"),
        (None, "bad", "name server"),
    ],
)
def test_the_domain_is_looked_up(
    command: Run, monkeypatch: pytest.MonkeyPatch, servers: tuple[str, ...] | None, verdict: str, words: str
) -> None:
    def mail_servers(_lookups: Lookups, _domain: str) -> tuple[str, ...]:
        if servers is None:
            raise LookupFailed(TEXT(words="no answer"))
        return servers

    monkeypatch.setattr(Lookups, "mail_servers", mail_servers)
    monkeypatch.setattr(Lookups, "ask", lambda *_: ())
    finding, hosts = checking_machine._dns("example.org")
    assert (finding.verdict, hosts) == (verdict, servers or ())
    assert words in finding.sentence


def test_a_clock_that_nothing_sets_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Library:
        def adjtimex(self, _buffer: object) -> int:
            return checking_machine.UNSYNCHRONIZED

    monkeypatch.setattr(ctypes, "CDLL", lambda *_args, **_options: Library())
    assert "timedatectl set-ntp true" in checking_machine._clock().sentence
