"""Whether another machine may have accepted unsubscriptions while PostgreSQL was away, which it has not applied yet.

Each machine with a web server applies its own file as soon as the database answers, and tells with its sign of life
whether something waits there. Until each of them has given a sign since the database came back, nobody begins a chunk.
One that was silent for longer is not waited for any more: it may be gone for good. A file that all machines share
(`site.waiting_unsubscriptions`) is read by each sender itself.
"""

import socket
from datetime import datetime, timedelta

from django.db import OperationalError, connection

from newsletter.config import Config
from newsletter.messages import Message, failures as messages
from newsletter.models import Worker
from newsletter.sending.sql import database
from newsletter.sending.unsubscriptions import SERVICE

FRESH = timedelta(seconds=45)
"""A sign of life is given each 20 seconds."""
WAITED_FOR = timedelta(minutes=3)


class Unapplied(OperationalError):
    """Nothing may be begun now, as while the database is away; the text says why."""


def check(configuration: Config) -> None:
    """Raise Unapplied if a machine has not been heard from since the database server was started."""
    if message := problem(configuration):
        raise Unapplied(str(message))


def problem(configuration: Config, reachable_since: datetime | None = None) -> Message | None:
    """Return why nothing may be begun now, or None. With SQLite there is one machine.

    `reachable_since` is when the database answered this program again.
    """
    if connection.vendor != "postgresql":
        return None
    since = _server_started()
    since = max(since, reachable_since) if reachable_since else since
    now = database.now()
    for row in Worker.objects.filter(services__has_key=SERVICE, ended_at=None).order_by("host", "folder"):
        is_here = (row.host, row.folder) == (socket.gethostname(), str(configuration.folder))
        has_none = row.seen_at >= max(since, now - FRESH) and row.services[SERVICE] == "running"
        if not is_here and not has_none and now - max(row.seen_at, since) < WAITED_FOR:
            return messages.UNAPPLIED(machine=f"{row.host}:{row.folder}")
    return None


def _server_started() -> datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_postmaster_start_time()")
        started: datetime = cursor.fetchone()[0]
        return started
