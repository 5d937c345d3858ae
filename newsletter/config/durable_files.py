"""Files that are written whole or not at all, and outlast a loss of power."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

UNFINISHED = ".saving-"
"""What is in the names of files that are being written: `.config.toml.saving-1a2b3c4d`."""


def create(path: Path, content: str) -> None:
    """Write a new file, whole or not at all, that only its owner can read.

    Raises OSError with the file's name: FileExistsError if there is one by now.
    """
    unfinished = path.with_name(f".{path.name}{UNFINISHED}{secrets.token_hex(4)}")
    try:
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.link(unfinished, path)  # unlike a rename, it never replaces a file
    except OSError as e:
        raise OSError(e.errno, e.strerror, str(path)) from e
    finally:
        with suppress(OSError):
            unfinished.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Let the names of a folder's files outlast a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def locked_folder(folder: Path) -> Iterator[None]:
    """Hold a folder's lock (flock), so that programs change its files one after another."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
