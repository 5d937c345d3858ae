"""The file of unsubscriptions that the database can't take yet, on the disk before they are answered.

It is made with a reserved size, so that a full disk leaves room to write in place. A slot has the primary key of a
subscription and the time, sealed with the site's key, so that another site that shares the file neither acts on it nor
removes it. A subscription has one slot, however often it is unsubscribed. Slots are used from the front; an empty one
ends them, and one that a crash damaged is passed over. All programs of the site may use the file at once: they lock it
while they read or write, never while they use the database.
"""

import fcntl
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings

from subscribers.tokens import Purpose, sealed, unsealed

NUMBER, TIME, SLOT = 6, 6, 32
"""Octets of a number, of a time in milliseconds, and of a slot."""
RESERVED = 1 << 20
"""The size of the file: 32,768 slots. It grows while the disk has space."""
PIECE, EMPTY = 256 * SLOT, bytes(SLOT)
A_SECOND = 1_000


@dataclass(frozen=True, slots=True)
class WaitingUnsubscription:
    """An unsubscription in the file: the primary key of the subscription, and when it was accepted, in milliseconds."""

    number: int
    milliseconds: int

    @property
    def at(self) -> datetime:
        """When it was accepted."""
        return datetime.fromtimestamp(self.milliseconds / A_SECOND, UTC)

    @property
    def slot(self) -> bytes:
        """What the file has of it."""
        content = self.number.to_bytes(NUMBER, "big") + self.milliseconds.to_bytes(TIME, "big")
        return sealed(Purpose.WAITING, content)


def reserve() -> None:
    """Make the file, or make it as large as is reserved. Raises OSError."""
    path = _path()
    with suppress(FileNotFoundError):
        if path.stat().st_size >= RESERVED:
            return
    with _opened() as file:
        size = os.fstat(file).st_size
        _write(file, bytes(max(0, RESERVED - size)), size)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def add(numbers: Collection[int], at: datetime) -> None:
    """Write unsubscriptions; they are on the disk when this returns. Raises OSError."""
    new = {number: WaitingUnsubscription(number, int(at.timestamp() * A_SECOND)) for number in numbers}
    with _opened() as file:
        slots = _slots(file)
        for place in _places(slots, new):
            old = _read(slots[place])
            again = new.pop(old.number, None) if old else None
            if old and again and again.milliseconds > old.milliseconds + A_SECOND:  # they may have come back meanwhile
                os.pwrite(file, again.slot, place * SLOT)
        _write(file, b"".join(unsubscription.slot for unsubscription in new.values()), len(slots) * SLOT)


def waiting() -> Iterator[WaitingUnsubscription]:
    """Yield what was in the file at the first call. Raises OSError if it can't be read.

    A slot is verified when it is reached: all of a long file take a tenth of a second.
    """
    try:
        with _opened(os.O_RDONLY, fcntl.LOCK_SH) as file:
            slots = _slots(file)
    except FileNotFoundError:
        return
    yield from filter(None, map(_read, slots))


def remove(unsubscriptions: Collection[WaitingUnsubscription]) -> None:
    """Remove what the database has. Raises OSError; whatever is left is applied again, which is harmless."""
    applied = set(unsubscriptions)
    numbers = {unsubscription.number for unsubscription in applied}
    with _opened() as file:
        slots = _slots(file)
        remaining = [slot for slot in slots if _number_in(slot) not in numbers or _read(slot) not in applied]
        if len(remaining) < len(slots):
            _write(file, b"".join(remaining), 0)
            _write(file, bytes((len(slots) - len(remaining)) * SLOT), len(remaining) * SLOT)
            if not remaining:
                os.ftruncate(file, min(RESERVED, os.fstat(file).st_size))


def _path() -> Path:
    return Path(settings.WAITING_UNSUBSCRIPTIONS)


@contextmanager
def _opened(mode: int = os.O_RDWR | os.O_CREAT, lock: int = fcntl.LOCK_EX) -> Iterator[int]:
    file = os.open(_path(), mode | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(file, lock)
        yield file
    finally:
        os.close(file)


def _slots(file: int) -> Sequence[bytes]:
    """Return the slots before the first empty one."""
    slots: list[bytes] = []
    while piece := os.pread(file, PIECE, len(slots) * SLOT):
        of_piece = [piece[start : start + SLOT] for start in range(0, len(piece) - SLOT + 1, SLOT)]
        if EMPTY in of_piece:
            return slots + of_piece[: of_piece.index(EMPTY)]
        slots += of_piece
        if len(piece) % SLOT:  # a crash cut it short
            break
    return slots


def _places(slots: Sequence[bytes], numbers: Collection[int]) -> list[int]:
    """Return where subscriptions have slots already."""
    known = {number.to_bytes(NUMBER, "big") for number in numbers}
    return [place for place, slot in enumerate(slots) if slot[:NUMBER] in known]


def _number_in(slot: bytes) -> int:
    return int.from_bytes(slot[:NUMBER], "big")


def _read(slot: bytes) -> WaitingUnsubscription | None:
    """Return the unsubscription in a slot; None if it was damaged, or is another site's."""
    content = unsealed(Purpose.WAITING, slot)
    return WaitingUnsubscription(_number_in(content), int.from_bytes(content[NUMBER:], "big")) if content else None


def _write(file: int, content: bytes, start: int) -> None:
    """Write octets to a place in the file, and wait for the disk. Raises OSError unless all of them are there."""
    if content and os.pwrite(file, content, start) != len(content):
        raise OSError(f"{_path()} could not be written completely")
    os.fdatasync(file)
