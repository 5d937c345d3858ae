"""What root makes in the folder of another user's site goes to that user, and nothing else does."""

import atexit
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from django.db import connections

from newsletter import config, private_files, start


def test_nothing_that_a_link_leads_to_changes_hands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, elsewhere = tmp_path / "site", tmp_path / "elsewhere"
    for path in (folder / "journal" / "chunk", folder / ".secret_key", folder / "own.txt", elsewhere / "password"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (folder / "images").symlink_to(elsewhere)
    (folder / "journal" / "linked").symlink_to(elsewhere / "password")
    os.link(elsewhere / "password", folder / ".newsletter.lock")
    configuration = replace(config.current(), file=folder / "config.toml")
    given = set[int]()
    monkeypatch.setattr(os, "fchown", lambda descriptor, *_owner: given.add(os.fstat(descriptor).st_ino))
    private_files.give_to_owner(configuration)
    expected = {folder / "journal", folder / "journal" / "chunk", folder / ".secret_key"}
    assert given == {path.stat().st_ino for path in expected}


def test_keys_and_passwords_beside_the_configuration_become_private(tmp_path: Path) -> None:
    folder, elsewhere = tmp_path / "site", tmp_path / "elsewhere.key"
    folder.mkdir()
    inside = folder / "dkim.pem"
    for path in (inside, elsewhere):
        path.touch()
        path.chmod(0o644)
    (folder / "config.toml").write_text(f'a = {{ file = "dkim.pem" }}\nb = {{ file = "{elsewhere}" }}\n', "utf-8")
    private_files.tighten(replace(config.current(), file=folder / "config.toml"))
    assert [stat.S_IMODE(path.stat().st_mode) for path in (inside, elsewhere)] == [0o600, 0o644]


def test_connections_are_closed_before_the_database_is_opened_beside_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite's locks end when a process closes any descriptor of the file."""
    done: list[str] = []
    monkeypatch.setattr(private_files, "tighten", lambda _configuration: None)
    monkeypatch.setattr(private_files, "is_anothers", lambda _configuration: True)
    monkeypatch.setattr(private_files, "give_to_owner", lambda _configuration: done.append("given"))
    monkeypatch.setattr(connections, "close_all", lambda: done.append("closed"))
    monkeypatch.setattr(atexit, "register", lambda function, *arguments: function(*arguments))
    start._tighten(config.current())
    assert done == ["closed", "given", "closed", "given"]
