"""The restored database takes the present one's place at once, whenever the restore is killed."""

import os
import sqlite3
from contextlib import closing
from pathlib import Path
from unittest.mock import Mock

import pytest

from newsletter.backup import restore


def titles(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as connection:
        return [title for (title,) in connection.execute("SELECT title FROM editions")]


def write(path: Path, title: str) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"CREATE TABLE editions (title); INSERT INTO editions VALUES ('{title}')")


def crash(path: Path, title: str) -> None:
    """Write a database whose content is in its write-ahead log, as after a crash."""
    with closing(sqlite3.connect(path.with_name("crashed.db"))) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.executescript(f"CREATE TABLE editions (title); INSERT INTO editions VALUES ('{title}')")
        for suffix in ("", "-wal"):
            Path(f"{path}{suffix}").write_bytes(Path(f"{path.with_name('crashed.db')}{suffix}").read_bytes())


def test_there_is_a_database_at_any_moment_and_the_replaced_one_is_kept_whole(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path, fresh = tmp_path / "newsletter.db", tmp_path / "newsletter.db.restoring"
    crash(path, "present")
    write(fresh, "restored")
    with monkeypatch.context() as killed:
        killed.setattr(Path, "rename", Mock(side_effect=KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            restore.replace_file(path, fresh)
    assert titles(path) == ["present"]
    (replaced,) = tmp_path.glob("newsletter.db.replaced-*")
    replaced.unlink()
    restore.replace_file(path, fresh)
    assert titles(path) == ["restored"]
    (replaced,) = tmp_path.glob("newsletter.db.replaced-*")
    assert titles(replaced) == ["present"]


def test_a_database_is_replaced_without_hard_links_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path, fresh = tmp_path / "newsletter.db", tmp_path / "newsletter.db.restoring"
    write(path, "present")
    write(fresh, "restored")
    monkeypatch.setattr(os, "link", Mock(side_effect=PermissionError))
    restore.replace_file(path, fresh)
    (replaced,) = tmp_path.glob("newsletter.db.replaced-*")
    assert (titles(path), titles(replaced)) == (["restored"], ["present"])


@pytest.mark.parametrize("suffix", ["", "-wal"])
def test_a_damaged_database_and_a_log_without_one_are_kept(tmp_path: Path, suffix: str) -> None:
    path, fresh = tmp_path / "newsletter.db", tmp_path / "newsletter.db.restoring"
    Path(f"{path}{suffix}").write_bytes(b"damaged" * 1_000)
    write(fresh, "restored")
    restore.replace_file(path, fresh)
    assert titles(path) == ["restored"]
    (replaced,) = tmp_path.glob(f"newsletter.db.replaced-*{suffix}")
    assert replaced.read_bytes() == b"damaged" * 1_000
