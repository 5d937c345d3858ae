"""Whether the folders that the program writes to can take more, and the database is undamaged: free space, also for a
copy of the database, the folder of the journals, and the database's pages and indexes.
"""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from django.db import connection
from django.db.backends.utils import CursorWrapper

from newsletter.config import Config
from newsletter.messages import Message, failures as messages
from newsletter.messages.general import size_of

DATABASE, JOURNAL, CONFIGURATION = "database", "journal", "configuration"
CONTENTS = {
    DATABASE: messages.FOR_DATABASE,
    JOURNAL: messages.FOR_JOURNAL,
    CONFIGURATION: messages.FOR_CONFIGURATION,
}

LARGEST = 1_000_000_000
"""The size in bytes up to which `newsletter check` reads a SQLite file each time; that takes some seconds."""
LARGEST_FOR_PAGES = 50_000_000
"""The size in bytes up to which a page reads it; that takes about a tenth of a second."""

INVALID = (
    "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
    " JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE NOT i.indisvalid AND n.nspname = current_schema() ORDER BY c.relname"
)


def folders(configuration: Config) -> dict[str, Path]:
    """Return the folders by what is in them; one that is missing stands for the one above, where it will be made."""
    paths = {CONFIGURATION: configuration.folder, JOURNAL: configuration.journal_folder}
    scheme, _, file = configuration.site.database.partition(":///")
    if scheme == "sqlite":
        paths[DATABASE] = configuration.path(file).parent
    return {name: _existing(path) for name, path in paths.items()}


def free(configuration: Config) -> dict[str, int]:
    """Return the free space of each folder in bytes."""
    return {name: shutil.disk_usage(path).free for name, path in folders(configuration).items()}


def problems(configuration: Config) -> Iterator[Message]:
    """Yield a message for each folder that is nearly full, and if journals or the recovery log can't be written."""
    yield from nearly_full(configuration)
    journal = folders(configuration)[JOURNAL]
    if not journal.is_dir():
        yield messages.JOURNAL_IS_A_FILE(path=str(journal))
    elif not os.access(journal, os.W_OK | os.X_OK):
        yield messages.JOURNAL_NOT_WRITABLE(path=str(journal))
    log = configuration.recovery_log
    if log.is_dir() and not _is_writable(log):
        yield messages.RECOVERY_LOG_NOT_WRITABLE(path=str(log))


def _is_writable(folder: Path) -> bool:
    """Return whether files can be made in a folder, and those in it written."""
    own_folder = os.access(folder, os.R_OK | os.W_OK | os.X_OK)
    return own_folder and all(os.access(file, os.W_OK) for file in folder.iterdir())


def nearly_full(configuration: Config) -> Iterator[Message]:
    """Yield a message for each folder with less free space than configured."""
    least = configuration.site.minimum_free_space
    for name, path in folders(configuration).items():
        free_bytes = shutil.disk_usage(path).free
        if free_bytes < least:
            yield messages.NEARLY_FULL(path=str(path), free=size_of(free_bytes), content=CONTENTS[name]())


def _existing(path: Path) -> Path:
    return path if path.exists() else _existing(path.parent)


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
    free_bytes = shutil.disk_usage(Path(str(connection.settings_dict["NAME"])).parent).free
    return messages.NO_SPACE_FOR_COPY(free=size_of(free_bytes), size=size_of(size)) if free_bytes < size else None


def _size() -> int:
    """Return the size of a SQLite file; 0 without one."""
    path = Path(str(connection.settings_dict["NAME"]))
    return path.stat().st_size if connection.vendor == "sqlite" and path.is_file() else 0
