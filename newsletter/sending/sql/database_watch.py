"""Detects a database that can't be written to, or a SQLite file that was removed or replaced while the program runs.

SQLite doesn't detect this: open connections continue to write to the removed file, which is lost when they close, and a
new connection creates an empty file.
"""

import os
import shutil
from pathlib import Path

from django.db import Error, InterfaceError, OperationalError, connection
from django.db.backends.utils import CursorWrapper

from newsletter.messages import Message, failures as messages

SPACE = 65_536
"""Octets that SQLite needs at least to write: its shared memory file grows by half of that."""

_Identity = tuple[int, int]
_seen: dict[Path, _Identity] = {}


class DatabaseChanged(OperationalError):
    """The SQLite file is not the one that this process opened."""

    def __init__(self, message: Message) -> None:
        super().__init__(str(message))
        self.message = message


def remember() -> None:
    """Remember which file this process uses; called at the start, and before anything is written."""
    path = _file()
    if path is not None and (identity := _identity(path)):
        _seen[path] = identity


def check() -> None:
    """Raise DatabaseChanged if the file is gone or another one; costs one system call."""
    path = _file()
    if path is None or path not in _seen:
        return
    identity = _identity(path)
    if identity is None:
        raise DatabaseChanged(messages.DATABASE_REMOVED(path=str(path)))
    if identity != _seen[path]:
        raise DatabaseChanged(messages.DATABASE_REPLACED(path=str(path)))


def problem() -> Message | None:
    """Return why nothing can be written now, or None. Another writer is not a problem."""
    try:
        check()
        return _read_only()
    except DatabaseChanged as e:
        return e.message
    except (Error, InterfaceError) as e:
        return unusable(e)


def explained(error: Exception) -> Message | None:
    """Return the message for an error of SQLite or PostgreSQL whose cause is known, with the remedy, or None."""
    if message := read_only(error) or full(error) or damaged(error):
        return message
    words = first_line(error)  # Django puts SQLite's in brackets if it can't make its first table
    if "database is locked" in words or "database table is locked" in words:
        return messages.LOCKED()
    if "unable to open database file" in words:
        return messages.NOT_OPENED(cause=_why_not_opened() or words)
    return messages.DISK_ERROR(cause="disk I/O error") if "disk I/O error" in words else None


def unusable(error: Exception) -> Message:
    """Return the message for an error with which the database can't be used, with the remedy if its cause is known."""
    return explained(error) or messages.UNUSABLE(cause=first_line(error))


def first_line(error: BaseException) -> str:
    """Return what the error says, without its further lines."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def _read_only() -> Message | None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SHOW transaction_read_only")
            return messages.READ_ONLY_SERVER() if cursor.fetchone()[0] == "on" else None
        if connection.in_atomic_block:
            return None
        return _read_only_file(cursor)


def _read_only_file(cursor: CursorWrapper) -> Message | None:
    """Try a change and roll it back: SQLite begins a transaction in a read-only file without an error."""
    timeout = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
    version = cursor.execute("PRAGMA user_version").fetchone()[0]
    cursor.execute("PRAGMA busy_timeout = 0")
    try:
        cursor.execute("BEGIN IMMEDIATE")
        try:
            cursor.execute(f"PRAGMA user_version = {version}")
        finally:
            cursor.execute("ROLLBACK")
    except OperationalError as e:
        return None if "locked" in str(e) else unusable(e)
    finally:
        cursor.execute(f"PRAGMA busy_timeout = {timeout}")
    return None


def read_only(error: Exception) -> Message | None:
    """Return the message for an error that says that the database is read-only, or None."""
    words = str(error)
    if "readonly database" in words:
        return messages.READ_ONLY()
    return messages.READ_ONLY_SERVER() if "read-only transaction" in words else None


def damaged(error: Exception) -> Message | None:
    """Return the message for an error that a damaged SQLite file causes, or None."""
    words = str(error)
    if "malformed" in words or "file is not a database" in words:
        return messages.DAMAGED(problem=words.strip().splitlines()[0])
    return None


def full(error: Exception) -> Message | None:
    """Return the message for an error that a full disk causes, or None; SQLite may call it a "disk I/O error"."""
    words = str(error)
    if "No space left on device" in words:
        return messages.DISK_FULL_SERVER()
    return messages.DISK_FULL() if "disk is full" in words or ("disk I/O error" in words and not _has_space()) else None


def _why_not_opened() -> str:
    """Return what is known about a SQLite file that can't be opened."""
    path = _file()
    if path is None:
        return ""
    if not path.parent.is_dir():
        return f"{path.parent}: there is no such folder"
    disk = os.statvfs(path.parent)
    no_room = disk.f_files and not disk.f_favail
    return f"its disk can hold no more files, see 'df -i {path.parent}'" if no_room else str(path)


def _has_space() -> bool:
    path = _file()
    return path is None or shutil.disk_usage(path.parent).free >= SPACE


def _file() -> Path | None:
    name = str(connection.settings_dict["NAME"])
    in_memory = name == ":memory:" or "mode=memory" in name
    return None if connection.vendor != "sqlite" or in_memory else Path(name)


def _identity(path: Path) -> _Identity | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino
