"""Work on many rows in several transactions, which leave other writers their turns.

If the program ends between two of them, what was done stays done, and the same work, begun again, does the rest.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, transaction
from django.db.models import QuerySet

LONGEST = 0.2
"""Seconds that a transaction should take at most: if one takes longer, the next ones have fewer lines."""
FEWEST = 50
PORTION = 500
"""The rows of a transaction, unless its caller needs fewer or more."""
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
        if connection.vendor == "sqlite" and not connection.in_atomic_block:
            time.sleep(max(0.0, self._free_until - time.monotonic()))
        with transaction.atomic():
            began = time.monotonic()
            yield
        ended = time.monotonic()
        self._free_until = ended + min(ended - began, RETRY)
        self.lines = max(self.lines // 2, FEWEST) if ended - began > LONGEST else self.lines * 5 // 4 + 1
        self.lines = min(self.lines, self._most)


def in_portions(rows: QuerySet[Any], act: Callable[[QuerySet[Any]], int], most: int = PORTION, key: str = "pk") -> int:
    """Act on parts of some rows, each in a transaction of its own, until all were acted on once; return the sum.

    They are searched for before their transaction, since a search may take long, and only those that still fit are
    in it. `key` is a field that tells them apart.
    """
    paced, ordered, count = PacedTransactions(most), rows.order_by(key), 0
    keys = list(ordered.values_list(key, flat=True)[: paced.lines])
    while keys:
        with paced.begin():
            count += act(rows.filter(**{f"{key}__in": keys}))
        keys = list(ordered.filter(**{f"{key}__gt": keys[-1]}).values_list(key, flat=True)[: paced.lines])
    return count


def delete(rows: QuerySet[Any], most: int = PORTION) -> int:
    """Delete rows with all that depends on them, in portions; return how many rows these were in all."""
    return in_portions(rows, lambda portion: portion.delete()[0], most)
