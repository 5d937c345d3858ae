"""The folder of journals: whose it is, who may send from it, and what becomes of a journal whose process is gone.

Promises: one sender a folder and database, by `flock`; whoever gets a journal's lock settles what it says and removes
it only after the commit. Where the journal cannot tell (the machine started anew, or the journal is gone with its
machine), every number of a chunk that was begun is unknown, and nothing is sent twice.
"""

import fcntl
import os
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from django.db.models import Q, QuerySet

from newsletter.config import Config, Delivery, Timeouts
from newsletter.delivery.journal import Entry, Orphan, boot_id, journals, take_over
from newsletter.jobs import database
from newsletter.jobs.database import patiently
from newsletter.jobs.outbox import settle, unanswered
from newsletter.jobs.results import Row, row_of
from newsletter.models import Became, Chunk

MACHINE, SENDER = "machine", "sender.lock"
NOT_TOLD = "in the hands of a process that ended, and no journal tells"


def folder(configuration: Config) -> Path:
    """Where the journals lie: as configured, else beside the SQLite file, else beside config.toml; made if missing."""
    scheme, _, file = configuration.site.database.partition(":///")
    beside = configuration.path(file).parent if scheme == "sqlite" else configuration.folder
    name = configuration.delivery.journal
    path = configuration.path(name) if name else beside / "journal"
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def machine(journal_folder: Path) -> str:
    """What names the folder, and so the machine, in the database; made once, whole or not at all."""
    path = journal_folder / MACHINE
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        fresh.write_text(secrets.token_hex(16), encoding="ascii")
        try:
            os.link(fresh, path)
        except FileExistsError:
            pass  # somebody was faster, and theirs will do
        finally:
            fresh.unlink()
    return path.read_text(encoding="ascii")


@contextmanager
def sender_lock(journal_folder: Path) -> Iterator[bool]:
    """Whether this process is the folder's one sender now; held until the block ends, or the process does."""
    descriptor = os.open(journal_folder / SENDER, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def adopt(journal_folder: Path, name: str, settings: Delivery, patience: float | None = None) -> int:
    """Settle what ended processes left: by their journals, or as unknown; gives how many chunks.

    `name` is the database's; `patience` as in `database.patiently`. Raises JournalError for a journal of another
    database, and what the database said once patience is over: whatever is not settled then stays for the next time.
    """
    here, boot, found = machine(journal_folder), boot_id(), 0
    for path in journals(journal_folder):
        orphan = take_over(path, name, boot)
        if orphan is not None:
            found += _adopt(orphan, _open(here).filter(holder=path.name), settings, patience)
    held = list(_open(here))  # before looking who lives: a process has its journal before it has a chunk
    living = {path.name for path in journals(journal_folder)}
    lost = [*(chunk for chunk in held if chunk.holder not in living), *_abandoned(here, settings)]
    for chunk in lost:
        _settle(chunk, (), settings, patience, known=False)
    return found + len(lost)


def _adopt(orphan: Orphan, held: QuerySet[Chunk], settings: Delivery, patience: float | None) -> int:
    """The chunks in hand are closed; those that were closed already only hear what the journal knows better."""
    told = {entry.chunk for entry in orphan.entries}
    chunks = list(Chunk.objects.filter(Q(pk__in=told) | Q(pk__in=held)))
    try:
        for chunk in chunks:
            _settle(chunk, orphan.entries, settings, patience, known=not orphan.rebooted)
    except BaseException:
        orphan.release()
        raise
    orphan.remove()
    return sum(chunk.closed_at is None for chunk in chunks)


def _settle(chunk: Chunk, entries: Sequence[Entry], settings: Delivery, patience: float | None, *, known: bool) -> None:
    """`known`: what the journal does not name was not begun, and goes back; else it is unknown, if the chunk was."""
    patiently(lambda: _settle_held(chunk.pk, entries, settings, known=known), patience)


def _settle_held(key: int, entries: Sequence[Entry], settings: Delivery, *, known: bool) -> None:
    """The chunk is looked at once more, held: its process may have come back to life in the meantime."""
    chunk = Chunk.objects.select_for_update(no_key=True).get(pk=key)
    rows = [row_of(entry.outcome) for entry in entries if entry.chunk == chunk.pk]
    if not known and chunk.begun_at is not None and chunk.closed_at is None:
        told, now = {row.number for row in rows}, database.now().timestamp()
        left = {n: attempt for n, attempt in unanswered(chunk).items() if n not in told}
        rows += [Row(n, attempt, Became.UNKNOWN.value, now, "connection", text=NOT_TOLD) for n, attempt in left.items()]
    settle(chunk.pk, rows, settings, finished=True)


def _open(here: str) -> QuerySet[Chunk]:
    return Chunk.objects.filter(closed_at=None, machine=here)


def _abandoned(here: str, settings: Delivery) -> QuerySet[Chunk]:
    """Chunks of other machines whose lease ran out so long ago that nothing of them can be in flight."""
    ended = database.now() - longest(settings.smtp.timeouts)
    return Chunk.objects.filter(closed_at=None, leased_until__lt=ended).exclude(machine=here)


def longest(timeouts: Timeouts) -> timedelta:
    """How long a mail may be on its way at most, once it was begun."""
    return timeouts.command * 2 + timeouts.data + timeouts.block + timeouts.dot
