"""The write-ahead journal of one sending process: the intent to send each message, and the result.

Before a final dot is written, the file has the intent, and after the reply the result. Both are written to the kernel
when the call returns (or with the next call, if buffered), so that kill -9 loses neither; a power failure may, since
there is no fsync per message. While the process lives it holds the file's lock; whoever acquires the lock knows that it
has ended. A truncated last record is ignored. A message whose intent can't be written is not sent: `JournalError` is
raised before. A result that can't be written raises it after the message was sent; such an outcome is stored in the
database all the same, and is unknown only if the process ends before that.

A file is a header and records, each with a length and a CRC-32. Chunks that are settled are dropped when the file grows
beyond `compact_at`, and the file is removed with the last of them by `close`.
"""

import errno
import fcntl
import json
import os
import secrets
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from zlib import crc32

from newsletter.domain.batch import ChunkKey
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import Problem, delivery as messages, from_text
from newsletter.messages.general import TEXT

SUFFIX = ".journal"
MAGIC = b"newsletter journal 1\n"
COMPACT_AT = 4_000_000
_FRAME = struct.Struct("<HI")
_INTENT = struct.Struct("<cIIH")
_RESULT = struct.Struct("<cIIHdBBHd")
_KINDS = tuple(OutcomeKind)
_FAULTS = tuple(Fault)
_KIND_AT = {kind: at for at, kind in enumerate(_KINDS)}
_FAULT_AT = {fault: at for at, fault in enumerate(_FAULTS)}


class JournalError(Problem):
    """The journal can't be written or belongs to another database; the message says which and what to do."""


@dataclass(frozen=True, slots=True)
class JournalHeader:
    """The beginning of a journal: the database, and the boot of the machine, that it belongs to."""

    database: str
    boot: str


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One attempt in a journal; its outcome is unknown if there is no result."""

    edition: str
    chunk: int
    outcome: Outcome


def boot_id() -> str:
    """Return the id of this boot of the machine."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _frame(record: bytes) -> bytes:
    return _FRAME.pack(len(record), crc32(record)) + record


def _begin_record(index: int, chunk: ChunkKey) -> bytes:
    return b"C" + json.dumps([index, *chunk]).encode()


