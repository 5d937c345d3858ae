"""Database functions for sending: durable commits, retries, the shared clock, and the database's identity.

After `make_durable`, a commit has reached the disk when it returns; `with_retries` repeats whole transactions, so that
nothing is done halfway.
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

from newsletter.domain.backoff import Backoff
from newsletter.models import Identity
from newsletter.sending.sql import database_watch
from newsletter.sending.sql.database_watch import first_line

log = logging.getLogger(__name__)
T = TypeVar("T")

PATIENCE = 180.0
"""Seconds for which a database that is locked, full or unreachable is retried; outcomes stay in the journal
meanwhile.
"""

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
CHECKPOINTS, CHECKPOINT_PAUSE = 5, 0.02


def make_durable() -> None:
    """Let every commit of this process wait for the disk from now on, which PostgreSQL always does."""
    _set_up_connections(_wait_for_disk)


def _wait_for_disk(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA synchronous=FULL")


def plan_by_index() -> None:
    """Let PostgreSQL find rows by index in every query of this process, which reads some hundred rows at a time.

    For 500 of 60,000 subscriptions it would read the whole table, which takes seven times as long: its default
    `random_page_cost` is that of a hard disk.
    """
    _set_up_connections(_join_by_index)


def _join_by_index(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET enable_hashjoin = off; SET enable_mergejoin = off")


def _set_up_connections(set_up: Callable[..., None]) -> None:
    """Call a function of this module with the thread's open connection, if any, and with each that is opened."""
    connection_created.connect(set_up)
    if connection.connection is not None:
        set_up(connection=connection)


def with_retries(work: Callable[[], T], patience: float | None = None) -> T:
    """Return the result of `work` in one transaction, which is retried while the database can't be used.

    `patience` is in seconds; None for PATIENCE. Raises the last database error.
    """
    until = time.monotonic() + (PATIENCE if patience is None else patience)
    backoff = Backoff(FIRST_PAUSE, LONGEST_PAUSE)
    while True:
        try:
            database_watch.check()
            with transaction.atomic():
                return work()
        except (OperationalError, InterfaceError) as e:
            pause = backoff.take()
            if time.monotonic() + pause > until:
                raise
            level = logging.WARNING if pause == FIRST_PAUSE else logging.DEBUG  # said once
            log.log(level, "the database said: %s; trying again", str(e).strip().splitlines()[0])
            time.sleep(pause)
            connection.close()  # it may be broken: the next use opens another


def checkpoint() -> None:
    """Write what is committed from SQLite's WAL into the database file; does nothing in an open transaction.

    The WAL is on the disk as well, but if the file is restored without it, or it is lost with a damaged file system,
    nobody would know who received what. So claims are in the file before their messages are sent. A reader of an older
    state delays this for a moment; it is tried a few times, and then left to the next call.
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


def empty_log() -> None:
    """Write SQLite's WAL into the database file and empty it, unless another program uses it; close the connection.

    A program that has ended leaves a file that is whole by itself: SQLite would apply a WAL that is left to whatever
    copy is put in the file's place.
    """
    if connection.vendor == "sqlite":
        try:
            with connection.cursor() as cursor:
                cursor.execute("PRAGMA busy_timeout = 1000")
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        except OperationalError as e:
            log.warning("the database said: %s; its log is not brought into its file now", first_line(e))
        connection.close()


def now() -> datetime:
    """Return the time of the clock that all machines share: PostgreSQL's. With SQLite there is one machine."""
    if connection.vendor != "postgresql":
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        instant: datetime = cursor.fetchone()[0]
        return instant


def identity() -> str:
    """Return the name of this database; generated at the first call."""
    defaults = {"name": secrets.token_hex(16), "since": timezone.now()}
    row, created = Identity.objects.get_or_create(pk=1, defaults=defaults)
    if created:
        checkpoint()
    return row.name
