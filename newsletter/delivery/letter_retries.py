"""When an email to one person is tried again, and for how long, as mail servers do it (RFC 5321 4.5.4.1)."""

from collections.abc import Iterator
from datetime import timedelta

from newsletter.domain.backoff import Backoff

TRY_FOR = timedelta(days=5)
"""RFC 5321 recommends four to five days."""


def _pauses() -> Iterator[timedelta]:
    """Yield the pauses within `TRY_FOR`: a minute, doubled each time, at most an hour."""
    backoff, waited = Backoff(60.0, 3600.0), 0.0
    while (waited := waited + backoff.pause) <= TRY_FOR.total_seconds():
        yield timedelta(seconds=backoff.take())


PAUSES = tuple(_pauses())
MAX_ATTEMPTS = len(PAUSES) + 1
"""Attempts are counted instead of days, so that time in which the program did not run costs no attempt."""


def pause(attempts: int) -> timedelta:
    """Return the pause after this number of attempts."""
    return PAUSES[min(max(attempts, 1), len(PAUSES)) - 1]