class Journal:
    """The journal that this process writes; made by `create`. Not thread-safe."""

    def __init__(self, path: Path, fd: int, size: int, head: JournalHeader, compact_at: int) -> None:
        self.path = path
        self.head = head
        self._fd = fd
        self._size = size
        self._compact_at = compact_at
        self._next = 0
        self._unwritten = b""
        self._open: dict[ChunkKey, tuple[int, bytearray]] = {}

    @classmethod
    def create(cls, folder: Path, database: str, boot: str | None = None, *, compact_at: int = COMPACT_AT) -> Self:
        """Create a journal in `folder` (created if missing), locked until `close` or the end of the process.

        To be called in the process that sends: the lock is not inherited by processes that it spawns.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}{SUFFIX}"
        head = JournalHeader(database, boot or boot_id())
        content = _head(head)
        return cls(path, _create_locked(path, content), len(content), head, compact_at)

    @property
    def name(self) -> str:
        """The name that identifies the holder of a chunk in the database."""
        return self.path.name

    def begin(self, edition: str, chunk: int) -> None:
        """Log that the chunk is begun; an active chunk is logged once."""
        key = (edition, chunk)
        if key not in self._open:
            index, self._next = self._next, self._next + 1
            framed = _frame(_begin_record(index, key))
            self._open[key] = (index, bytearray(framed))
            self._write(framed)

    def log_intent(self, edition: str, chunk: int, number: int, attempt: int, *, buffered: bool = False) -> None:
        """Log the intent to write a message's final dot; if `buffered`, it is written with the next `flush`."""
        index, records = self._open[edition, chunk]
        framed = _frame(_INTENT.pack(b"A", index, number, attempt))
        if buffered:
            self._unwritten += framed
        else:
            self._write(framed)
        records += framed

    def log_result(self, edition: str, chunk: int, outcome: Outcome, *, buffered: bool = False) -> None:
        """Log the outcome of an attempt; an unknown outcome means that no reply will come.

        If `buffered`, it is written by `flush`, or with the next record; until then, kill -9 makes the outcome unknown.
        """
        index, records = self._open[edition, chunk]
        number, attempt, kind, when, fault, code, status, text, queue_id, retry_after, problem = outcome
        stored = problem.to_text() if problem else text[:1000]
        wait = -1.0 if retry_after is None else retry_after
        head = _RESULT.pack(b"O", index, number, attempt, when, _KIND_AT[kind], _FAULT_AT[fault], code, wait)
        framed = _frame(head + f"{status}\0{queue_id}\0{stored}".encode("utf-8", "replace"))
        records += framed
        self._unwritten += framed
        if not buffered:
            self.flush()

    def flush(self) -> None:
        """Write buffered records."""
        if self._unwritten:
            self._write(b"")

    def forget(self, edition: str, chunk: int) -> None:
        """Forget a chunk whose outcomes are all committed to the database."""
        self._open.pop((edition, chunk), None)
        if self._size > self._compact_at:
            self._compact()

    def close(self) -> None:
        """Release the lock, and remove the file if every chunk in it is settled. May be called again."""
        if self._fd < 0:
            return
        if not self._open:
            self.path.unlink(missing_ok=True)
        os.close(self._fd)
        self._fd = -1

    def _write(self, framed: bytes) -> None:
        """Write everything or nothing: what a full disk accepted in part is truncated, so that later records stay
        readable.
        """
        content = self._unwritten + framed
        try:
            _write_whole(self._fd, content, self._size)
        except OSError as e:
            raise _unwritable(self.path, e) from e
        self._size += len(content)
        self._unwritten = b""

    def _compact(self) -> None:
        """Replace the file with one that has only the open chunks."""
        content = _head(self.head) + b"".join(records for _, records in self._open.values())
        fd = _create_locked(self.path, content)
        os.close(self._fd)
        self._fd, self._size, self._unwritten = fd, len(content), b""


@dataclass(frozen=True, slots=True)
class OrphanedJournal:
    """A journal whose process has ended, locked by this process until `remove` or `release`.

    `chunks` are those that it began and did not forget; `entries` are their attempts. If `rebooted`, the machine was
    restarted since, and the end of the file may be missing: claimed recipients without an entry are unknown, too.
    """

    path: Path
    chunks: tuple[ChunkKey, ...]
    entries: tuple[JournalEntry, ...]
    rebooted: bool
    lock: int

    def remove(self) -> None:
        """Remove the file; to be called only after the transaction that settled its chunks."""
        self.path.unlink(missing_ok=True)
        os.close(self.lock)

    def release(self) -> None:
        """Release the lock, and leave the file to another process."""
        os.close(self.lock)


