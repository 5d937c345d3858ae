"""The programs that work with this database: each tells the others that it is alive, with its version and services."""

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf
from pathlib import Path

from django.db import InterfaceError, OperationalError, connection
from django.db.models import F, Max, Q, QuerySet
from django.db.models.functions import Coalesce

from newsletter import __version__
from newsletter.config import DeliverySettings
from newsletter.logs import log_event
from newsletter.messages import Message, failures as messages
from newsletter.models import Chunk, Worker
from newsletter.models.migration_state import unknown_migrations
from newsletter.sending import journals
from newsletter.sending.machines.share import Share, machines_taking_part, share_at
from newsletter.sending.sql import database, database_watch
from newsletter.sending.sql.database_watch import first_line

log = logging.getLogger("newsletter.services")

BEAT = 20.0
"""Seconds between two signs of life."""

SILENT = timedelta(seconds=60)
"""A program that was not seen for this long is lost."""

FORGOTTEN = timedelta(days=1)
"""Lost programs are shown for this long."""

SCHEDULE = "schedule"
"""The service that makes drafts and queues editions at their times."""

SCHEMA_SECONDS = 5.0


class Presence:
    """The row of this program."""

    def __init__(
        self,
        command: str,
        folder: Path,
        journal_folder: Path | None,
        tell_of_absence: Callable[[datetime, datetime], None] | None = None,
    ) -> None:
        """`journal_folder` is None for a program that doesn't send.

        `tell_of_absence` is called when this program starts, if it has the schedule and for a while none with it ran.
        """
        self._key = secrets.token_hex(16)
        self._command, self._folder, self._journal_folder = command, folder, journal_folder
        self._tell_of_absence = tell_of_absence
        self._frozen: dict[str, datetime | int] = {}

    def beat(self, services: Mapping[str, str]) -> None:
        """Store that the program is alive, with the states of its services.

        If the database can't be used, others see that the program is silent; its other services report why.
        """
        try:
            database_watch.check()
            self._store(services)
        except (OperationalError, InterfaceError) as e:
            log.debug("no sign of life: %s", first_line(e))
            connection.close()

    def froze(self, until: datetime, seconds: float) -> None:
        """Note that the program did not run for these seconds; stored with the next sign of life."""
        self._frozen = {"frozen_until": until, "frozen_seconds": round(seconds)}

    def leave(self) -> None:
        """Delete the row, or note when the program ended if it has the schedule."""
        try:
            database_watch.check()
            _end(Worker.objects.filter(key=self._key), database.now())
        except (OperationalError, InterfaceError) as e:
            log.debug("the program is shown as lost: %s", first_line(e))

    def _store(self, services: Mapping[str, str]) -> None:
        now = database.now()
        seen = {"seen_at": now, "services": dict(services), **self._frozen}
        if Worker.objects.filter(key=self._key).update(**seen):
            return
        self._remove_crashed()
        obsolete = Worker.objects.filter(Q(seen_at__lt=now - FORGOTTEN) | Q(ended_at__isnull=False))
        last = Worker.objects.filter(services__has_key=SCHEDULE).aggregate(last=Max(Coalesce("ended_at", "seen_at")))[
            "last"
        ]
        has_schedule = SCHEDULE in services
        (obsolete if has_schedule else obsolete.exclude(services__has_key=SCHEDULE)).delete()
        Worker.objects.create(
            key=self._key,
            host=socket.gethostname(),
            folder=str(self._folder),
            pid=os.getpid(),
            command=self._command,
            version=__version__,
            machine=journals.machine(self._journal_folder) if self._journal_folder else "",
            started_at=now,
            **seen,
        )
        if self._tell_of_absence and has_schedule and last is not None and now - last >= SILENT:
            self._tell_of_absence(last, now)

    def _remove_crashed(self) -> None:
        """Log which programs of this folder ended without a word, and delete their rows, or note when they ended."""
        for row in _not_ended().filter(host=socket.gethostname(), folder=str(self._folder)):
            if not _is_running(row.pid):
                last_seen = f"{row.seen_at:%F %T} UTC"
                words = f"'newsletter {row.command}', last seen {last_seen}, ended without stopping"
                log_event(log, "crashed", words, level=logging.WARNING, command=row.command, last_seen=last_seen)
                _end(Worker.objects.filter(pk=row.pk), row.seen_at)


