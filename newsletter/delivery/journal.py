"""The journal of one sending process: what it was about to do, and what came back.

Promises: before a final dot is written the file says "about to", after the reply it says what came back; both
are in the kernel's hands when the call returns (or, where that was asked for, with the next one), so that kill -9
loses neither (a power cut may: no fsync a mail). While the process lives it holds the file's lock; whoever gets the
lock knows that it is gone. A torn tail is ignored. A journal that cannot be written raises `JournalError` before the
mail goes out, never after.

A file is a head and records, each a length, a CRC-32 and so many octets. Chunks that are settled for good are
dropped when the file grows beyond `compact_at`, and the file itself with the last of them on `close`.
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

from newsletter.mail import Chunk, Fault, Kind, Outcome

SUFFIX = ".journal"
MAGIC = b"newsletter journal 1\n"
COMPACT_AT = 4_000_000
_FRAME = struct.Struct("<HI")
_ABOUT = struct.Struct("<cIIH")
_CAME = struct.Struct("<cIIHdBBHd")
_KINDS = tuple(Kind)
_FAULTS = tuple(Fault)
_KIND_AT = {kind: at for at, kind in enumerate(_KINDS)}
_FAULT_AT = {fault: at for at, fault in enumerate(_FAULTS)}


class JournalError(Exception):
    """The journal cannot be written or is not ours; the sentence says which and what to do."""


@dataclass(frozen=True, slots=True)
class Head:
    """What stands first in a journal: which database and which start of the machine it belongs to."""

    database: str
    boot: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One attempt in a journal; its outcome is unknown where nothing came back."""

    edition: str
    chunk: int
    outcome: Outcome


def boot_id() -> str:
    """What names this start of the machine: another one after every boot."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _frame(record: bytes) -> bytes:
    return _FRAME.pack(len(record), crc32(record)) + record


def _began(at: int, chunk: Chunk) -> bytes:
    return b"C" + json.dumps([at, *chunk]).encode()


class Journal:
    """The journal that this process writes; made by `create`. Not for several threads at once."""

    def __init__(self, path: Path, fd: int, size: int, head: Head, compact_at: int) -> None:
        self.path = path
        self.head = head
        self._fd = fd
        self._size = size
        self._compact_at = compact_at
        self._next = 0
        self._unwritten = b""
        self._open: dict[Chunk, tuple[int, bytearray]] = {}

    @classmethod
    def create(cls, folder: Path, database: str, boot: str | None = None, *, compact_at: int = COMPACT_AT) -> Self:
        """A new journal in `folder` (made where it is missing), locked until `close` or the end of the process.

        Call it in the process that sends: the lock does not pass to children that are spawned.
        """
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{os.getpid()}-{secrets.token_hex(8)}{SUFFIX}"
        head = Head(database, boot or boot_id())
        content = _head(head)
        return cls(path, _placed(path, content), len(content), head, compact_at)

    @property
    def name(self) -> str:
        """What the database names the holder of a chunk by."""
        return self.path.name

    def begin(self, edition: str, chunk: int) -> None:
        """The chunk is ours from here on; a chunk in hand is not begun twice."""
        key = (edition, chunk)
        if key not in self._open:
            at, self._next = self._next, self._next + 1
            framed = _frame(_began(at, key))
            self._open[key] = (at, bytearray(framed))
            self._write(framed)

    def about(self, edition: str, chunk: int, number: int, attempt: int, *, soon: bool = False) -> None:
        """The final dot of this mail is written next; where `soon`, only after `flush`."""
        at, records = self._open[edition, chunk]
        framed = _frame(_ABOUT.pack(b"A", at, number, attempt))
        if soon:
            self._unwritten += framed
        else:
            self._write(framed)
        records += framed

    def came(self, edition: str, chunk: int, outcome: Outcome, *, soon: bool = False) -> None:
        """This came back; an unknown outcome says that nothing ever will.

        `soon`: it is written by `flush`, or with the next record; until then kill -9 makes it unknown.
        """
        at, records = self._open[edition, chunk]
        number, attempt, kind, when, fault, code, status, text, queue_id, retry_after = outcome
        wait = -1.0 if retry_after is None else retry_after
        head = _CAME.pack(b"O", at, number, attempt, when, _KIND_AT[kind], _FAULT_AT[fault], code, wait)
        framed = _frame(head + f"{status}\0{queue_id}\0{text[:1000]}".encode("utf-8", "replace"))
        records += framed
        self._unwritten += framed
        if not soon:
            self.flush()

    def flush(self) -> None:
        """Write what was to be written soon."""
        if self._unwritten:
            self._write(b"")

    def settled(self, edition: str, chunk: int) -> None:
        """All of the chunk is in the database for good: forget it."""
        self._open.pop((edition, chunk), None)
        if self._size > self._compact_at:
            self._compact()

    def close(self) -> None:
        """Let go of the lock; the file is removed where every chunk in it is settled. Closing again does nothing."""
        if self._fd < 0:
            return
        if not self._open:
            self.path.unlink(missing_ok=True)
        os.close(self._fd)
        self._fd = -1

    def _write(self, framed: bytes) -> None:
        """All or nothing: what a full disk took in part is cut off again, so that later records stay readable."""
        content = self._unwritten + framed
        try:
            _write_whole(self._fd, content, self._size)
        except OSError as e:
            raise JournalError(_problem(self.path, e)) from e
        self._size += len(content)
        self._unwritten = b""

    def _compact(self) -> None:
        """Only the open chunks, in a new file under the old one's name."""
        content = _head(self.head) + b"".join(records for _, records in self._open.values())
        fd = _placed(self.path, content)
        os.close(self._fd)
        self._fd, self._size, self._unwritten = fd, len(content), b""


