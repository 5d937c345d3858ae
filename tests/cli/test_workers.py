"""`newsletter workers`: what runs where."""

import os
import socket
from pathlib import Path

import pytest

from newsletter import __version__
from newsletter.sending.machines.presence import Presence
from tests.cli.conftest import Run

pytestmark = pytest.mark.django_db


def test_without_a_program_it_says_so(command: Run) -> None:
    assert command("workers").out == "No program is running.\n"
    assert command("workers", "--json").document == {"workers": [], "set_aside": []}


def test_on_sqlite_nothing_is_set_aside_that_could_be_retried(command: Run) -> None:
    assert command("workers", "--retry").out == "Run once more: 0\n"


def test_it_lists_programs_with_what_each_does(command: Run) -> None:
    Presence("worker", Path("/srv/news"), None).beat({"sender": "running", "letters": "failing"})
    (found,) = command("workers", "--json").document["workers"]
    assert found.pop("started") <= found.pop("seen")
    assert found == {
        "host": socket.gethostname(),
        "folder": "/srv/news",
        "pid": os.getpid(),
        "command": "worker",
        "version": __version__,
        "alive": True,
        "share": None,
        "editions": [],
        "services": {"sender": "running", "letters": "failing"},
    }
    text = " ".join(command("workers").out.split())
    assert "letters failing" in text
    assert __version__ in text


def test_machines_with_long_names_are_told_apart_at_80_columns(command: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    names = [f"newsletter-sender-{number}.eu-north-1.compute.example.org" for number in (1, 2, 3)]
    for name in names:
        monkeypatch.setattr(socket, "gethostname", lambda name=name: name)
        Presence("worker", Path("/srv/newsletter/site"), None).beat({"sender": "running"})
    monkeypatch.setenv("COLUMNS", "80")
    lines = command("workers").out.splitlines()
    assert max(map(len, lines)) <= 80
    left = "".join(line[:31].strip() for line in lines)
    assert [name in left for name in names] == [True] * 3