def _not_ended() -> QuerySet[Worker]:
    return Worker.objects.filter(ended_at=None)


def _end(rows: QuerySet[Worker], at: datetime) -> None:
    """Note when a program with the schedule ended, and delete the row of any other."""
    # It is silent at once, also for a version that doesn't know `ended_at`.
    if not rows.filter(services__has_key=SCHEDULE).update(ended_at=at, seen_at=at - SILENT):
        rows.delete()


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerStatus:
    """A program as others see it. `share` is what it may use of the limits; `editions` are those that it is sending."""

    host: str
    folder: str
    pid: int
    command: str
    version: str
    started_at: datetime
    seen_at: datetime
    alive: bool
    share: Share | None
    editions: Sequence[str]
    services: Mapping[str, str]
    frozen_until: datetime | None = None
    frozen_seconds: int = 0


def workers(delivery: DeliverySettings | None = None) -> list[WorkerStatus]:
    """Return all programs that work with this database, also those that were lost within a day.

    Without the settings, their shares are left out.
    """
    now = database.now()
    joined = machines_taking_part(now) if delivery else {}
    shares = {name: share_at(now, name, joined, delivery.connections) for name in joined} if delivery else {}
    sending: dict[str, list[str]] = {}
    chunks = Chunk.objects.filter(closed_at=None).order_by("edition__began_at")
    for machine, newsletter, period in chunks.values_list("machine", "edition__newsletter", "edition__period"):
        edition = f"{newsletter}/{period}"
        if edition not in (of_machine := sending.setdefault(machine, [])):
            of_machine.append(edition)
    return [
        WorkerStatus(
            host=row.host,
            folder=row.folder,
            pid=row.pid,
            command=row.command,
            version=row.version,
            started_at=row.started_at,
            seen_at=row.seen_at,
            alive=now - row.seen_at < SILENT,
            share=shares.get(row.machine),
            editions=tuple(sending.get(row.machine, ())),
            services=row.services,
            frozen_until=row.frozen_until,
            frozen_seconds=row.frozen_seconds,
        )
        for row in _not_ended().filter(seen_at__gte=now - FORGOTTEN).order_by("host", "folder", F("started_at"))
    ]


def is_this_program(worker: WorkerStatus) -> bool:
    """Return whether this is the program that asks, which may be unable to store that it is alive."""
    return (worker.host, worker.pid) == (socket.gethostname(), os.getpid())


def other_worker_alive() -> str:
    """Return the description of a program that is running with the database as it is now; "" if there is none.

    A program of this host that has ended without a word is not counted. The database may be that of an earlier version:
    only columns that the table has always had are read.
    """
    if Worker._meta.db_table not in connection.introspection.table_names():
        return ""
    running = Worker.objects.filter(seen_at__gt=database.now() - SILENT)
    for row in running.only("host", "folder", "pid", "command", "version"):
        if row.host != socket.gethostname() or _is_running(row.pid):
            return f"'newsletter {row.command}' {row.version} on {row.host}:{row.folder}"
    return ""


def _is_running(pid: int) -> bool:
    with suppress(OSError):
        os.kill(pid, 0)
        return pid != os.getpid()
    return False


class SchemaWatch:
    """Notices that a newer version of the program has changed the database while this one is running."""

    def __init__(self) -> None:
        self._looked = -inf
        self._last = -1
        self._problem: Message | None = None

    def problem(self) -> Message | None:
        """Return why this version must not send any more, or None; looks every few seconds."""
        if time.monotonic() - self._looked >= SCHEMA_SECONDS:
            self._looked = time.monotonic()
            with connection.cursor() as cursor:
                cursor.execute("SELECT max(id) FROM django_migrations")
                last = cursor.fetchone()[0] or 0
            if last != self._last:
                self._last, unknown = last, unknown_migrations()
                self._problem = messages.NEWER_DATABASE(migration=unknown[-1]) if unknown else None
        return self._problem
