"""Unsubscribing while the database is locked, full or away: it waits in a file until the database takes it.

Promises: an unsubscription that was answered is in the database or, on the disk, in the file; nothing is lost if the
program is killed in between, and applying it twice is harmless; whoever subscribed again since stays subscribed. The
database is given a moment only, so that the answer takes less than a second.
"""

import logging
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby, islice

from django.db import Error, OperationalError, connection, transaction
from django.utils import timezone

from subscribers import unsubscription_file
from subscribers.models import Subscription
from subscribers.unsubscription_file import WaitingUnsubscription

log = logging.getLogger("subscribers.preferences")

PATIENCE_MS = 250
"""How long the database is waited for."""
AWAY_SECONDS = 1.0
"""For so long after it could not be used, the database is not asked again."""
AT_ONCE = 500
"""Unsubscriptions that are applied in one transaction."""
A_MINUTE, ROUNDING = 60_000, timedelta(milliseconds=1)

Attempt = Callable[[Collection[int], datetime], None]
"""Unsubscribes subscriptions in the database, or raises its error."""


class _Away:
    """Until when the database is not asked, by the monotonic clock."""

    until = 0.0


def in_database(numbers: Collection[int], at: datetime) -> None:
    """Unsubscribe subscriptions in the database. Raises its error, also if it does not answer at once."""
    if time.monotonic() < _Away.until:
        raise OperationalError("the database could not be used a moment ago")
    try:
        with _impatient():
            _unsubscribe_all(numbers, at)
    except Error:
        _Away.until = time.monotonic() + AWAY_SECONDS
        raise


def _unsubscribe_all(numbers: Collection[int], at: datetime) -> None:
    from subscribers import preferences  # it loads the pages and Jinja2, which most commands don't need

    preferences.unsubscribe_all(numbers, at)


def unsubscribe(numbers: Collection[int], attempt: Attempt = in_database) -> bool:
    """Unsubscribe subscriptions in the database, or write them to the file if that fails; return whether they are in
    the database. Raises the database's error if the file can't be written either.
    """
    at = timezone.now()
    try:
        attempt(numbers, at)
    except Error as error:
        _write(numbers, at, error)
        return False
    return True


def _write(numbers: Collection[int], at: datetime, error: Error) -> None:
    try:
        unsubscription_file.add(numbers, at)
    except OSError as e:
        log.warning(
            "an unsubscription could be recorded neither in the database (%s) nor in its file (%s); free some space, "
            "or set site.waiting_unsubscriptions to a file on another disk",
            str(error).strip().partition("\n")[0],
            e,
        )
        raise error from e
    log.debug("%d unsubscriptions wait in the file: %s", len(numbers), error)


def apply_all() -> None:
    """Unsubscribe whoever is in the file. Raises the database's error, or OSError if the file can't be used."""
    for group in groups():
        apply(group)


def groups() -> Iterator[Sequence[WaitingUnsubscription]]:
    """Yield what is in the file in groups for one transaction each. Raises OSError if it can't be read."""
    unsubscriptions = unsubscription_file.waiting()
    while group := list(islice(unsubscriptions, AT_ONCE)):
        yield group


@transaction.atomic
def apply(unsubscriptions: Sequence[WaitingUnsubscription]) -> None:
    """Unsubscribe some of those in the file, and remove them from it once that is committed.

    Raises the database's error, or OSError if the file can't be written.
    """
    _apply(unsubscriptions)
    transaction.on_commit(partial(unsubscription_file.remove, unsubscriptions))


def _apply(unsubscriptions: Sequence[WaitingUnsubscription]) -> None:
    numbers = [unsubscription.number for unsubscription in unsubscriptions]
    subscribed = Subscription.objects.filter(
        pk__in=numbers, state=Subscription.State.ACTIVE, joined__lte=timezone.now()
    )
    joined = dict(subscribed.values_list("pk", "joined"))

    def still_counts(unsubscription: WaitingUnsubscription) -> bool:
        since = joined.get(unsubscription.number)
        return since is None or since <= unsubscription.at + ROUNDING

    def minute(unsubscription: WaitingUnsubscription) -> int:
        return unsubscription.milliseconds // A_MINUTE

    for _minute, group in groupby(sorted(filter(still_counts, unsubscriptions), key=minute), minute):
        of_minute = list(group)
        _unsubscribe_all([unsubscription.number for unsubscription in of_minute], of_minute[0].at)


@contextmanager
def _impatient() -> Iterator[None]:
    """Let statements of this thread fail if they would wait long for the database."""
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            usual = cursor.execute("PRAGMA busy_timeout").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE_MS}")
            try:
                yield
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {usual}")
    else:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {PATIENCE_MS}; SET LOCAL statement_timeout = {PATIENCE_MS}")
            yield