def journals(folder: Path) -> list[Path]:
    """Return the journals in a folder, those of running processes and orphaned ones, sorted by name."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def header(path: Path) -> JournalHeader:
    """Return the beginning of a journal. Raises JournalError if it is something else."""
    content = path.read_bytes()
    if head := _read_head(content, next(_records(content), b"")):
        return head
    raise JournalError(messages.NOT_A_JOURNAL(path=str(path)))


def take_over(path: Path, database: str, boot: str | None = None) -> OrphanedJournal | None:
    """Replay a journal; None if its process is running, or another process has taken it over.

    Raises `JournalError` for the journal of another database, which is left where it is.
    """
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not _same_file(fd, path):
            os.close(fd)
            return None
        return _replay(path, fd, database, boot or boot_id())
    except BlockingIOError:
        os.close(fd)
        return None
    except JournalError:
        os.close(fd)
        raise


def _replay(path: Path, fd: int, database: str, boot: str) -> OrphanedJournal:
    with os.fdopen(os.dup(fd), "rb") as file:
        content = file.read()
    records = _records(content)
    head = _read_head(content, next(records, b""))
    if head is None:
        raise JournalError(messages.NOT_A_JOURNAL(path=str(path)))
    if head.database != database:
        raise JournalError(messages.OTHER_DATABASE(path=str(path)))
    chunks, entries = _attempts(records)
    return OrphanedJournal(path, chunks, entries, head.boot != boot, fd)


def _attempts(records: Iterator[bytes]) -> tuple[tuple[ChunkKey, ...], tuple[JournalEntry, ...]]:
    """Return the chunks, and the last record of each attempt; reading stops at an invalid record, as at a truncated
    one.
    """
    chunks: dict[int, ChunkKey] = {}
    attempts: dict[tuple[ChunkKey, int, int], JournalEntry] = {}
    for record in records:
        if record[:1] == b"C":
            index, edition, chunk = json.loads(record[1:])
            chunks[index] = (edition, chunk)
        else:
            index, outcome = _outcome(record)
            key = chunks[index]
            attempts[key, outcome.number, outcome.attempt] = JournalEntry(*key, outcome)
    return tuple(dict.fromkeys(chunks.values())), tuple(attempts.values())


def _outcome(record: bytes) -> tuple[int, Outcome]:
    if record[:1] == b"A":
        _, index, number, attempt = _INTENT.unpack(record)
        problem = messages.INTERRUPTED()
        return index, Outcome(number, attempt, OutcomeKind.UNKNOWN, 0.0, Fault.CONNECTION, problem=problem)
    _, index, number, attempt, when, kind, fault, code, wait = _RESULT.unpack_from(record)
    status, queue_id, text = record[_RESULT.size :].decode("utf-8").split("\0", 2)
    retry_after = None if wait < 0 else wait
    outcome = Outcome(number, attempt, _KINDS[kind], when, _FAULTS[fault], code, status, text, queue_id, retry_after)
    reason = from_text(text)
    return index, outcome if TEXT.matches(reason) else outcome._replace(text="", problem=reason)


def _records(content: bytes) -> Iterator[bytes]:
    offset = len(MAGIC)
    while offset + _FRAME.size <= len(content):
        size, crc = _FRAME.unpack_from(content, offset)
        record = content[offset + _FRAME.size : offset + _FRAME.size + size]
        if not size or len(record) != size or crc32(record) != crc:
            return
        yield record
        offset += _FRAME.size + size


def _head(head: JournalHeader) -> bytes:
    return MAGIC + _frame(json.dumps([head.database, head.boot]).encode())


def _read_head(content: bytes, record: bytes) -> JournalHeader | None:
    if not content.startswith(MAGIC) or not record:
        return None
    database, boot = json.loads(record)
    return JournalHeader(database, boot)


def _create_locked(path: Path, content: bytes) -> int:
    """Create a file with this content, locked before it gets its name, and return its descriptor."""
    fresh = path.with_suffix(".new")
    try:
        fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _write_whole(fd, content, 0)
            fresh.replace(path)
        except OSError:
            os.close(fd)
            fresh.unlink(missing_ok=True)
            raise
    except OSError as e:
        raise _unwritable(path, e) from e
    return fd


def _write_whole(fd: int, content: bytes, size: int) -> None:
    """Append to a file of `size` octets, everything or nothing."""
    if os.write(fd, content) != len(content):
        os.ftruncate(fd, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _same_file(fd: int, path: Path) -> bool:
    try:
        opened, present = os.fstat(fd), path.stat()
    except FileNotFoundError:
        return False
    return (opened.st_dev, opened.st_ino) == (present.st_dev, present.st_ino)


def _unwritable(path: Path, error: OSError) -> JournalError:
    return JournalError(messages.JOURNAL_UNWRITABLE(path=str(path), cause=error.strerror or str(error)))
