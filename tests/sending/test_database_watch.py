"""A database that can't be written to, or whose file is not the one that was opened."""

import errno
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection
from django.db.backends.sqlite3.base import DatabaseWrapper

from newsletter.cli.problems import sentence_and_status
from newsletter.messages import Message, failures as messages
from newsletter.sending import faults
from newsletter.sending.sql import database_watch
from newsletter.settings import _database

pytestmark = pytest.mark.django_db


def opened(path: str) -> DatabaseWrapper:
    """Open a separate connection with the program's settings."""
    settings: dict[str, Any] = {**connection.settings_dict, **_database("sqlite:///x"), "NAME": path}
    return DatabaseWrapper(settings, alias="watched")


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A database file that is in use."""
    path = tmp_path / "newsletter.db"
    with sqlite3.connect(path) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE things (name TEXT)")
    made.close()
    used = opened(str(path))
    monkeypatch.setattr(database_watch, "connection", used)
    database_watch.remember()
    yield path
    used.close()


def test_a_usable_database_has_no_problem(database: Path) -> None:
    assert database_watch.problem() is None


def test_a_database_that_is_being_written_has_no_problem(database: Path) -> None:
    with sqlite3.connect(database, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        assert database_watch.problem() is None
        other.execute("ROLLBACK")
    other.close()


def test_a_removed_file_is_noticed_and_works_again_when_it_is_put_back(database: Path, tmp_path: Path) -> None:
    aside = database.rename(tmp_path / "aside.db")
    with pytest.raises(database_watch.DatabaseChanged, match=r"newsletter\.db was removed; stop newsletter, restore"):
        database_watch.check()
    aside.rename(database)
    database_watch.check()


def test_another_file_in_its_place_is_noticed(database: Path, tmp_path: Path) -> None:
    shutil.copy(database, tmp_path / "copy.db")
    (tmp_path / "copy.db").replace(database)
    assert "was replaced while newsletter was running, so it lacks what was sent" in str(database_watch.problem())
    with pytest.raises(database_watch.DatabaseChanged) as caught:
        database_watch.check()
    assert faults.explain(caught.value) == database_watch.problem()


class Server:
    """A connection to PostgreSQL that answers one statement."""

    vendor = "postgresql"

    def __init__(self, read_only: str) -> None:
        self.answers = {"SHOW transaction_read_only": (read_only,)}
        self.asked = ""

    @contextmanager
    def cursor(self) -> Iterator["Server"]:
        yield self

    def execute(self, statement: str) -> None:
        self.asked = statement

    def fetchone(self) -> tuple[str]:
        return self.answers[self.asked]


@pytest.mark.parametrize(("read_only", "problem"), [("on", messages.READ_ONLY_SERVER()), ("off", None)])
def test_a_server_that_only_reads_is_noticed(
    read_only: str, problem: Message | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_watch, "connection", Server(read_only))
    assert database_watch._read_only() == problem


def test_only_the_first_line_of_a_database_error_is_reported(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OperationalError("connection refused\nIs the server running?")

    monkeypatch.setattr(database_watch, "_read_only", fail)
    assert database_watch.problem() == messages.UNUSABLE(cause="connection refused")


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, messages.FREE_SPACE),
        (errno.EDQUOT, messages.QUOTA),
        (errno.EMFILE, messages.OPEN_FILES),
        (errno.ENFILE, messages.CLOSE_PROGRAMS),
        (errno.EACCES, messages.OWNER),
        (errno.EPERM, messages.OWNER),
        (errno.EROFS, messages.MOUNT),
        (errno.ENOENT, messages.RESTORE),
        (errno.ENOTDIR, messages.NOT_A_FOLDER),
        (errno.EEXIST, messages.NOT_A_FOLDER),
        (errno.ENOMEM, messages.MORE_MEMORY),
    ],
)
def test_a_system_error_has_a_remedy(number: int, remedy: Callable[[], Message]) -> None:
    error = OSError(number, "it failed", "/srv/journal")
    assert faults.explain(error) == messages.SYSTEM_ERROR(cause="/srv/journal: it failed", remedy=remedy())


@pytest.mark.parametrize(
    ("error", "line"), [(ValueError("one\ntwo"), "one"), (ValueError(" one "), "one"), (ValueError(), "ValueError")]
)
def test_an_error_is_reported_on_one_line(error: Exception, line: str) -> None:
    assert database_watch.first_line(error) == line


def test_a_read_only_file_is_noticed(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read_only = opened(f"file:{database}?mode=ro")
    monkeypatch.setattr(database_watch, "connection", read_only)
    assert database_watch.problem() == messages.READ_ONLY()
    with pytest.raises(DatabaseError) as caught, read_only.cursor() as cursor:
        cursor.execute("INSERT INTO things VALUES ('x')")
    assert faults.explain(caught.value) == messages.READ_ONLY()
    read_only.close()


def test_a_missing_folder_and_a_disk_without_inodes_are_reported(
    database: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = opened(str(tmp_path / "missing" / "n.db"))
    monkeypatch.setattr(database_watch, "connection", missing)
    refused = OperationalError("unable to open database file")
    assert f"{tmp_path / 'missing'}: there is no such folder" in str(database_watch.explained(refused))
    monkeypatch.setattr(database_watch, "connection", opened(str(database)))
    assert f"({database})" in str(database_watch.explained(refused))
    monkeypatch.setattr("os.statvfs", lambda _: SimpleNamespace(f_files=8, f_favail=0))
    assert f"its disk can hold no more files, see 'df -i {database.parent}'" in str(database_watch.explained(refused))


def test_a_full_disk_is_reported(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = opened(str(database))
    with small.cursor() as cursor:
        cursor.execute("PRAGMA max_page_count = 10")
    with pytest.raises(DatabaseError) as caught, small.cursor() as cursor:
        cursor.execute("INSERT INTO things VALUES (zeroblob(100000))")
    assert "full" in str(caught.value)
    assert faults.explain(caught.value) == messages.DISK_FULL()
    assert sentence_and_status(caught.value) == (str(messages.DISK_FULL()), 1)
    small.close()
    monkeypatch.setattr(database_watch, "connection", small)
    io_error = OperationalError("disk I/O error")
    assert "disk I/O error" in str(faults.explain(io_error)), "there is space: it is something else"
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=0))
    assert faults.explain(io_error) == messages.DISK_FULL()
    told = DatabaseError("could not extend file: No space left on device")
    assert faults.explain(told) == messages.DISK_FULL_SERVER()


def test_a_server_that_refuses_changes_is_noticed() -> None:
    if connection.vendor == "sqlite":
        assert faults.explain(DatabaseError("cannot execute INSERT in a read-only transaction")) == (
            messages.READ_ONLY_SERVER()
        )
        return
    with connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION READ ONLY")
    assert database_watch.problem() == messages.READ_ONLY_SERVER()
