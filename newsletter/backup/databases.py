"""Databases to read rows from and to write rows into.

A source is read in one consistent state of all tables, while others write: `SQLiteSource` reads a file that nobody else
changes, such as a copy; `PostgreSQLSource` reads a snapshot. A target has tables that exist and are empty, or that were
filled up to a row. Its indexes and constraints other than primary keys are removed while rows are written, and made
again at the end; that is several times as fast as keeping them up to date with each row.
"""

import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
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


class _Database(ABC):
    """A database, by a connection of `sqlite3` or of psycopg."""

    _connection: Any
    _mark = "?"
    """What stands for a value in a statement, as the connection takes it."""

    def _marks(self, columns: Sequence[TableColumn]) -> str:
        return ", ".join([self._mark] * len(columns))

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Execute a statement, with `?` for each value, and return its rows."""
        given = (statement.replace("?", self._mark), values) if values else (statement,)
        cursor = self._connection.execute(*given)
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        """Close the connection; what isn't committed is lost."""
        self._connection.close()


class RowSource(_Database):
    """A database that is read."""

    def count(self, table: Table) -> int:
        """Return the number of rows."""
        return int(self.run(COUNT.format(table=table.name))[0][0])

    @abstractmethod
    def blocks(self, table: Table, after: Key | None = None) -> Iterator[bytes]:
        """Yield whole lines in the order of the primary key, which begins after `after`."""

    @abstractmethod
    def sequence(self, table: Table) -> int:
        """Return the last primary key that was given to a row of a numbered table, even if that row is gone."""


class SQLiteSource(RowSource):
    """A SQLite file."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        self._connection.text_factory = lambda octets: octets.decode(errors="replace")
        self._connection.execute("BEGIN")

    def blocks(self, table: Table, after: Key | None = None) -> Iterator[bytes]:
        columns, order = quoted_names(table.columns), quoted_names(table.key)
        where = f"WHERE ({order}) > ({self._marks(table.key)})" if after else ""
        values = [int(v) if c.kind == "plain" else v for c, v in zip(table.key, after or (), strict=bool(after))]
        query = SELECT.format(columns=columns, table=table.name, where=where, order=order)
        cursor = self._connection.execute(query, values)
        write = rows.writer(table)
        while block := cursor.fetchmany(ROWS):
            yield "".join(map(write, block)).encode()

    def sequence(self, table: Table) -> int:
        rows = self.run("SELECT seq FROM sqlite_sequence WHERE name = ?", table.name)
        return int(rows[0][0]) if rows else 0


class PostgreSQLSource(RowSource):
    """A snapshot of a PostgreSQL database."""

    _mark = "%s"

    def __init__(self, url: str) -> None:
        from psycopg import IsolationLevel, connect  # an optional dependency

        self._connection = connect(url)
        self._connection.isolation_level = IsolationLevel.REPEATABLE_READ
        self._connection.read_only = True
        self._connection.execute("SET TIME ZONE 'UTC'")
        self._connection.execute("SET extra_float_digits = 1")

    def blocks(self, table: Table, after: Key | None = None) -> Iterator[bytes]:
        columns = ", ".join(map(rows.selected, table.columns))
        names, order = quoted_names(table.key), ", ".join(map(sorted_text, table.key))
        where = f"WHERE ({names}) > ({self._marks(table.key)})" if after else ""
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
        return int(self.run(LAST_VALUE.format(table=table.name, column=table.numbered))[0][0] or 0)


def last_key(table: Table, block: bytes) -> Key:
    """Return the primary key of the last row of a block."""
    line = block[block.rfind(b"\n", 0, -1) + 1 : -1].decode()
    values = dict(zip(table.columns, line.split("\t"), strict=True))
    return tuple(rows.unescaped(values[column]) for column in table.key)


def quoted_names(columns: Sequence[Any]) -> str:
    """Return the names of columns or tables as SQL lists them."""
    return ", ".join(f'"{column.name}"' for column in columns)


def sorted_text(column: TableColumn) -> str:
    """Return a column of PostgreSQL to order by; text is compared octet by octet, as SQLite does."""
    return f'"{column.name}"' + (' COLLATE "C"' if column.kind == "text" else "")


INSERT = 'INSERT INTO "{table}" ({columns}) VALUES ({marks})'
DELETE = 'DELETE FROM "{table}"'
LAST = 'SELECT {columns} FROM "{table}" ORDER BY {order} LIMIT 1'
MOST = 'SELECT coalesce(max("{column}"), 0) FROM "{table}"'
SET_SEQUENCE = "SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), {number})"


class RowTarget(_Database):
    """A database that is written."""

    @abstractmethod
    def drop_indexes(self) -> list[str]:
        """Remove indexes and constraints other than primary keys, and return the statements that make them again."""

    def make_indexes(self, statements: Collection[str]) -> None:
        """Make them again."""
        for statement in statements:
            self.run(statement)

    @abstractmethod
    def clear(self, tables: Sequence[Table]) -> None:
        """Delete the rows that creating the tables has left."""

    @abstractmethod
    def write(self, table: Table, block: bytes) -> None:
        """Append whole lines."""

    def last_key(self, table: Table) -> Key | None:
        """Return the primary key of the last row; None if there is none."""
        order = ", ".join(f"{self.order(column)} DESC" for column in table.key)
        rows = self.run(LAST.format(columns=quoted_names(table.key), table=table.name, order=order))
        return tuple(map(str, rows[0])) if rows else None

    @abstractmethod
    def order(self, column: TableColumn) -> str:
        """Return a column of the key to order by."""

    @abstractmethod
    def set_sequence(self, table: Table, last: int) -> None:
        """Let the primary keys of a numbered table continue after `last`, and after its last row."""

    def highest(self, table: Table) -> int:
        """Return the highest primary key of a numbered table; 0 if it is empty."""
        return int(self.run(MOST.format(column=table.numbered, table=table.name))[0][0])

    def commit(self) -> None:
        """Commit what was written."""
        self._connection.commit()


class SQLiteTarget(RowTarget):
    """A SQLite file that nobody else uses."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("foreign_keys = OFF", "synchronous = NORMAL", "cache_size = -200000", "journal_mode = WAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN IMMEDIATE")

    def drop_indexes(self) -> list[str]:
        indexes = self.run("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        for name, _ in indexes:
            self.run(f'DROP INDEX "{name}"')
        return [str(sql) for _, sql in indexes]

    def clear(self, tables: Sequence[Table]) -> None:
        for table in tables:
            self.run(DELETE.format(table=table.name))

    def write(self, table: Table, block: bytes) -> None:
        columns = quoted_names(table.columns)
        statement = INSERT.format(table=table.name, columns=columns, marks=self._marks(table.columns))
        self._connection.executemany(statement, map(rows.reader(table), block.decode().split("\n")[:-1]))

    def order(self, column: TableColumn) -> str:
        return f'"{column.name}"'

    def set_sequence(self, table: Table, last: int) -> None:
        number = max(last, self.highest(table))
        self.run("DELETE FROM sqlite_sequence WHERE name = ?", table.name)
        self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table.name, number)

    def commit(self) -> None:
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")


