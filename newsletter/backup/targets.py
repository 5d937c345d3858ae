"""Databases to write into: tables that exist and are empty, or that were filled up to a row.

Indexes and constraints other than primary keys are removed while rows are written, and made again at the end; that is
several times as fast as keeping them up to date with each row.
"""

import sqlite3
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from newsletter.backup import rows
from newsletter.backup.sources import Key, quoted_names
from newsletter.backup.tables import Table

INSERT = 'INSERT INTO "{table}" ({columns}) VALUES ({marks})'
DELETE = 'DELETE FROM "{table}"'
LAST = 'SELECT {columns} FROM "{table}" ORDER BY {order} LIMIT 1'
MOST = 'SELECT coalesce(max("{column}"), 0) FROM "{table}"'
SET_SEQUENCE = "SELECT setval(pg_get_serial_sequence('\"{table}\"', '{column}'), {number})"


class RowTarget(Protocol):
    """A database that is written."""

    def drop_indexes(self) -> list[str]:
        """Remove indexes and constraints other than primary keys, and return the statements that make them again."""

    def make_indexes(self, statements: Collection[str]) -> None:
        """Make them again."""

    def clear(self, tables: Sequence[Table]) -> None:
        """Delete the rows that creating the tables has left."""

    def write(self, table: Table, block: bytes) -> None:
        """Append whole lines."""

    def last_key(self, table: Table) -> Key | None:
        """Return the primary key of the last row; None if there is none."""

    def set_sequence(self, table: Table, last: int) -> None:
        """Let the primary keys of a numbered table continue after `last`, and after its last row."""

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """Execute a statement, with `?` for each value, and return its rows."""

    def commit(self) -> None:
        """Commit what was written."""

    def close(self) -> None:
        """Close the connection; what isn't committed is lost."""


class SQLiteTarget:
    """A SQLite file that nobody else uses."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, isolation_level=None)
        for pragma in ("foreign_keys = OFF", "synchronous = NORMAL", "cache_size = -200000", "journal_mode = WAL"):
            self._connection.execute(f"PRAGMA {pragma}")
        self._connection.execute("BEGIN IMMEDIATE")

    def drop_indexes(self) -> list[str]:
        """See `RowTarget`."""
        indexes = self.run("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL")
        for name, _ in indexes:
            self.run(f'DROP INDEX "{name}"')
        return [str(sql) for _, sql in indexes]

    def make_indexes(self, statements: Collection[str]) -> None:
        """See `RowTarget`."""
        for statement in statements:
            self.run(statement)

    def clear(self, tables: Sequence[Table]) -> None:
        """See `RowTarget`."""
        for table in tables:
            self.run(DELETE.format(table=table.name))

    def write(self, table: Table, block: bytes) -> None:
        """See `RowTarget`."""
        marks = ", ".join("?" * len(table.columns))
        statement = INSERT.format(table=table.name, columns=quoted_names(table.columns), marks=marks)
        self._connection.executemany(statement, map(rows.reader(table), block.decode().split("\n")[:-1]))

    def last_key(self, table: Table) -> Key | None:
        """See `RowTarget`."""
        order = ", ".join(f'"{column.name}" DESC' for column in table.key)
        rows = self.run(LAST.format(columns=quoted_names(table.key), table=table.name, order=order))
        return tuple(map(str, rows[0])) if rows else None

    def set_sequence(self, table: Table, last: int) -> None:
        """See `RowTarget`."""
        most = self.run(MOST.format(column=table.numbered, table=table.name))[0][0]
        self.run("DELETE FROM sqlite_sequence WHERE name = ?", table.name)
        self.run("INSERT INTO sqlite_sequence (name, seq) VALUES (?, ?)", table.name, max(most, last))

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """See `RowTarget`."""
        return self._connection.execute(statement, values).fetchall()

    def commit(self) -> None:
        """See `RowTarget`."""
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN IMMEDIATE")

    def close(self) -> None:
        """See `RowTarget`."""
        self._connection.close()


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


class PostgreSQLTarget:
    """A PostgreSQL database; with a schema other than the usual one in the URL's options, that one."""

    def __init__(self, url: str) -> None:
        from psycopg import connect  # an optional dependency

        self._connection = connect(url)
        self._connection.execute("SET TIME ZONE 'UTC'")
        self._connection.execute("SET synchronous_commit = off")
        self._connection.execute("SET maintenance_work_mem = '256MB'")
        self._connection.commit()

    def drop_indexes(self) -> list[str]:
        """See `RowTarget`."""
        again = list[str]()
        for query in (CONSTRAINTS, INDEXES):  # foreign keys first: they use unique constraints
            for drop, make in self.run(query):
                self.run(str(drop))
                again.insert(0, str(make))
        return again

    def make_indexes(self, statements: Collection[str]) -> None:
        """See `RowTarget`."""
        for statement in statements:
            self.run(statement)
        self.run("ANALYZE")

    def clear(self, tables: Sequence[Table]) -> None:
        """See `RowTarget`."""
        self.run(f"TRUNCATE {quoted_names(tables)}")

    def write(self, table: Table, block: bytes) -> None:
        """See `RowTarget`."""
        statement = f'COPY "{table.name}" ({quoted_names(table.columns)}) FROM STDIN'
        with self._connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.write(block)

    def last_key(self, table: Table) -> Key | None:
        """See `RowTarget`."""
        order = ", ".join(_descending(table))
        rows = self.run(LAST.format(columns=quoted_names(table.key), table=table.name, order=order))
        return tuple(map(str, rows[0])) if rows else None

    def set_sequence(self, table: Table, last: int) -> None:
        """See `RowTarget`."""
        number = max(last, self.run(MOST.format(column=table.numbered, table=table.name))[0][0])
        if number:
            self.run(SET_SEQUENCE.format(table=table.name, column=table.numbered, number=number))

    def run(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """See `RowTarget`."""
        cursor = self._connection.execute(statement.replace("?", "%s") if values else statement, values or None)
        return cursor.fetchall() if cursor.description else []

    def commit(self) -> None:
        """See `RowTarget`."""
        self._connection.commit()

    def close(self) -> None:
        """See `RowTarget`."""
        self._connection.close()


def _descending(table: Table) -> Iterator[str]:
    for column in table.key:
        yield f'"{column.name}"' + (' COLLATE "C"' if column.kind == "text" else "") + " DESC"
