"""Brings the program up for a configuration: the secret key, Django, the database.

Two first starts at once do each of it once: a lock file beside the configuration, on PostgreSQL an advisory lock.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import django

from newsletter import config
from newsletter.config import Config

ADVISORY_LOCK = 7_251_893  # any number will do, as long as it is always the same


class StartProblem(Exception):
    """The program can't start; the message is a sentence that says why and what to do."""


def start(configuration: Config, *, migrate: bool = True) -> None:
    """Make ready: after it, models can be used. `migrate` False leaves a shared PostgreSQL as it is.

    Raises StartProblem where the secret key is not the database's, or the database can't be reached.
    """
    config.use(configuration)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "newsletter.settings")
    with _locked(configuration.path(".newsletter.lock")):
        if not configuration.site.secret_key:
            _make_secret_key(configuration.path(".secret_key"))
        django.setup()
        if migrate or _is_own_file():
            _migrate()
    _check_key()


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as e:
        raise StartProblem(f"{path}: can't be written: {e.strerror}; the folder of config.toml must be writable") from e
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _make_secret_key(path: Path) -> None:
    """Written whole under another name first, so that a kill leaves no half a key."""
    if path.exists():
        return
    unfinished = path.with_name(f"{path.name}.{os.getpid()}")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48) + "\n")
        file.flush()
        os.fsync(file.fileno())
    unfinished.rename(path)


def _is_own_file() -> bool:
    """A SQLite file belongs to this machine's program alone: it is brought up to date whoever opens it."""
    from django.db import connection

    return connection.vendor == "sqlite"


def _migrate() -> None:
    from django.core.management import call_command
    from django.db import OperationalError, connection

    from newsletter.jobs.migrating import waiting_migrations

    try:
        if not waiting_migrations():
            return
        with connection.cursor() as cursor:
            if connection.vendor == "postgresql":
                cursor.execute("SELECT pg_advisory_lock(%s)", [ADVISORY_LOCK])
            try:
                call_command("migrate", verbosity=0, interactive=False)
            finally:
                if connection.vendor == "postgresql":
                    cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])
    except OperationalError as e:
        reason = str(e).strip().splitlines()[0]
        raise StartProblem(f"site.database: the database can't be used: {reason}") from e


def _check_key() -> None:
    """The key that the database's hashes are under; one that has no tables yet takes any."""
    from newsletter.jobs.migrating import waiting_migrations
    from subscribers import tokens

    if waiting_migrations():
        return
    try:
        tokens.check_key()
    except tokens.ForeignKey as e:
        raise StartProblem(str(e)) from e
