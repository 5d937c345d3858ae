"""Moves the database into another one: every row, table by table, in the order of the primary keys.

It can be interrupted at any time and started again: each table continues after its last row, and indexes that are still
missing are noted in the new database. Until it is complete, nothing is sent from the new database.
"""

import hashlib
import json
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from newsletter.backup import BackupProblem, rows
from newsletter.backup.archive import Advance
from newsletter.backup.create import Progress, steps
from newsletter.backup.databases import (
    PostgreSQLSource,
    PostgreSQLTarget,
    RowSource,
    RowTarget,
    SQLiteSource,
    SQLiteTarget,
)
from newsletter.backup.schema import make_tables
from newsletter.backup.tables import Table, all_tables
from newsletter.config import Config
from newsletter.config.database import SQLITE, is_postgresql
from newsletter.messages import sending as messages
from newsletter.models.migration_state import newer_database, unknown_migrations, waiting_migrations
from newsletter.sending import journals, unsubscriptions

STATE, HOLDS = "newsletter_move", "newsletter_hold"
BLOCKS = 50
"""The blocks that are written before a commit."""

CREATE_STATE = "CREATE TABLE newsletter_move (kind text, value text)"
NOTE = "INSERT INTO newsletter_move (kind, value) VALUES (?, ?)"
NOTED = "SELECT value FROM newsletter_move WHERE kind = ?"
FORGET = "DELETE FROM newsletter_move WHERE kind = 'index'"
TABLES = "SELECT 1 FROM {catalogue} = '{name}'"
CATALOGUES = {
    True: "pg_tables WHERE schemaname = current_schema() AND tablename",
    False: "sqlite_master WHERE name",
}
HOLD = "INSERT INTO newsletter_hold (id, made_at, reason, since) VALUES (0, ?, ?, ?)"
APPLIED = "SELECT app, name FROM django_migrations WHERE app <> 'procrastinate'"


@dataclass(frozen=True, slots=True)
class TableResult:
    """A table that was moved: its rows, and the checksum of both."""

    name: str
    rows: int
    sha256: str


def move(configuration: Config, source_url: str, target_url: str, progress: Progress) -> list[TableResult]:
    """Move all tables. Raises BackupProblem if they can't be moved, or differ afterwards."""
    with journals.sender_lock(journals.folder(configuration)) as is_sole_sender:
        if not is_sole_sender:
            raise BackupProblem("newsletter is running here; stop it on every machine first")
        if problem := unsubscriptions.problem():
            raise BackupProblem(f"{problem}; start newsletter with the old database once, and try again")
        return _move(configuration, source_url, target_url, progress)


def _move(configuration: Config, source_url: str, target_url: str, progress: Progress) -> list[TableResult]:
    tables = [table for table in all_tables() if table.name != HOLDS]
    holds = next(table for table in all_tables() if table.name == HOLDS)
    with closing(_source(configuration, source_url)) as source:
        _prepare(configuration, source, target_url)
        with closing(_target(configuration, target_url)) as target:
            if not target.run(NOTED, "begun"):
                _begin(target, [*tables, holds])
            advance = steps(progress, 2 * sum(map(source.count, tables)))
            for table in tables:
                _copy(table, source, target, advance)
            _make_indexes(target)
            results = _compare(configuration, tables, source, target_url, advance)
            _finish(target, source, holds)
    return results


def _prepare(configuration: Config, source: RowSource, target_url: str) -> None:
    """Make the tables in an empty database, or go on with one that was begun. Raises BackupProblem."""
    applied = [(str(app), str(name)) for app, name in source.run(APPLIED)]
    if unknown := unknown_migrations(applied):
        raise BackupProblem(newer_database(unknown))
    if waiting_migrations(applied):
        raise BackupProblem(
            "the old database was not upgraded to this version yet; start newsletter with it once, then try again; "
            "nothing has been changed"
        )
    is_begun = _has_table(configuration, target_url, STATE)
    if not is_begun and _has_table(configuration, target_url, "django_migrations"):
        raise BackupProblem("the new database has tables already; give an empty one, which the command fills itself")
    with closing(_target(configuration, target_url)) as target:
        if not is_begun:
            target.run(CREATE_STATE)
            target.run(NOTE, "source", _identity(source))
            target.commit()
        elif target.run(NOTED, "source") != [(_identity(source),)]:
            raise BackupProblem("the new database is being filled from another one; give an empty one")
        if target.run(NOTED, "begun"):
            return
    make_tables(configuration, target_url)


