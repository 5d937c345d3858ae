"""The lock that a `newsletter run` with pages holds for its life, so that another one of its folder notices it.

Two can run, on other ports, or for a moment an old and a new container. Jobs that a program has begun are continued
only by one that has the lock, and the end of a program gives its lock away, however it ends.
"""

import fcntl
import os
from pathlib import Path

NAME = ".newsletter.run.lock"


class RunLock:
    """The lock of a site's folder; it is free again when this process ends."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Return whether this process has the lock now, or had it before."""
        if self._descriptor is not None:
            return True
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def release(self) -> None:
        """Give the lock away, as the end of the process does."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_held(self) -> bool:
        """Return whether any process has the lock. Makes no file, and leaves the lock as it is."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        finally:
            os.close(descriptor)
        return False
