"""Prepares the program for a configuration: the secret key, Django, the database.

If two processes start for the first time at once, each step is done once: they share a lock file beside the
configuration, and on PostgreSQL an advisory lock.
"""

import atexit
import errno
import fcntl
import os
import secrets
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import django

import newsletter
from newsletter import config
from newsletter.config import Config
from newsletter.config.durable_files import create
from newsletter.logs import error_reports, setup as logs

ADVISORY_LOCK = 7_251_893  # any number will do, as long as it is always the same


class StartProblem(Exception):
    """The program can't start; the message is a sentence that says why and what to do."""


def start(configuration: Config, *, migrate: bool = True, events: bool = False) -> None:
    """Set up Django, and migrate the database if needed; afterwards, models can be used.

    `migrate=False` leaves a shared PostgreSQL database as it is. Raises StartProblem if the secret key is not the
    database's, or the database can't be reached or is too new.
    """
    with _django(configuration):
        _tighten(configuration)
        current = _prepare(configuration, migrate=migrate or _is_own_file())
    if current:  # the hashes of a database without tables can be of any key
        _check_key()
    _watch_newsletters()
    if events:
        _report_errors(configuration)
    else:
        logs.warnings_only()


def _report_errors(configuration: Config) -> None:
    try:
        error_reports.start(configuration.log, newsletter.__version__)
    except error_reports.CannotReport as e:
        raise StartProblem(str(e)) from e


def set_up(configuration: Config) -> None:
    """Set up Django, and nothing else: the database may not exist yet."""
    with _django(configuration):
        pass


@contextmanager
def _django(configuration: Config) -> Iterator[None]:
    """Set up Django with a secret key, and hold the lock of the site's folder meanwhile."""
    config.use(configuration)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsletter.settings")
    with _locked(configuration.path(".newsletter.lock")):
        if not configuration.site.secret_key:
            make_secret_key(configuration.path(".secret_key"))
        django.setup()
        yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as e:
        own = "the folder of config.toml must be writable"
        remedy = "give it to the user that runs newsletter" if e.errno == errno.EACCES and path.exists() else own
        raise StartProblem(f"{path}: can't be written: {e.strerror}; {remedy}") from e
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def make_secret_key(path: Path) -> None:
    """Write a new key, unless there is one. Raises StartProblem if there is a file without a key."""
    if path.exists():
        key = path.read_bytes().strip()
        if not key or not key.isascii():
            raise StartProblem(f"{path}: has no key; restore the file from a backup: sent links need it")
        return
    with suppress(FileExistsError):  # another process was faster
        create(path, secrets.token_urlsafe(48) + "\n")


def _tighten(configuration: Config) -> None:
    from newsletter import private_files  # it imports models, which need Django set up

    private_files.tighten(configuration)
    if private_files.is_anothers(configuration):
        _give_to_owner(configuration)
        atexit.register(_give_to_owner, configuration)


def _give_to_owner(configuration: Config) -> None:
    """Give root's files away, without connections: closing any descriptor of SQLite's files ends the process's locks on
    them (https://sqlite.org/howtocorrupt.html, 2.2).
    """
    from django.db import connections

    from newsletter import private_files

    connections.close_all()
    private_files.give_to_owner(configuration)


def _is_own_file() -> bool:
    """Return whether the database is a SQLite file, which belongs to this machine's program and may always be
    migrated.
    """
    from django.db import connection

    return connection.vendor == "sqlite"


def _prepare(configuration: Config, *, migrate: bool) -> bool:
    """Refuse a database that is too new or too old for this program, and migrate an older one if asked to.

    Return whether it has all migrations now.
    """
    from django.db import OperationalError

    from newsletter.models import migration_state
    from newsletter.sending.sql import database_watch

    _refuse_in_place_of_missing_file(configuration)
    try:
        applied = migration_state.applied_migrations()
        if oldest := migration_state.too_old(applied):
            raise StartProblem(migration_state.older_database(oldest))
        if unknown := migration_state.unknown_migrations(applied):
            raise StartProblem(migration_state.newer_database(unknown))
        migrations = migration_state.waiting_migrations(applied)
        if migrate and migrations:
            _refuse_beside_older_programs()
            _copy_before(migrations)
            _migrate()
    except OperationalError as e:
        raise StartProblem(f"site.database: {database_watch.unusable(e)}") from e
    database_watch.remember()
    return migrate or not migrations


def _refuse_in_place_of_missing_file(configuration: Config) -> None:
    """Refuse to make a database where one is missing that a program uses, or whose log is still there.

    SQLite would apply that log to the new file, or the program would find another database than its own.
    """
    from django.db import connection

    from newsletter.web.only_run import RunLock

    path = Path(str(connection.settings_dict["NAME"]))
    log = path.with_name(f"{path.name}-wal")
    if not _is_own_file() or path.exists():
        return
    if RunLock(configuration.folder).is_held():
        raise StartProblem(
            f"{path}: the database file is missing while newsletter is running; put the file back, "
            "or stop newsletter and restore a backup"
        )
    if log.exists():
        raise StartProblem(
            f"{path}: the database file is missing, but {log.name}, which belongs to it, is there; put the file back, "
            f"or restore a backup; to begin with a new database, move {log.name} away"
        )


def _refuse_beside_older_programs() -> None:
    """Refuse to change a database with which programs of an older version are running."""
    from newsletter.sending.machines.presence import other_worker_alive

    if not _is_own_file() and (program := other_worker_alive()):
        raise StartProblem(
            f"site.database: this version changes the database, but {program} is running with it; "
            "stop it on every machine, then start this version; nothing has been changed"
        )


def _copy_before(waiting: Sequence[str]) -> None:
    """Copy a SQLite database to `newsletter.db.before-0056` or the like before migrations change it.

    A copy of an attempt that failed stays: it is older, and so the one to go back to.
    """
    from django.db import connection

    if connection.vendor != "sqlite" or not connection.introspection.table_names():
        return
    migration = next((name for name in waiting if name.startswith("newsletter.")), waiting[0])
    number = migration.rpartition(".")[2].partition("_")[0]
    database = Path(str(connection.settings_dict["NAME"]))
    copy = database.with_name(f"{database.name}.before-{number}")
    if copy.exists():
        return
    unfinished = copy.with_name(f"{copy.name}.part")
    try:
        unfinished.unlink(missing_ok=True)  # left by a process that was killed
        os.close(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        with closing(sqlite3.connect(unfinished)) as target:
            connection.connection.backup(target)
        unfinished.rename(copy)
    except (OSError, sqlite3.Error) as e:
        unfinished.unlink(missing_ok=True)
        raise StartProblem(f"{copy}: the database can't be copied before the upgrade: {e}; free some space") from e


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
        try:
            call_command("migrate", verbosity=0, interactive=False)
        finally:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


def _watch_newsletters() -> None:
    """Let no newsletter be removed or archived while an edition of it is unfinished."""
    from newsletter.sending.unfinished import objections  # it imports models, which need Django set up

    config.object_with(objections)


def _check_key() -> None:
    """Check that the database's hashes were made with this key."""
    from subscribers import tokens

    try:
        tokens.check_key()
    except tokens.WrongSecretKey as e:
        raise StartProblem(str(e)) from e
