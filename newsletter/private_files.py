"""Owner and permissions of the program's files: only their owner can read and write them.

They hold subscribers' addresses, emails and keys. New files are private by the umask that commands set; `tighten` does
the same for the files of versions that used the system's umask, which is often 022. `give_to_owner` is for commands
that root runs in the folder of a service's user, who could not read what root made.
"""

import errno
import logging
import os
import stat
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from newsletter.config import Config
from newsletter.config.references import references
from newsletter.images import store
from newsletter.web import only_run

_log = logging.getLogger(__name__)
_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_NOTHING_TO_GIVE = (errno.ENOENT, errno.ELOOP, errno.ENOTDIR, errno.ENXIO, errno.EPERM)
"""What is missing, or a link, or no folder, or a socket, or where the file system or a container lets nobody do it."""
_MAILDIR = ("tmp", "new", "cur")
_EML = (".newsletter.eml", ".newsletter.eml.part")


def tighten(configuration: Config) -> None:
    """Remove the permissions of group and others from files and folders of this site, and log it in one line."""
    changed = [path for path in _paths(configuration) if _make_private(path)]
    if changed:
        and_more = f" and {len(changed) - 1:,} more" if changed[1:] else ""
        _log.info("%s%s could be read by other users of this machine; removed their permissions", changed[0], and_more)


def is_anothers(configuration: Config) -> bool:
    """Return whether this is root, in the folder of a site that is another user's."""
    return os.geteuid() == 0 and configuration.folder.stat().st_uid != 0


def give_to_owner(configuration: Config) -> None:
    """Give what root made in this site's folder to the owner of the folder.

    The owner can put a link in the place of anything at any time. So each thing is opened before it is looked at, and
    no link is followed. What the configuration has outside the folder stays root's.
    """
    emails = _own_emails(configuration.path(configuration.delivery.file["folder"]))
    with _opened(configuration.folder) as folder:
        owner = os.fstat(folder)
        for place in (*_files(configuration), *_folders(configuration), *emails):
            if inner := _within(configuration.folder, place):
                _give(folder, inner, owner)


def _within(folder: Path, place: Path) -> tuple[str, ...]:
    """Return the names that lead from a folder to a place in it; empty if it is not in it."""
    place = Path(os.path.normpath(place))
    return next((place.relative_to(f).parts for f in (folder, folder.resolve()) if place.is_relative_to(f)), ())


def _give(folder: int, names: Sequence[str], owner: os.stat_result) -> None:
    """Give a file of root's, or a folder with all that is in it, to an owner; `folder` is open.

    A file with a second name stays: the other name could be elsewhere.
    """
    try:
        with _opened(names[0], within=folder) as opened:
            status = os.fstat(opened)
            is_folder = stat.S_ISDIR(status.st_mode)
            is_file = stat.S_ISREG(status.st_mode) and status.st_nlink == 1
            if names[1:]:
                _give(opened, names[1:], owner)
                return
            for entry in os.scandir(opened) if is_folder else ():
                _give(opened, (entry.name,), owner)
            if status.st_uid == os.geteuid() and (is_folder or is_file):
                os.fchown(opened, owner.st_uid, owner.st_gid)
    except OSError as e:
        if e.errno not in _NOTHING_TO_GIVE:
            raise


@contextmanager
def _opened(path: str | Path, within: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | (0 if within is None else os.O_NOFOLLOW), dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _paths(configuration: Config) -> Iterator[Path]:
    """Yield the files and folders that this program created, if their places are known; a folder after its entries."""
    yield from _files(configuration)
    for folder in _folders(configuration):
        yield from _with_entries(folder)
    emails = configuration.path(configuration.delivery.file["folder"])
    for path in _own_emails(emails) if _is_open(emails) else ():
        yield from _with_entries(path)


def _files(configuration: Config) -> Iterator[Path]:
    if file := configuration.sqlite_file:
        yield from (Path(f"{file.resolve()}{suffix}") for suffix in ("", "-wal", "-shm", "-journal"))
    yield from map(configuration.path, (".secret_key", ".newsletter.lock", only_run.NAME))
    yield configuration.waiting_unsubscriptions
    yield from (file for file in _secret_files(configuration) if file.is_relative_to(configuration.folder))
    yield from configuration.folder.glob("*.refused.csv")


def _secret_files(configuration: Config) -> Iterator[Path]:
    """Yield the files of keys and passwords that config.toml refers to; none if it can't be read now."""
    with suppress(OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        tree = tomllib.loads(configuration.file.read_text(encoding="utf-8-sig"))
        names = sorted(target.name for target in references(tree) if target.kind == "file")
        yield from (Path(os.path.normpath(configuration.path(name))) for name in names)


def _folders(configuration: Config) -> tuple[Path, ...]:
    images, imports = store.folder(configuration), configuration.path(".imports")
    return configuration.journal_folder, images, configuration.recovery_log, imports


def _own_emails(folder: Path) -> list[Path]:
    """Return the files that the `file` provider wrote into a folder, and the folder if it has no others."""
    entries = list(folder.iterdir()) if folder.is_dir() else []
    own_entries = [path for path in entries if path.name in _MAILDIR or path.name.endswith(_EML)]
    return [*own_entries, folder] if own_entries == entries else own_entries


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