def _begin(target: RowTarget, tables: Sequence[Table]) -> None:
    """Remove indexes and rows from the new tables, and note what must be made again; in one transaction."""
    target.run(NOTE, "begun", "")
    for statement in target.drop_indexes():
        target.run(NOTE, "index", statement)
    target.clear(tables)
    now = datetime.now(UTC).isoformat(" ")
    target.run(HOLD, now, json.dumps(messages.MOVING().to_json()), now)
    target.commit()


def _copy(table: Table, source: RowSource, target: RowTarget, advance: Advance) -> None:
    """Write the rows that are missing at the end of a table."""
    last_key = target.last_key(table)
    for number, block in enumerate(source.blocks(table, last_key), 1):
        target.write(table, block)
        advance(block.count(b"\n"))
        if number % BLOCKS == 0:
            target.commit()
    if table.numbered:
        target.set_sequence(table, source.sequence(table))
    target.commit()


def _make_indexes(target: RowTarget) -> None:
    """Make the indexes that are still missing; in one transaction."""
    target.make_indexes([statement for (statement,) in target.run(NOTED, "index")])
    target.run(FORGET)
    target.commit()


def _compare(
    configuration: Config, tables: Sequence[Table], source: RowSource, target_url: str, advance: Advance
) -> list[TableResult]:
    """Read every row of both databases, and compare their checksums."""
    results = []
    with closing(_source(configuration, target_url)) as new_source:
        for table in tables:
            old, new = checksum(table, source), checksum(table, new_source)
            if old != new:
                raise BackupProblem(
                    f"{table.name} differs after moving: {old.rows} rows ({old.sha256[:12]}) and "
                    f"{new.rows} ({new.sha256[:12]}); was the old database changed meanwhile? "
                    "Empty the new database and try again"
                )
            results.append(old)
            advance(old.rows)
    return results


def checksum(table: Table, source: RowSource) -> TableResult:
    """Return the number of rows of a table, and the SHA-256 of their lines in the order of the primary key."""
    digest, count, same = hashlib.sha256(), 0, rows.canonical(table)
    for block in source.blocks(table):
        digest.update(same(block))
        count += block.count(b"\n")
    return TableResult(table.name, count, digest.hexdigest())


def _finish(target: RowTarget, source: RowSource, holds: Table) -> None:
    """Remove the notes, and let the new database hold sending only if the old one did; in one transaction."""
    target.clear([holds])
    for block in source.blocks(holds):
        target.write(holds, block)
    target.set_sequence(holds, source.sequence(holds))
    target.run("DROP TABLE newsletter_move")
    target.commit()


def _identity(source: RowSource) -> str:
    """Return a name of the old database, by which an interrupted move recognizes it."""
    rows = source.run("SELECT value, since FROM subscribers_fingerprint")
    return hashlib.sha256(repr(rows).encode()).hexdigest()


def _path(configuration: Config, url: str) -> Path:
    return configuration.path(url.removeprefix(SQLITE))


def _source(configuration: Config, url: str) -> RowSource:
    if is_postgresql(url):
        return PostgreSQLSource(url)
    path = _path(configuration, url)
    if not path.exists():
        raise BackupProblem(f"{path}: there is no such database")
    return SQLiteSource(path)


def _target(configuration: Config, url: str) -> RowTarget:
    return PostgreSQLTarget(url) if is_postgresql(url) else SQLiteTarget(_path(configuration, url))


def _has_table(configuration: Config, url: str, name: str) -> bool:
    if not is_postgresql(url) and not _path(configuration, url).exists():
        return False
    with closing(_source(configuration, url)) as source:
        return bool(source.run(TABLES.format(catalogue=CATALOGUES[is_postgresql(url)], name=name)))
