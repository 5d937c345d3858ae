"""Where `run` listens, and why it can't."""

import errno
import json
import os
import socket
from dataclasses import replace

import pytest

from newsletter import config
from newsletter.cli import serving
from newsletter.cli.common import Failed, listening
from newsletter.web import listener

pytestmark = pytest.mark.django_db


def printed(capsys: pytest.CaptureFixture[str], *, url: str, host: str = "127.0.0.1") -> tuple[str, int]:
    """Return the output when it listens, and the port."""
    found = config.current()
    with listener.open_listener(host, 0) as opened:
        serving._say_where(replace(found, site=replace(found.site, url=url)), opened)
        return capsys.readouterr().err, opened.getsockname()[1]


def test_the_first_account_is_set_up_at_the_public_address(capsys: pytest.CaptureFixture[str]) -> None:
    said, port = printed(capsys, url="https://brev.example.org")
    assert f"the desk is at https://brev.example.org/desk/ (the proxy reaches it at http://127.0.0.1:{port})" in said
    assert "create the first account at https://brev.example.org/desk/setup/" in said


def test_without_https_it_is_set_up_where_the_server_listens(capsys: pytest.CaptureFixture[str]) -> None:
    said, port = printed(capsys, url="http://localhost:8000")
    assert f"the desk is at http://127.0.0.1:{port}/desk/\n" in said
    assert f"create the first account at http://127.0.0.1:{port}/desk/setup/" in said


def test_an_ipv6_address_is_in_brackets(capsys: pytest.CaptureFixture[str]) -> None:
    said, port = printed(capsys, url="http://localhost:8000", host="[::1]")
    assert f"the desk is at http://[::1]:{port}/desk/" in said


def test_each_line_is_an_object_where_the_log_is_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    present = config.current()
    site = replace(present.site, url="https://brev.example.org")
    with listener.open_listener("127.0.0.1", 0) as opened:
        serving._say_where(replace(present, site=site, log=replace(present.log, format="json")), opened)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"].partition(" at ")[0] for line in lines] == [
        "the desk is",
        "no one can log in yet; create the first account",
    ]
    assert {line["level"] for line in lines} == {"info"}


def test_a_port_in_use_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(Failed, match="in use; another program uses it; choose another --port"):
            listening("127.0.0.1", port)


@pytest.mark.parametrize(
    ("host", "message"),
    [
        (
            "203.0.113.1",
            "Cannot assign requested address; this machine doesn't have this address; choose another --host",
        ),
        ("x" * 64 + ".example", "this host name is unknown; choose another --host"),
    ],
)
def test_an_unavailable_address_is_an_error(host: str, message: str) -> None:
    with pytest.raises(Failed) as caught:
        listening(host, 0)
    assert str(caught.value) == f"can't listen on {host}:0: {message}"


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            OSError(errno.EACCES, "Permission denied"),
            "Permission denied; the system reserves this port; choose another --port",
        ),
        (
            OSError(errno.EAFNOSUPPORT, "No IPv6"),
            "No IPv6; this machine doesn't support such addresses; choose another --host",
        ),
        (OSError(errno.ENOBUFS, "No buffers"), "No buffers; choose another --host or --port"),
        (socket.gaierror(-2, "Name or service not known"), "this host name is unknown; choose another --host"),
    ],
)
def test_each_reason_has_its_remedy(error: OSError, message: str) -> None:
    assert listener._why(error) == message


def test_a_socket_that_was_passed_on_is_used_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener.open_listener("127.0.0.1", 0) as opened, os.fdopen(os.dup(opened.fileno())) as passed:
        monkeypatch.setattr(os, "environ", {listener.PASSED_ON: f"{os.getpid()}:{passed.fileno()}"})
        used = listening("127.0.0.1", 0)
        assert used.getsockname() == opened.getsockname()
        assert not used.get_inheritable()
        used.detach()
        with listening("127.0.0.1", 0) as other:
            assert other.getsockname() != opened.getsockname()


def test_a_socket_for_another_process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {listener.PASSED_ON: "1:3"})
    assert listener.inherited_listener() is None