@dataclass(frozen=True, slots=True)
class Orphan:
    """A journal whose process is gone, taken over: nobody else may replay it until `remove` or `release`.

    `chunks` are those that it began and had not forgotten; `entries` their attempts. Where `rebooted`, the machine
    started anew since and the tail may be missing: everything claimed that has no entry is unknown, too.
    """

    path: Path
    chunks: tuple[Chunk, ...]
    entries: tuple[Entry, ...]
    rebooted: bool
    lock: int

    def remove(self) -> None:
        """Only after the commit that settled its chunks."""
        self.path.unlink(missing_ok=True)
        os.close(self.lock)

    def release(self) -> None:
        """Leave it to another."""
        os.close(self.lock)


def journals(folder: Path) -> list[Path]:
    """The journals in a folder, living and orphaned, oldest name first."""
    return sorted(folder.glob(f"*{SUFFIX}"))


def take_over(path: Path, database: str, boot: str | None = None) -> Orphan | None:
    """Replay a journal, or None while its process lives, or when another was faster.

    Raises `JournalError` for the journal of another database, which stays where it is.
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


def _replay(path: Path, fd: int, database: str, boot: str) -> Orphan:
    with os.fdopen(os.dup(fd), "rb") as file:
        content = file.read()
    records = _records(content)
    head = _read_head(content, next(records, b""))
    if head is None:
        raise JournalError(f"{path} is no journal of this program; move it away")
    if head.database != database:
        raise JournalError(
            f"{path} belongs to another database; move it away, or send with the database that it belongs to"
        )
    chunks, entries = _attempts(records)
    return Orphan(path, chunks, entries, head.boot != boot, fd)


def _attempts(records: Iterator[bytes]) -> tuple[tuple[Chunk, ...], tuple[Entry, ...]]:
    """The last word about each attempt; a record that makes no sense ends the reading, as a torn one does."""
    chunks: dict[int, Chunk] = {}
    last: dict[tuple[Chunk, int, int], Entry] = {}
    for record in records:
        if record[:1] == b"C":
            at, edition, chunk = json.loads(record[1:])
            chunks[at] = (edition, chunk)
        else:
            at, outcome = _outcome(record)
            key = chunks[at]
            last[key, outcome.number, outcome.attempt] = Entry(*key, outcome)
    return tuple(dict.fromkeys(chunks.values())), tuple(last.values())


def _outcome(record: bytes) -> tuple[int, Outcome]:
    if record[:1] == b"A":
        _, at, number, attempt = _ABOUT.unpack(record)
        return at, Outcome(
            number, attempt, Kind.UNKNOWN, 0.0, Fault.CONNECTION, text="in flight when sending broke off"
        )
    _, at, number, attempt, when, kind, fault, code, wait = _CAME.unpack_from(record)
    status, queue_id, text = record[_CAME.size :].decode("utf-8").split("\0", 2)
    after = None if wait < 0 else wait
    return at, Outcome(number, attempt, _KINDS[kind], when, _FAULTS[fault], code, status, text, queue_id, after)


def _records(content: bytes) -> Iterator[bytes]:
    at = len(MAGIC)
    while at + _FRAME.size <= len(content):
        size, crc = _FRAME.unpack_from(content, at)
        record = content[at + _FRAME.size : at + _FRAME.size + size]
        if not size or len(record) != size or crc32(record) != crc:
            return
        yield record
        at += _FRAME.size + size


def _head(head: Head) -> bytes:
    return MAGIC + _frame(json.dumps([head.database, head.boot]).encode())


def _read_head(content: bytes, record: bytes) -> Head | None:
    if not content.startswith(MAGIC) or not record:
        return None
    database, boot = json.loads(record)
    return Head(database, boot)


def _placed(path: Path, content: bytes) -> int:
    """The descriptor of a file with this content, locked before it has its name."""
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
        raise JournalError(_problem(path, e)) from e
    return fd


def _write_whole(fd: int, content: bytes, size: int) -> None:
    """Append to a file of `size` octets, wholly or not at all."""
    if os.write(fd, content) != len(content):
        os.ftruncate(fd, size)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def _same_file(fd: int, path: Path) -> bool:
    try:
        ours, named = os.fstat(fd), path.stat()
    except FileNotFoundError:
        return False
    return (ours.st_dev, ours.st_ino) == (named.st_dev, named.st_ino)


def _problem(path: Path, error: OSError) -> str:
    return f"cannot write the journal {path}: {error.strerror}; make room or make it writable, and resume"
