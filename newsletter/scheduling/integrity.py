"""Whether the database is undamaged, and there is space for copying it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.db.backends.utils import CursorWrapper

from newsletter.messages import Message
from newsletter.messages import failures as messages
from newsletter.messages.general import size_of

LARGEST = 1_000_000_000
"""The size in bytes up to which `newsletter check` reads a SQLite file each time; that takes some seconds."""
LARGEST_FOR_PAGES = 50_000_000
"""The size in bytes up to which a page reads it; that takes about a tenth of a second."""

INVALID = (
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT i.indisvalid AND n.nspname = current_schema() ORDER BY c.relname"
)


def damages(*, thorough: bool, largest: int = LARGEST) -> list[Message] | None:
    """Return what is damaged, or None if that was not looked for, in a SQLite file of more than `largest` bytes.

    If `thorough`, every page, index and reference of a SQLite file is read, however large it is.
    """
    if not thorough and _size() > largest:
        return None
    with connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            return list(_of_file(cursor, thorough=thorough))
        cursor.execute(INVALID)
        indexes = tuple(name for (name,) in cursor.fetchall())
        return [messages.INVALID_INDEXES(names=indexes)] if indexes else []


def _of_file(cursor: CursorWrapper, *, thorough: bool) -> Iterator[Message]:
    cursor.execute("PRAGMA integrity_check(3)" if thorough else "PRAGMA quick_check(3)")
    if lines := tuple(line for (line,) in cursor.fetchall() if line != "ok"):
        yield messages.DAMAGED(problem="; ".join(lines))
        return
    if not thorough:
        return
    cursor.execute("PRAGMA foreign_key_check")
    broken: dict[tuple[str, str], int] = {}
    for table, _row, parent, _key in cursor.fetchall():
        broken[table, parent] = broken.get((table, parent), 0) + 1
    for (table, parent), count in broken.items():
        yield messages.MISSING_ROWS(table=table, parent=parent, count=count)


def space_for_copy() -> Message | None:
    """Return a message if there is no space for a copy of the database, which each upgrade makes first."""
    size = _size()
    if not size:
        return None
    left = shutil.disk_usage(Path(str(connection.settings_dict["NAME"])).parent).free
    return messages.NO_SPACE_FOR_COPY(free=size_of(left), size=size_of(size)) if left < size else None


def _size() -> int:
    """Return the size of a SQLite file; 0 without one."""
    path = Path(str(connection.settings_dict["NAME"]))
    return path.stat().st_size if connection.vendor == "sqlite" and path.is_file() else 0
