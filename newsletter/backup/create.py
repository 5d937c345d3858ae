"""Makes a backup while the program runs: of one instant, complete or absent, and readable by its owner only."""

import errno
import os
import secrets
import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from newsletter import __version__
from newsletter.backup import BackupProblem, files
from newsletter.backup.archive import Advance, ArchiveWriter, Manifest, new_archive, table_member
from newsletter.backup.databases import PostgreSQLSource, RowSource, SQLiteSource
from newsletter.backup.tables import SESSIONS, all_tables
from newsletter.config import Config
from newsletter.config.database import is_postgresql
from newsletter.recovery import log
from newsletter.recovery.entries import MARK

PAGES = 2_000
"""The pages of a SQLite file that are copied at a time."""

Progress = Callable[[int, int], None]
"""Called with what is done and the total."""


def create(configuration: Config, path: Path, *, with_key: bool, images: bool, progress: Progress) -> Manifest:
    """Write a backup to `path`, which must not exist yet. Raises BackupProblem, OSError or a database error.

    The recovery log is marked first, so that it has everything that the backup doesn't.
    """
    if path.exists():
        raise BackupProblem(f"{path}: there is a file already; choose another name, or remove it first")
    identifier = secrets.token_hex(16)
    log.append(MARK, identifier, durable=True)
    made_at = datetime.now(UTC)
    with consistent_source(configuration, path.parent) as source:
        manifest = _manifest(source, identifier, made_at)
        with new_archive(path, manifest) as archive:
            files.add_files(archive, configuration, images=images)
            if with_key:
                files.add_keys(archive, settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)
            _add_tables(archive, manifest, source, progress)
    return manifest


@contextmanager
def consistent_source(configuration: Config, folder: Path) -> Iterator[RowSource]:
    """Open the database at one instant. A SQLite file is copied into `folder` first, so that its log can't grow for
    long.
    """
    url = configuration.site.database
    if is_postgresql(url):
        with closing(PostgreSQLSource(url)) as source:
            yield source
        return
    with tempfile.TemporaryDirectory(prefix=".newsletter-backup-", dir=folder) as aside:  # only its owner can enter it
        copy = Path(aside) / "copy.db"
        try:
            copy_database(files.database_file(configuration), copy)
        except sqlite3.OperationalError as e:
            if "full" in str(e):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder)) from e
            raise
        with closing(SQLiteSource(copy)) as source:
            yield source


def copy_database(path: Path, copy: Path) -> None:
    """Copy a SQLite database that is in use. Writers go on meanwhile; the copy is of the instant when it began."""
    with closing(sqlite3.connect(path, timeout=30, isolation_level=None)) as source:
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        with closing(sqlite3.connect(copy)) as target:
            source.backup(target, pages=PAGES, sleep=0)
    copy.chmod(0o600)


def _manifest(source: RowSource, identifier: str, made_at: datetime) -> Manifest:
    return Manifest(
        id=identifier,
        made_at=made_at.isoformat(timespec="seconds"),
        version=__version__,
        database="postgresql" if isinstance(source, PostgreSQLSource) else "sqlite",
        identity=_one(source, "SELECT name FROM newsletter_identity"),
        fingerprint=_one(source, "SELECT value FROM subscribers_fingerprint"),
        machines=[str(name) for (name,) in source.run("SELECT name FROM newsletter_machine ORDER BY name")],
        migrations=[(app, name) for app, name in source.run("SELECT app, name FROM django_migrations ORDER BY id")],
    )


def _one(source: RowSource, query: str) -> str:
    rows = source.run(query)
    return str(rows[0][0]) if rows else ""


def _add_tables(archive: ArchiveWriter, manifest: Manifest, source: RowSource, progress: Progress) -> None:
    """Add every table but sessions: whoever logs in again after a restore is who they say they are."""
    tables = [table for table in all_tables() if table.name != SESSIONS]
    total = sum(map(source.count, tables))
    advance = steps(progress, total)
    for table in tables:
        manifest.tables.append(table)
        if table.numbered:
            manifest.sequences[table.name] = source.sequence(table)
        archive.add(table_member(table), source.blocks(table), advance)


def steps(progress: Progress, total: int) -> Advance:
    """Return a function that counts what is done, and reports it."""
    done = 0
    progress(0, total)

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress(min(done, total), total)

    return advance
