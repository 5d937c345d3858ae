"""Whether the database is undamaged, and there is space for copying it."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.db.backends.utils import CursorWrapper

from newsletter.messages import Message
from newsletter.messages import failures as messages
from newsletter.messages.general import size_of

QUICK = 1_000_000_000
"""The size in bytes up to which a SQLite file is looked at each time; that takes some seconds."""

INVALID = (
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT i.indisvalid AND n.nspname = current_schema() ORDER BY c.relname"
)


def damages(*, thorough: bool) -> Iterator[Message]:
    """Yield what is damaged; if `thorough`, every page, index and reference of a SQLite file is read."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(INVALID)
            if indexes := tuple(name for (name,) in cursor.fetchall()):
                yield messages.INVALID_INDEXES(names=indexes)
        elif thorough or _size() <= QUICK:
            yield from _of_file(cursor, thorough=thorough)


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
