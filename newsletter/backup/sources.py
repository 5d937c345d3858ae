"""Databases to read from: one consistent state of all tables, while others write.

`SQLiteSource` reads a file that nobody else changes, such as a copy; `PostgreSQLSource` reads a snapshot.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from newsletter.backup import rows
from newsletter.backup.tables import Table, TableColumn

ROWS, OCTETS = 2_000, 200_000
"""The size of a block: rows of SQLite, and octets of PostgreSQL."""

COUNT = 'SELECT count(*) FROM "{table}"'
SELECT = 'SELECT {columns} FROM "{table}" {where} ORDER BY {order}'
LAST_VALUE = "SELECT pg_sequence_last_value(pg_get_serial_sequence('\"{table}\"', '{column}')::regclass)"

Key = tuple[str, ...]
"""The primary key of a row, as text."""


class RowSource(ABC):
    """A database that is read, by a connection of `sqlite3` or of psycopg."""

    _connection: Any

    def count(self, table: Table) -> int:
        """Return the number of rows."""
        return int(self.run(COUNT.format(table=table.name))[0][0])

    @abstractmethod
    def blocks(self, table: Table, after: Key | None = None) -> Iterator[bytes]:
        """Yield whole lines in the order of the primary key, which begins after `after`."""

    @abstractmethod
    def sequence(self, table: Table) -> int:
        """Return the last primary key that was given to a row of a numbered table, even if that row is gone."""

    def run(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """Return the rows of a query."""
        rows: list[tuple[Any, ...]] = self._connection.execute(query, values).fetchall()
        return rows

    def close(self) -> None:
        """End reading."""
        self._connection.close()


class SQLiteSource(RowSource):
    """A SQLite file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.text_factory = lambda octets: octets.decode(errors="replace")
        self._connection.execute("BEGIN")

    def blocks(self, table: Table, after: Key | None = None) -> Iterator[bytes]:
        """See `RowSource`."""
        columns, order = quoted_names(table.columns), quoted_names(table.key)
        where = f"WHERE ({order}) > ({_marks(table, '?')})" if after else ""
        values = [int(v) if c.kind == "plain" else v for c, v in zip(table.key, after or (), strict=bool(after))]
        query = SELECT.format(columns=columns, table=table.name, where=where, order=order)
        cursor = self._connection.execute(query, values)
        write = rows.writer(table)
        while block := cursor.fetchmany(ROWS):
            yield "".join(map(write, block)).encode()

    def sequence(self, table: Table) -> int:
        """See `RowSource`."""
        rows = self.run("SELECT seq FROM sqlite_sequence WHERE name = ?", (table.name,))
        return int(rows[0][0]) if rows else 0


class PostgreSQLSource(RowSource):
    """A snapshot of a PostgreSQL database."""

    def __init__(self, url: str) -> None:
        from psycopg import IsolationLevel, connect  # an optional dependency

        self._connection = connect(url)
        self._connection.isolation_level = IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True
        self._connection.execute("SET TIME ZONE 'UTC'")
        self._connection.execute("SET extra_float_digits = 1")

    def blocks(self, table: Table, after: Key | None = None) -> Iterator[bytes]:
        """See `RowSource`."""
        columns = ", ".join(map(rows.selected, table.columns))
        names, order = quoted_names(table.key), ", ".join(map(sorted_text, table.key))
        where = f"WHERE ({names}) > ({_marks(table, '%s')})" if after else ""
        query = SELECT.format(columns=columns, table=table.name, where=where, order=order)
        with self._connection.cursor() as cursor, cursor.copy(f"COPY ({query}) TO STDOUT", after) as copy:
            block, size = list[bytes](), 0
            for data in copy:
                block.append(bytes(data))
                size += len(data)
                if size >= OCTETS:
                    yield b"".join(block)
                    block, size = [], 0
            if block:
                yield b"".join(block)

    def sequence(self, table: Table) -> int:
        """See `RowSource`."""
        return int(self.run(LAST_VALUE.format(table=table.name, column=table.numbered))[0][0] or 0)


def last_key(table: Table, block: bytes) -> Key:
    """Return the primary key of the last row of a block."""
    line = block[block.rfind(b"\n", 0, -1) + 1 : -1].decode()
    values = dict(zip(table.columns, line.split("\t"), strict=True))
    return tuple(rows.unescaped(values[column]) for column in table.key)


def quoted_names(columns: Sequence[Any]) -> str:
    """Return the names of columns or tables as SQL lists them."""
    return ", ".join(f'"{column.name}"' for column in columns)


def _marks(table: Table, mark: str) -> str:
    return ", ".join([mark] * len(table.key))


def sorted_text(column: TableColumn) -> str:
    """Return a column of PostgreSQL to order by; text is compared octet by octet, as SQLite does."""
    return f'"{column.name}"' + (' COLLATE "C"' if column.kind == "text" else "")
