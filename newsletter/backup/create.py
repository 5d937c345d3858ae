"""Makes a backup while the program runs: of one instant, complete or absent, and readable by its owner only."""

import errno
import logging
import os
import secrets
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.db import Error

from newsletter import __version__
from newsletter.backup import BackupProblem, files
from newsletter.backup.archive import Advance, ArchiveWriter, Manifest, new_archive, table_member
from newsletter.backup.databases import PostgreSQLSource, RowSource, SQLiteSource
from newsletter.backup.tables import SESSIONS, all_tables
from newsletter.config import Config
from newsletter.recovery import log
from newsletter.recovery.entries import MARK
from newsletter.sending import unsubscriptions

_log = logging.getLogger(__name__)

PAGES = 2_000
"""The pages of a SQLite file that are copied at a time."""

UNFINISHED = ".newsletter-backup-"
"""What the names of folders begin with in which backups are made."""

ABANDONED = 12 * 3600
"""After so many seconds without a change, such a folder was left by a backup that was killed."""

Progress = Callable[[int, int], None]
"""Called with what is done and the total."""


def create(configuration: Config, path: Path, *, with_key: bool, images: bool, progress: Progress) -> Manifest:
    """Write a backup to `path`, which must not exist yet. Raises BackupProblem, OSError or a database error.

    The recovery log is marked first, so that it has everything that the backup doesn't.
    """
    if path.exists():
        raise BackupProblem(f"{path}: there is a file already; choose another name, or remove it first")
    if not path.parent.is_dir():
        raise BackupProblem(f"{path.parent}: there is no such folder; create it, or choose another one")
    _apply_unsubscriptions()
    identifier = secrets.token_hex(16)
    log.append(MARK, identifier, durable=True)
    made_at = datetime.now(UTC)
    remove_abandoned(path.parent)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=path.parent) as folder:  # only its owner can enter it
        archive_file = Path(folder) / path.name
        with closing(consistent_source(configuration, Path(folder))) as source:
            manifest = _manifest(source, identifier, made_at)
            with new_archive(archive_file, manifest) as archive:
                files.add_files(archive, configuration, images=images)
                if with_key:
                    files.add_keys(archive, settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS)
                _add_tables(archive, manifest, source, progress)
        archive_file.rename(path)
    return manifest


def _apply_unsubscriptions() -> None:
    """Bring into the database, and so into the backup, the unsubscriptions that wait for it."""
    try:
        unsubscriptions.record()
    except (Error, OSError) as e:
        _log.warning(
            "unsubscriptions wait in %s, which is not in the backup: %s; keep a copy of that file too",
            settings.WAITING_UNSUBSCRIPTIONS,
            e,
        )


def remove_abandoned(folder: Path) -> None:
    """Remove what killed backups have left in a folder.

    One that can't be looked into is another user's, and a file that is gone meanwhile that of a backup that is made.
    """
    for unfinished in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):
            if time.time() - max(file.stat().st_mtime for file in (unfinished, *unfinished.iterdir())) > ABANDONED:
                shutil.rmtree(unfinished)


def consistent_source(configuration: Config, folder: Path) -> RowSource:
    """Open the database at one instant. A SQLite file is copied into `folder` first, so that its log can't grow for
    long.
    """
    if configuration.sqlite_file is None:
        return PostgreSQLSource(configuration.site.database)
    try:
        copy_database(configuration.sqlite_file, folder / "copy.db")
    except sqlite3.OperationalError as e:
        if "full" in str(e):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder.parent)) from e
        raise
    return SQLiteSource(folder / "copy.db")


def copy_database(path: Path, copy: Path) -> None:
    """Copy a SQLite database that is in use. Writers go on meanwhile; the copy is of the instant when it began."""
    uri = f"{path.absolute().as_uri()}?mode=rw"  # an empty one is not made if it is missing
    with closing(sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)) as source:
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
    advance = steps(progress, sum(map(source.count, tables)))
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
