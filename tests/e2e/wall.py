"""A wall clock that a test sets, for a process that it starts."""

from pathlib import Path


class Wall:
    """The wall clock of a process, which libfaketime lets a test set; CLOCK_MONOTONIC and CLOCK_BOOTTIME go on.

    libfaketime's fix for waits on CLOCK_MONOTONIC is turned off: with it, each thread that waits for Python's lock
    waits for no time at all, and again, which took two thirds of the CPU time.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / "wall"
        self.set("+0h")
        library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
        self.environment = {
            "LD_PRELOAD": str(library),
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_FORCE_MONOTONIC_FIX": "0",
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
        }

    def set(self, step: str) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(step + "\n", encoding="ascii")
        fresh.rename(self._file)