CONSTRAINTS = """
SELECT format('ALTER TABLE %I DROP CONSTRAINT %I', c.relname, k.conname),
       format('ALTER TABLE %I ADD CONSTRAINT %I %s', c.relname, k.conname, pg_get_constraintdef(k.oid))
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = current_schema()::regnamespace AND k.contype IN ('f', 'u')
ORDER BY k.contype = 'u', c.relname, k.conname
"""
INDEXES = """
SELECT format('DROP INDEX %I', i.indexname), i.indexdef
FROM pg_indexes i JOIN pg_class c ON c.relname = i.indexname AND c.relnamespace = current_schema()::regnamespace
JOIN pg_index x ON x.indexrelid = c.oid
WHERE i.schemaname = current_schema() AND NOT x.indisprimary ORDER BY i.indexname
"""


class PostgreSQLTarget(RowTarget):
    """A PostgreSQL database; with a schema other than the usual one in the URL's options, that one."""

    _mark = "%s"

    def __init__(self, url: str) -> None:
        from psycopg import connect  # an optional dependency

        self._connection = connect(url)
        self._connection.execute("SET TIME ZONE 'UTC'")
        self._connection.execute("SET synchronous_commit = off")
        self._connection.execute("SET maintenance_work_mem = '256MB'")
        self._connection.commit()

    def drop_indexes(self) -> list[str]:
        statements = list[str]()
        for query in (CONSTRAINTS, INDEXES):  # foreign keys first: they use unique constraints
            for drop, make in self.run(query):
                self.run(str(drop))
                statements.insert(0, str(make))
        return statements

    def make_indexes(self, statements: Collection[str]) -> None:
        super().make_indexes(statements)
        self.run("ANALYZE")

    def clear(self, tables: Sequence[Table]) -> None:
        self.run(f"TRUNCATE {quoted_names(tables)}")

    def write(self, table: Table, block: bytes) -> None:
        statement = f'COPY "{table.name}" ({quoted_names(table.columns)}) FROM STDIN'
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(block)

    def order(self, column: TableColumn) -> str:
        return sorted_text(column)

    def set_sequence(self, table: Table, last: int) -> None:
        if number := max(last, self.highest(table)):
            self.run(SET_SEQUENCE.format(table=table.name, column=table.numbered, number=number))
