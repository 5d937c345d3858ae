"""Restores a backup: into a database beside the present one, which takes its place when everything is done.

If it is interrupted, the present database is as it was, and restoring can be started again.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from newsletter.backup import BackupProblem, files
from newsletter.backup.archive import ArchiveReader, table_member
from newsletter.backup.create import Progress, steps
from newsletter.backup.databases import PostgreSQLTarget, RowTarget, SQLiteTarget
from newsletter.backup.schema import make_tables
from newsletter.config import Config
from newsletter.config.database import SQLITE
from newsletter.config.durable_files import sync_folder
from newsletter.sending import journals
from subscribers import tokens

AHEAD = 1_000_000
"""How far new primary keys begin after the last restored one: those between were used after the backup, in links of
emails too.
"""

LIVING = "SELECT count(*) FROM newsletter_machine WHERE seen_at > clock_timestamp() - interval '90 seconds'"
"""Counts the programs that use a PostgreSQL database."""

Finish = Callable[[ArchiveReader, Config], None]
"""Called with the configuration of the filled database: it completes it, with Django, and keeps the new files."""


def restore(
    configuration: Config,
    file: Path,
    finish: Finish,
    progress: Progress,
    created: files.NewFiles,
    *,
    replace_database: bool,
) -> ArchiveReader:
    """Restore the backup; `finish` is called before the database takes its place. Raises BackupProblem.

    A database that has data is only replaced if `replace_database` says so; it is kept under another name.
    New files are added to `created`, for the caller to remove them if the restore is refused.
    """

    archive = ArchiveReader(file)
    journal_folder = configuration.journal_folder
    created.add(journal_folder, journal_folder / journals.SENDER)
    with closing(archive):
        if not has_key_of(archive.manifest.fingerprint):
            raise BackupProblem(
                "site.secret_key: the backup was made with another key, so links in emails already sent would not "
                "work; use the key of that site, or add it to site.secret_key_previous"
            )
        archive.verify(steps(progress, archive.octets))
        with journals.sender_lock(journals.folder(configuration)) as is_sole_sender:
            if not is_sole_sender:
                raise BackupProblem(
                    "newsletter is running here; stop it first, for example 'systemctl stop newsletter'"
                )
            files.restore_files(archive, configuration, created)
            if path := configuration.sqlite_file:
                _restore_sqlite(archive, configuration, path, finish, progress, replace_database=replace_database)
            else:
                _restore_postgresql(archive, configuration, finish, progress, replace_database=replace_database)
    return archive


def has_key_of(fingerprint: str) -> bool:
    """Return whether a backup with this fingerprint was made with the present key or a previous one."""
    return not fingerprint or fingerprint in map(tokens.fingerprint, tokens.secrets())


def _restore_sqlite(
    archive: ArchiveReader,
    configuration: Config,
    path: Path,
    finish: Finish,
    progress: Progress,
    *,
    replace_database: bool,
) -> None:
    url = files.restoring_url(configuration)
    present = [file for file in (path, *files.beside(path)) if file.exists()]
    if present and not replace_database:
        raise BackupProblem(
            f"{', '.join(file.name for file in present)}: there is a database already, or its log; "
            "to replace it, use --replace, which keeps it under another name"
        )
    fresh = Path(url.removeprefix(SQLITE))
    for file in (fresh, *files.beside(fresh)):
        file.unlink(missing_ok=True)
    make_tables(configuration, url, archive.manifest.migrations)
    with closing(SQLiteTarget(fresh)) as target:
        fill(archive, target, progress)
    finish(archive, replace(configuration, site=replace(configuration.site, database=url)))
    for companion in files.beside(fresh):
        if companion.exists():
            raise BackupProblem(f"{companion}: the restored database is still in use; end what uses it and try again")
    replace_file(path, fresh)


def replace_file(path: Path, fresh: Path) -> None:
    """Let a database take the place of another one, if there is one, which keeps a second name.

    One rename does it, so that a process that is killed leaves one of the two in the place. What the replaced one has
    in its log is written into it first: a log is of the file that has its name.
    """
    replaced = path.with_name(f"{path.name}.replaced-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    if path.exists():
        with suppress(sqlite3.Error), closing(sqlite3.connect(path)) as present:  # unless it is damaged
            present.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        try:
            os.link(path, replaced)
        except OSError:  # a file system without hard links, such as exFAT
            path.rename(replaced)
    for suffix in files.COMPANIONS:
        with suppress(FileNotFoundError):
            Path(f"{path}{suffix}").rename(f"{replaced}{suffix}")
    fresh.rename(path)
    sync_folder(path.parent)


def _restore_postgresql(
    archive: ArchiveReader, configuration: Config, finish: Finish, progress: Progress, *, replace_database: bool
) -> None:
    url = configuration.site.database
    _refuse_used_database(url, replace_database=replace_database)
    fresh = files.restoring_url(configuration)
    with _schema(url):
        make_tables(configuration, fresh, archive.manifest.migrations)
        with closing(PostgreSQLTarget(fresh)) as target:
            fill(archive, target, progress)
        finish(archive, replace(configuration, site=replace(configuration.site, database=fresh)))
        _replace_schema(url)


def _refuse_used_database(url: str, *, replace_database: bool) -> None:
    """Refuse a database that has data, unless it is to be replaced, and one that somebody sends from."""
    with _connect(url) as connection:
        if not connection.execute("SELECT to_regclass('newsletter_edition')").fetchone()[0]:
            return
        if not replace_database:
            raise BackupProblem(
                "the PostgreSQL database has newsletter's tables already; to replace them, use --replace, "
                "which keeps them in a schema of another name"
            )
        if connection.execute(LIVING).fetchone()[0]:
            raise BackupProblem(
                "newsletter is running with this database; stop it on every machine, and wait two minutes"
            )


@contextmanager
def _schema(url: str) -> Iterator[None]:
    """Make an empty schema for the restored tables, and drop it if it doesn't take the usual one's place."""
    with _connect(url) as connection:
        connection.execute(f"CREATE SCHEMA {files.RESTORING}")
    try:
        yield
    finally:
        with _connect(url) as connection:
            connection.execute(f"DROP SCHEMA IF EXISTS {files.RESTORING} CASCADE")


def _replace_schema(url: str) -> None:
    """Let the restored schema take the usual one's place, which is kept under another name; one transaction."""
    from psycopg import errors

    with _connect(url) as connection:
        usual = connection.execute("SELECT current_schema()").fetchone()[0]
        replaced = f"newsletter_replaced_{datetime.now(UTC):%Y%m%dt%H%M%S}"
        try:
            connection.execute(f'ALTER SCHEMA "{usual}" RENAME TO {replaced}')
            connection.execute(f'ALTER SCHEMA {files.RESTORING} RENAME TO "{usual}"')
        except errors.InsufficientPrivilege as e:
            raise BackupProblem(
                f"the schema {usual} belongs to another user; make yours its owner (ALTER SCHEMA {usual} OWNER TO …), "
                "or restore into a new database that it owns"
            ) from e


def _connect(url: str) -> Any:
    from psycopg import connect  # an optional dependency

    return connect(url)


def fill(archive: ArchiveReader, target: RowTarget, progress: Progress) -> None:
    """Write every row of the backup into empty tables."""
    tables = archive.manifest.tables
    advance = steps(progress, sum(archive.manifest.members[table_member(table)].rows or 0 for table in tables))
    statements = target.drop_indexes()
    target.clear(tables)
    for table in tables:
        for block in archive.blocks(table_member(table)):
            target.write(table, block)
            advance(block.count(b"\n"))
        if table.numbered:
            target.set_sequence(table, archive.manifest.sequences[table.name] + AHEAD)
    target.make_indexes(statements)
    target.commit()
