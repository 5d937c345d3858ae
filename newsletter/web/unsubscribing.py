"""Unsubscribes groups of subscriptions within a fraction of a second, whatever state the database is in.

The database is asked in a thread of its own: a connection to a server that is gone can hang for minutes. While it
hangs, unsubscriptions go to the file.
"""

from collections.abc import Collection, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime

from django.db import OperationalError, close_old_connections

from newsletter.sending.sql import database_watch
from subscribers import waiting_unsubscriptions

LONGEST_WAIT = 0.4
"""Seconds for which an attempt to use the database is waited for."""


class Unsubscribing:
    """Called with groups, one after the other."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="unsubscribing")
        self._attempt: Future[None] | None = None

    def __call__(self, numbers: Sequence[int]) -> Sequence[None]:
        """Unsubscribe subscriptions by their primary keys; afterwards they are on a disk. Raises the database's error
        if nothing can be written.
        """
        waiting_unsubscriptions.unsubscribe(numbers, self._in_database)
        return [None] * len(numbers)

    def _in_database(self, numbers: Collection[int], at: datetime) -> None:
        if self._attempt is not None and not self._attempt.done():
            raise OperationalError("the database has not answered yet")
        self._attempt = self._thread.submit(_in_database, numbers, at)
        try:
            self._attempt.result(LONGEST_WAIT)
        except TimeoutError as e:
            raise OperationalError(f"the database did not answer within {LONGEST_WAIT} s") from e


def _in_database(numbers: Collection[int], at: datetime) -> None:
    close_old_connections()
    database_watch.check()
    waiting_unsubscriptions.in_database(numbers, at)
