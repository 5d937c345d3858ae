"""The transactions of an import: on SQLite, another process gets its turn after one of them."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from django.db import transaction

from subscribers.pacing import LONGEST, PacedTransactions

LASTING = 0.04
"""Seconds of each transaction."""


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Yield a database whose lock the transactions take."""
    path = tmp_path / "site.db"
    with closing(sqlite3.connect(path, isolation_level=None)) as importer:
        importer.execute("PRAGMA synchronous = OFF")
        importer.execute("CREATE TABLE rows (n)")

        @contextmanager
        def atomic() -> Iterator[None]:
            importer.execute("BEGIN IMMEDIATE")
            yield
            importer.execute("INSERT INTO rows VALUES (1)")
            importer.execute("COMMIT")

        monkeypatch.setattr(transaction, "atomic", atomic)
        yield path


def test_who_waits_writes_after_the_present_transaction(database: Path) -> None:
    begun, earlier = threading.Event(), list[int]()

    def write() -> None:
        with closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as other:
            begun.wait()
            other.execute("BEGIN IMMEDIATE")
            earlier.append(other.execute("SELECT count(*) FROM rows").fetchone()[0])
            other.execute("COMMIT")

    writer = threading.Thread(target=write)
    writer.start()
    paced = PacedTransactions(2_000)
    for number in range(12):
        with paced.begin():
            if number == 2:
                begun.set()
            time.sleep(LASTING)
    writer.join()
    assert earlier[0] <= 5  # the third was going on; a busy machine may miss a turn


def test_lines_that_take_long_are_fewer_the_next_time(database: Path) -> None:
    paced, lines = PacedTransactions(2_000), list[int]()
    for seconds in (0, LONGEST, LONGEST, *[0.0] * 9):
        with paced.begin():
            time.sleep(seconds)
        lines.append(paced.lines)
    assert lines[:3] == [2_000, 1_000, 500]
    assert lines[3] > 500
    assert lines[-1] == 2_000
