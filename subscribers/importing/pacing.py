"""The transactions of an import, which leave other writers their turns."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

LONGEST = 0.2
"""Seconds that a transaction should take at most: if one takes longer, the next ones have fewer lines."""
FEWEST = 50
RETRY = 0.1
"""Seconds between two attempts of whoever waits for SQLite's lock, at most; they begin with a millisecond."""


class PacedTransactions:
    """Transactions, one after the other, of at most `most` lines each.

    SQLite has one writer at a time, and whoever waits tries again after intervals that grow. So after each transaction
    the database is left free for as long as it took, at most for `RETRY`, and others wait for one transaction only.
    """

    def __init__(self, most: int) -> None:
        self.lines = self._most = most
        self._free_until = 0.0

    @contextmanager
    def begin(self) -> Iterator[None]:
        """Run the next transaction once others had their turn."""
        if connection.vendor == "sqlite":
            time.sleep(max(0.0, self._free_until - time.monotonic()))
        with transaction.atomic():
            began = time.monotonic()
            yield
        ended = time.monotonic()
        self._free_until = ended + min(ended - began, RETRY)
        self.lines = max(self.lines // 2, FEWEST) if ended - began > LONGEST else self.lines * 5 // 4 + 1
        self.lines = min(self.lines, self._most)
