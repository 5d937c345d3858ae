"""Rows as lines: what is written is read again, and PostgreSQL understands it."""

import json
import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import psycopg
import pytest
from hypothesis import example, given, strategies as st

from newsletter.backup import rows
from newsletter.backup.databases import PostgreSQLSource, PostgreSQLTarget, SQLiteSource, SQLiteTarget, last_key
from newsletter.backup.tables import Table, TableColumn
from tests.doubles import postgresql

KINDS = ("plain", "text", "boolean", "float", "instant", "json", "binary")
TABLE = Table("each", tuple(TableColumn(kind, kind) for kind in KINDS), (TableColumn("plain", "plain"),), None)
SQLITE = (
    'CREATE TABLE "each" (plain integer PRIMARY KEY, text text, boolean bool, "float" real, instant datetime,'
    ' json text, "binary" BLOB)'
)
POSTGRESQL = (
    'CREATE TABLE "each" (plain bigint PRIMARY KEY, text text, boolean boolean, "float" double precision,'
    ' instant timestamptz, json jsonb, "binary" bytea)'
)
ROWS = [
    (1, "", 0, 0.0, "2026-02-06 17:00:00", '{"b": [1.5, "\\t"], "a": null}', b""),
    (2, "\\N", 1, 1770000000.25, "2026-02-06 17:00:00.120000", "null", b"\x00\\\n\xff"),
    (3, "a\tb\nc\rd\\e\v\f\bæ \u2028", None, -1e-7, None, None, None),
    (4, None, 1, 1792374515.455109, "1999-12-31 23:59:59.999999", '"\\\\N"', b"x" * 5000),
]
TEXTS = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
NUMBERS = st.floats(allow_nan=False) | st.floats(1.7e9, 1.9e9) | st.integers(-(10**17), 10**17).map(float)
FINITE = NUMBERS.filter(lambda number: abs(number) < 1e300)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | FINITE | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)
INSTANTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1)).map(lambda instant: instant.isoformat(" "))
VALUES = st.tuples(
    st.none() | TEXTS,
    st.none() | st.integers(0, 1),
    st.none() | NUMBERS,
    st.none() | INSTANTS,
    st.none() | DOCUMENTS.map(json.dumps),
    st.none() | st.binary(),
)


@given(TEXTS)
def test_text_is_read_as_it_was_written(text: str) -> None:
    written = rows.escaped(text)
    assert rows.unescaped(written) == text
    assert not set(written) & set("\t\n\r\v\f\b")


def sqlite(path: Path, content: list[tuple[object, ...]]) -> Path:
    with sqlite3.connect(path) as connection:
        connection.execute(SQLITE)
        connection.executemany('INSERT INTO "each" VALUES (?, ?, ?, ?, ?, ?, ?)', content)
    connection.close()
    return path


def test_sqlite_gets_the_same_values_and_types(tmp_path: Path) -> None:
    source = SQLiteSource(sqlite(tmp_path / "a.db", ROWS))
    target = SQLiteTarget(sqlite(tmp_path / "b.db", []))
    blocks = list(source.blocks(TABLE))
    for block in blocks:
        target.write(TABLE, block)
    target.commit()
    assert target.last_key(TABLE) == last_key(TABLE, blocks[-1]) == ("4",)
    assert target.run('SELECT * FROM "each" ORDER BY plain') == ROWS
    assert target.run('SELECT DISTINCT typeof("float"), typeof(boolean) FROM "each" WHERE boolean = 1') == [
        ("real", "integer")
    ]
    assert next(source.blocks(TABLE, ("3",))).startswith(b"4\t")
    source.close()
    target.close()


@pytest.mark.postgresql
def test_rows_go_to_postgresql_and_back_and_their_lines_are_the_same(tmp_path: Path) -> None:
    here = SQLiteSource(sqlite(tmp_path / "a.db", ROWS))
    back = SQLiteTarget(sqlite(tmp_path / "b.db", []))
    same = rows.canonical(TABLE)
    with postgresql.running() as url:
        with psycopg.connect(url) as connection:
            connection.execute(POSTGRESQL)
        target = PostgreSQLTarget(url)
        for block in here.blocks(TABLE):
            target.write(TABLE, block)
        target.commit()
        there = PostgreSQLSource(url)
        lines = b"".join(there.blocks(TABLE))
        assert same(lines) == same(b"".join(here.blocks(TABLE)))
        assert b"".join(there.blocks(TABLE, ("3",))).startswith(b"4\t")
        back.write(TABLE, lines)
        found = back.run('SELECT * FROM "each" ORDER BY plain')
        there.close()
        target.close()
    assert [row[:5] + row[6:] for row in found] == [row[:5] + row[6:] for row in ROWS]
    here.close()
    back.close()


@given(NUMBERS)
@example(1792374515.455109)
@example(1798280198.165748)
def test_sqlite_gets_the_number_that_was_written(number: float) -> None:
    table = Table("each", (TableColumn("float", "float"),), ())
    (value,) = rows.reader(table)(rows.writer(table)((number,)).removesuffix("\n"))
    with closing(sqlite3.connect(":memory:")) as connection:
        connection.execute('CREATE TABLE "each" ("float" real)')
        connection.execute('INSERT INTO "each" VALUES (?)', (value,))
        assert connection.execute('SELECT "float" FROM "each"').fetchall() == [(number,)]


@pytest.mark.postgresql
def test_lines_of_any_values_are_the_same_in_postgresql_and_back_in_sqlite(tmp_path: Path) -> None:
    same = rows.canonical(TABLE)
    here, back = (sqlite(tmp_path / name, []) for name in ("a.db", "b.db"))
    with postgresql.running() as url, closing(sqlite3.connect(here)) as first:
        with psycopg.connect(url) as connection:
            connection.execute(POSTGRESQL)
        with closing(PostgreSQLTarget(url)) as target, closing(SQLiteTarget(back)) as last:

            @given(st.lists(VALUES, min_size=1, max_size=20))
            @example([(None, None, n, None, json.dumps(n), None) for n in (1e15, 1e16, 1e22, 1e23, 1e-7, -0.0)])
            def moved(values: list[tuple[object, ...]]) -> None:
                target.clear([TABLE])
                last.clear([TABLE])
                with first:
                    first.execute('DELETE FROM "each"')
                    first.executemany('INSERT INTO "each" VALUES (?, ?, ?, ?, ?, ?, ?)', _numbered(values))
                written = _lines(SQLiteSource(here))
                target.write(TABLE, written)
                target.commit()
                there = _lines(PostgreSQLSource(url))
                last.write(TABLE, there)
                last.commit()
                assert same(there) == same(written) == same(_lines(SQLiteSource(back)))

            moved()


def _numbered(values: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    return [(number, *rest) for number, rest in enumerate(values)]


def _lines(source: SQLiteSource | PostgreSQLSource) -> bytes:
    with closing(source):
        return b"".join(source.blocks(TABLE))
