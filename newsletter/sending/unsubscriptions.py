"""Unsubscriptions that wait for the database, as those who send see them: applied before a chunk is begun."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial

from django.conf import settings

from newsletter.delivery.journal import JournalError
from newsletter.messages import Message, delivery as delivery_messages, failures as messages
from newsletter.sending.sql import database_watch
from newsletter.sending.sql.database import with_retries
from subscribers import unsubscription_file, waiting_unsubscriptions

SERVICE = "unsubscriptions"
"""The service that records them, in programs with a web server."""


def apply_all() -> None:
    """Apply what waits, in several transactions. Raises JournalError if the file can't be used."""
    with _explained():
        for group in waiting_unsubscriptions.groups():
            with_retries(partial(waiting_unsubscriptions.apply, group))


def apply_rest() -> None:
    """Apply what waits in the caller's transaction. Raises JournalError if the file can't be read."""
    with _explained():
        for group in waiting_unsubscriptions.groups():
            waiting_unsubscriptions.apply(group)


def record() -> None:
    """Apply what waits. Raises the database's error, or OSError."""
    database_watch.check()
    waiting_unsubscriptions.apply_all()


def reserve() -> None:
    """Reserve space for unsubscriptions while the disk is full. Raises OSError."""
    unsubscription_file.reserve()


def problem() -> Message | None:
    """Return that unsubscriptions wait, and what to do; None if none does. Raises OSError."""
    is_any = next(unsubscription_file.waiting(), None) is not None
    return messages.UNSUBSCRIPTIONS_WAIT(path=settings.WAITING_UNSUBSCRIPTIONS) if is_any else None


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as e:
        path, cause = settings.WAITING_UNSUBSCRIPTIONS, e.strerror or str(e)
        raise JournalError(delivery_messages.UNSUBSCRIPTIONS_UNUSABLE(path=path, cause=cause)) from e
