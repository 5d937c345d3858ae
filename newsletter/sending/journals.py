"""The journal folder: its machine identity, its one sender, and the journals of processes that have ended.

There is one sender per folder and database, ensured by `flock`. Whoever acquires a journal's lock settles what it says,
and removes it only after the commit. If the journal can't say (the machine was restarted, or the journal is lost with
its machine), every number of a begun chunk is unknown, and nothing is sent twice.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import partial
from pathlib import Path

from django.db.models import Q, QuerySet

from newsletter.config import Config, DeliverySettings, Timeouts
from newsletter.config.durable_files import create
from newsletter.delivery.journal import JournalEntry, JournalError, OrphanedJournal, boot_id, journals, take_over
from newsletter.messages import delivery as messages
from newsletter.models import Chunk, DeliveryStatus
from newsletter.recovery import older_copy
from newsletter.sending.outbox import settle, without_outcome
from newsletter.sending.results import ResultRow, row_of
from newsletter.sending.sql import database
from newsletter.sending.sql.database import with_retries

MACHINE, SENDER = "machine", "sender.lock"


def folder(configuration: Config) -> Path:
    """Return the journal folder, which is created if it is missing."""
    path = configuration.journal_folder
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def machine(journal_folder: Path) -> str:
    """Return the identity of the folder, and so of the machine, in the database; created once, atomically."""
    path = journal_folder / MACHINE
    if not path.exists():
        with suppress(FileExistsError):  # another thread or process was faster
            create(path, secrets.token_hex(16))
    try:
        return path.read_text(encoding="ascii")
    except UnicodeDecodeError as e:
        raise JournalError(messages.IDENTITY_DAMAGED(path=str(path))) from e


def lock_file(journal_folder: Path) -> tuple[int, int] | None:
    """Return the device and inode of the lock file, which a later one doesn't share; None if it is missing."""
    try:
        status = (journal_folder / SENDER).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_dev, status.st_ino


@contextmanager
def sender_lock(journal_folder: Path) -> Iterator[bool]:
    """Yield whether this process is now the only sender of the folder, until the block or the process ends."""
    descriptor = os.open(journal_folder / SENDER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def settle_orphans(journal_folder: Path, name: str, settings: DeliverySettings, patience: float | None = None) -> int:
    """Settle the chunks of processes that have ended, by their journals or as unknown, and return the number of chunks.

    `name` is the database's; `patience` is as in `database.with_retries`. Raises JournalError for a journal of another
    database, and the database's error once patience is over: whatever is not settled then is left for the next call.
    """
    here, boot, settled = machine(journal_folder), boot_id(), 0
    for path in journals(journal_folder):
        orphan = take_over(path, name, boot)
        if orphan is not None:
            settled += _settle_orphan(orphan, _open(here).filter(holder=path.name), settings, patience)
    open_chunks = list(_open(here))  # before looking who lives: a process has its journal before it has a chunk
    living = {path.name for path in journals(journal_folder)}
    lost = [chunk for chunk in open_chunks if chunk.holder not in living]
    for chunk in lost:
        _settle(chunk, (), settings, patience, known=False)
    return settled + len(lost) + _settle_abandoned(here, settings, patience)


def _settle_orphan(
    orphan: OrphanedJournal, leased: QuerySet[Chunk], settings: DeliverySettings, patience: float | None
) -> int:
    """Close the open chunks of a journal; for closed ones, only record what the journal knows in addition.

    A journal of chunks that the database has not come to is kept: the database is an older copy.
    """
    journalled = {entry.chunk for entry in orphan.entries}
    chunks = list(Chunk.objects.filter(Q(pk__in=journalled) | Q(pk__in=leased)))
    try:
        if any(older_copy.lacks_chunk(chunk) for _, chunk in orphan.chunks):
            older_copy.place_hold(database.now())
            orphan.release()
            return 0
        for chunk in chunks:
            _settle(chunk, orphan.entries, settings, patience, known=not orphan.rebooted)
    except BaseException:
        orphan.release()
        raise
    orphan.remove()
    return sum(chunk.closed_at is None for chunk in chunks)


def _settle(
    chunk: Chunk, entries: Sequence[JournalEntry], settings: DeliverySettings, patience: float | None, *, known: bool
) -> None:
    """Settle a chunk. If `known`, numbers that the journal doesn't name are returned; otherwise they are unknown, if
    begun.
    """
    with_retries(lambda: _settle_held(chunk.pk, entries, settings, known=known), patience)


def _settle_held(key: int, entries: Sequence[JournalEntry], settings: DeliverySettings, *, known: bool) -> None:
    """Settle a chunk, locked: its process may have resumed in the meantime."""
    chunk = Chunk.objects.select_for_update(no_key=True).get(pk=key)
    rows = [row_of(entry.outcome) for entry in entries if entry.chunk == chunk.pk]
    if not known and chunk.begun_at is not None and chunk.closed_at is None:
        with_result = {row.number for row in rows}
        now, lost = database.now().timestamp(), messages.JOURNAL_LOST().to_text()
        unsent = {n: attempt for n, attempt in without_outcome(chunk).items() if n not in with_result}
        rows += [
            ResultRow(n, attempt, DeliveryStatus.UNKNOWN.value, now, "connection", text=lost)
            for n, attempt in unsent.items()
        ]
    settle(chunk.pk, rows, settings, finished=True)


def _open(here: str) -> QuerySet[Chunk]:
    return Chunk.objects.filter(closed_at=None, machine=here)


def _settle_abandoned(here: str, settings: DeliverySettings, patience: float | None) -> int:
    """Settle the chunks of lost machines, and return their number.

    A chunk that was not begun is returned as soon as its lease has ended: its machine can't begin it once it is closed.
    A begun one waits until nothing of it can be in flight.
    """
    now = database.now()
    begun_before = now - max_time_in_flight(settings.smtp.timeouts)
    abandoned = Q(begun_at=None, leased_until__lt=now) | Q(leased_until__lt=begun_before)

    def settle_one(key: int) -> bool:
        # Checked again with the row locked: its machine may have resumed, and begun it.
        was_abandoned = Chunk.objects.select_for_update(no_key=True).filter(abandoned, pk=key, closed_at=None).exists()
        if was_abandoned:
            _settle_held(key, (), settings, known=False)
        return was_abandoned

    chunks = Chunk.objects.filter(abandoned, closed_at=None).exclude(machine=here)
    return sum(with_retries(partial(settle_one, key), patience) for key in chunks.values_list("pk", flat=True))


def max_time_in_flight(timeouts: Timeouts) -> timedelta:
    """Return how long a message can be in flight after its lease: no final dot is written later, and its reply is
    waited for.
    """
    return timeouts.block + timeouts.dot
