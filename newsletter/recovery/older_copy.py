"""Recognizes an older copy in the place of the database, from which emails would be sent again.

A sender counts up in the database every few seconds and when it ends, and notes the count in its journal folder after
the commit. A database that has counted less than the folder notes is older than the one that was used last.
"""

import logging
import secrets
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection, transaction
from django.db.models import F

from newsletter.messages import sending as messages
from newsletter.models import Chunk, Hold, Identity
from newsletter.recovery import hold

_log = logging.getLogger(__name__)

NOTE = "renewals"


@dataclass(frozen=True, slots=True)
class RenewalNote:
    """What a journal folder knows of the database that was used last: its name, and how far it had counted."""

    name: str
    renewals: int


def renew(folder: Path, now: datetime) -> bool:
    """Count up in the database and note it in the folder; return False for an older copy, which is put on hold instead.

    A hold that has been placed is not placed again for the same copy.
    """
    with transaction.atomic():
        Identity.objects.update(renewals=F("renewals") + 1)  # locks the row before it is read
        row, noted = Identity.objects.get(), _read(folder)
        is_older = noted is not None and noted.name == row.name and row.renewals <= noted.renewals
        if is_older:
            place_hold(now)
        Identity.objects.update(renewed_at=now)
    _write(folder, RenewalNote(row.name, row.renewals))
    return not is_older


def place_hold(now: datetime) -> None:
    """Let nothing be sent from an older copy until a person decides; does nothing if nothing is sent anyway."""
    if not Hold.objects.exists():
        row = Identity.objects.get()
        hold.place(row.renewed_at or row.since, messages.OLDER_COPY(), now)


def held_since() -> datetime | None:
    """Return from when the older copy is that is on hold, or None if there is none."""
    rows = Hold.objects.order_by("pk")
    return next((row.made_at for row in rows if messages.OLDER_COPY.matches(row.reason)), None)


def lacks_chunk(key: int) -> bool:
    """Return whether the database has not yet counted to a chunk's primary key, which is used once."""
    table = Chunk._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_sequence_last_value(pg_get_serial_sequence(%s, 'id')::regclass)", [table])
        else:
            cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        row = cursor.fetchone()
    return row is None or row[0] is None or key > row[0]


def _read(folder: Path) -> RenewalNote | None:
    """Return the note, or None if there is none, or a loss of power left no whole one."""
    with suppress(FileNotFoundError, ValueError):
        name, renewals = (folder / NOTE).read_text(encoding="ascii").split()
        return RenewalNote(name, int(renewals))
    return None


def _write(folder: Path, note: RenewalNote) -> None:
    """Write the note. On a full disk the old one stays, which an older copy may have reached, too."""
    unfinished = folder / f".{NOTE}-{secrets.token_hex(4)}"
    try:
        unfinished.touch(mode=0o600)
        unfinished.write_text(f"{note.name} {note.renewals}\n", encoding="ascii")
        unfinished.replace(folder / NOTE)
    except OSError as e:
        _log.warning("%s can't be written: %s", folder / NOTE, e.strerror)
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
