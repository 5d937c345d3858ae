"""Permissions of the program's files: only their owner can read and write them.

They hold subscribers' addresses, emails and keys. New files are private by the umask that commands set; `tighten` does
the same for the files of versions that used the system's umask, which is often 022.
"""

import logging
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from newsletter.config import Config
from newsletter.config.database import is_postgresql
from newsletter.images import store

_log = logging.getLogger(__name__)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_MAILDIR = ("tmp", "new", "cur")
_EML = (".newsletter.eml", ".newsletter.eml.part")


def tighten(configuration: Config) -> None:
    """Remove the permissions of group and others from files and folders of this site, and log it in one line."""
    changed = [path for path in _paths(configuration) if _make_private(path)]
    if changed:
        and_more = f" and {len(changed) - 1:,} more" if changed[1:] else ""
        _log.info("%s%s could be read by other users of this machine; removed their permissions", changed[0], and_more)


def _paths(configuration: Config) -> Iterator[Path]:
    """Yield the files and folders that this program created, if their places are known; a folder after its entries."""
    database = configuration.site.database
    if not is_postgresql(database):
        file = configuration.path(database.removeprefix("sqlite:///")).resolve()
        yield from (file.with_name(file.name + suffix) for suffix in ("", "-wal", "-shm", "-journal"))
    yield from map(configuration.path, (".secret_key", ".newsletter.lock"))
    yield from configuration.folder.glob("*.refused.csv")
    yield from _with_entries(configuration.journal_folder)
    yield from _with_entries(store.folder(configuration))
    yield from _with_entries(configuration.recovery_log)
    yield from _with_entries(configuration.path(".imports"))
    yield from _emails(configuration.path(configuration.delivery.file["folder"]))


def _emails(folder: Path) -> Iterator[Path]:
    """Yield the files that the `file` provider wrote into a folder, and the folder if it has no others."""
    if not _is_open(folder) or not folder.is_dir():
        return
    entries = list(folder.iterdir())
    own_entries = [path for path in entries if path.name in _MAILDIR or path.name.endswith(_EML)]
    for path in own_entries:
        yield from _with_entries(path)
    if own_entries == entries:
        yield folder


def _with_entries(path: Path) -> Iterator[Path]:
    """Yield the path, after its entries if it is a folder. What is in a private folder is private already."""
    if _is_open(path):
        if path.is_dir():
            yield from path.iterdir()
        yield path


def _make_private(path: Path) -> bool:
    """Remove the permissions of group and others; return False if there is nothing to do."""
    if not _is_open(path):
        return False
    path.chmod(stat.S_IMODE(path.stat().st_mode) & ~_OTHERS)
    return True


def _is_open(path: Path) -> bool:
    """Return whether a file or folder is this user's, and others have permissions."""
    try:
        status = path.lstat()
    except OSError:
        return False  # it is missing, or in a folder of another user
    return status.st_uid == os.geteuid() and not stat.S_ISLNK(status.st_mode) and bool(status.st_mode & _OTHERS)
