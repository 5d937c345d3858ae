"""The recovery log: what must not be forgotten if an older copy replaces the database.

It holds the audience and content of editions, what was begun and sent, and who left, was erased or blocked. People are
primary keys and keyed hashes, never addresses, so that it may be copied to another machine at any time.

It is a folder of append-only files, one for each month. A record is one line: a JSON array (the time, the kind, and
what belongs to it), a tab and a CRC-32. It is written by one call, after a newline, so that processes can share a file
and a record that a crash cut short damages no other.
"""

import json
import os
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zlib import crc32

from django.conf import settings

from newsletter.config import Config
from newsletter.config.durable_files import create

NAME, SUFFIX = "id", ".log"
LEEWAY = 60.0
"""Seconds by which the clock may have been set back: applying a record twice changes nothing."""

_suspended = False


@dataclass(frozen=True, slots=True)
class Record:
    """An entry: its time in seconds since the epoch, its kind, and its values; `log` is the folder's identifier."""

    at: float
    kind: str
    values: tuple[Any, ...]
    log: str = ""


def append(kind: str, *values: Any, durable: bool = False) -> None:
    """Append a record to this site's log; `durable` waits for the disk. Raises OSError."""
    if _suspended:
        return
    place = Path(settings.RECOVERY_LOG)
    line = json.dumps([round(time.time(), 3), kind, *values], separators=(",", ":"))
    _write(place / f"{_identifier(place)}-{datetime.now(UTC):%Y-%m}{SUFFIX}", line, durable=durable)


@contextmanager
def suspended() -> Iterator[None]:
    """Append nothing meanwhile: what happens is read from the log itself."""
    global _suspended
    _suspended = True
    try:
        yield
    finally:
        _suspended = False


def read(folders: Iterable[Path]) -> list[Record]:
    """Return the records of all logs in these folders by time; lines that a crash damaged are left out."""
    files = {path.resolve() for place in folders for path in place.glob(f"*{SUFFIX}")}
    records = [record for path in sorted(files) for record in _records(path)]
    return sorted(records, key=lambda record: record.at)


def since_mark(records: Sequence[Record], mark: str) -> list[Record] | None:
    """Return the records that followed the beginning of a backup; None if no log has its mark.

    The clock may have been set back since, so those of LEEWAY before it are returned, too.
    """
    at = next((record.at for record in records if record.kind == "mark" and record.values[:1] == (mark,)), None)
    return None if at is None else [record for record in records if record.at >= at - LEEWAY]


def remove_before(configuration: Config, moment: datetime) -> int:
    """Remove the files of months that ended before a moment; return their number."""
    month = f"{moment:%Y-%m}"
    old = [path for path in configuration.recovery_log.glob(f"*{SUFFIX}") if path.stem.partition("-")[2] < month]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def ranges(numbers: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Return numbers with their attempts as a list of first, last and attempt."""
    result: list[list[int]] = []
    newest: list[int] | None = None
    for number, attempt in sorted(numbers):
        if newest and newest[1] == number - 1 and newest[2] == attempt:
            newest[1] = number
        else:
            newest = [number, number, attempt]
            result.append(newest)
    return result


def _write(path: Path, line: str, *, durable: bool) -> None:
    content = f"\n{line}\t{crc32(line.encode()):08x}\n".encode()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        if os.write(descriptor, content) != len(content):
            raise OSError(f"{path} could not be written completely")
        if durable:
            os.fdatasync(descriptor)
    finally:
        os.close(descriptor)


def _identifier(place: Path) -> str:
    """Return the identifier of this folder, which is in the names of its files; created once, atomically."""
    path = place / NAME
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    with suppress(FileExistsError):  # another process was faster
        create(path, secrets.token_hex(8))
    return path.read_text(encoding="ascii")


def _records(path: Path) -> Iterator[Record]:
    name = path.name.partition("-")[0]
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in file:
            text, _, crc = line.rstrip("\n").rpartition("\t")
            if text and crc == f"{crc32(text.encode()):08x}":
                at, kind, *values = json.loads(text)
                yield Record(at, kind, tuple(values), name)
