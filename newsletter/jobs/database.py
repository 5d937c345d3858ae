"""What sending needs of the database: commits that outlive a power cut, patience, its clock, its name.

Promises: where `durable` was called, a commit has reached the disk when it returns; `patiently` repeats whole
transactions only, so that nothing is done by half.
"""

import logging
import secrets
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

from django.db import InterfaceError, OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.utils import timezone

from newsletter.models import Identity

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE = 180.0
"""Seconds for which a database that is locked, full or away is asked again; what came back stays in the journal."""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
CHECKPOINTS, CHECKPOINT_PAUSE = 5, 0.02


def durable() -> None:
    """Let every commit of this process wait for the disk from now on (PostgreSQL does so by itself)."""
    connection_created.connect(_wait_for_disk, dispatch_uid="durable commits")
    if connection.connection is not None:
        _wait_for_disk(connection=connection)


def _wait_for_disk(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")


def patiently(work: Callable[[], T], patience: float | None = None) -> T:
    """The result of `work`, in one transaction; where the database can't be had, again, until `patience` is over.

    That is in seconds; None: PATIENCE. Raises what the database said last.
    """
    until, pause = time.monotonic() + (PATIENCE if patience is None else patience), FIRST_PAUSE
    while True:
        try:
            with transaction.atomic():
                return work()
        except (OperationalError, InterfaceError) as e:
            if time.monotonic() + pause > until:
                raise
            log.warning("the database said: %s; trying again in %.1f s", str(e).strip().splitlines()[0], pause)
            time.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)
            connection.close()  # it may be broken: the next use opens another


def into_the_file() -> None:
    """Bring what is committed from SQLite's log into the database file itself; nothing where a transaction is open.

    The log is on the disk as well. But who restores the file without it, or loses it with a broken file system, would
    have forgotten who got what: so claims go into the file before their mails leave. A reader of an older state keeps
    the rest back for a moment: it is asked a few times, and then left to the next one.
    """
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        for _ in range(CHECKPOINTS):
            try:
                _, frames, done = cursor.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
            except OperationalError as e:
                log.warning("the database said: %s; its log is not brought into its file now", e)
                return
            if frames == done:
                return
            time.sleep(CHECKPOINT_PAUSE)


def now() -> datetime:
    """The time by the clock that all machines share: PostgreSQL's; with SQLite there is one machine only."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: datetime = cursor.fetchone()[0]
        return found


def identity() -> str:
    """What names this database; made up when it is first asked for."""
    first = {"name": secrets.token_hex(16), "since": timezone.now()}
    found, made = Identity.objects.get_or_create(pk=1, defaults=first)
    if made:
        into_the_file()
    return found.name
