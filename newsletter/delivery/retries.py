"""When an email is sent again: a deferred delivery, one whose connection broke, and an email to one person.

The last is tried as mail servers do it (RFC 5321 4.5.4.1).
"""

import random
from collections.abc import Iterator, Sequence
from datetime import timedelta

from newsletter.domain.backoff import Backoff

RECONNECT_DELAYS = (0.0, 0.5, 1.5, 4.0)
"""Seconds until another connection is tried for a message whose connection broke, or was closed with 421, before it was
accepted.
"""

JITTER = 0.2

TRY_TRANSACTIONAL_FOR = timedelta(days=5)
"""How long an email to one person is tried; RFC 5321 recommends four to five days."""


def _transactional_pauses() -> Iterator[timedelta]:
    """Yield the pauses within `TRY_TRANSACTIONAL_FOR`: a minute, doubled each time, at most an hour."""
    backoff, waited = Backoff(60.0, 3600.0), 0.0
    while (waited := waited + backoff.pause) <= TRY_TRANSACTIONAL_FOR.total_seconds():
        yield timedelta(seconds=backoff.take())


TRANSACTIONAL_PAUSES = tuple(_transactional_pauses())
MOST_TRANSACTIONAL_ATTEMPTS = len(TRANSACTIONAL_PAUSES) + 1
"""Attempts are counted instead of days, so that time in which the program did not run costs no attempt."""


def next_try(
    attempt: int,
    waited: timedelta,
    delays: Sequence[timedelta],
    retry_for: timedelta,
    *,
    named: float | None = None,
    chance: float | None = None,
) -> timedelta | None:
    """Return how long to wait after attempt `attempt` (from 1) was deferred; None if the delivery has expired.

    `waited` is the time since the first attempt; the last of `delays` repeats until `retry_for`. `named` is a time in
    seconds that the server asked for: no attempt comes earlier. Up to a fifth is added, by `chance` (0 to 1, random if
    None), so that messages that were deferred together are not tried together.
    """
    if waited >= retry_for:
        return None
    delay = delays[min(attempt, len(delays)) - 1]
    if named is not None:
        delay = max(delay, timedelta(seconds=named))
    delay *= 1 + JITTER * (random.random() if chance is None else chance)  # noqa: S311 - no secret
    return min(delay, retry_for - waited)


def reconnect_delay(tries: int) -> float | None:
    """Return the seconds before the next try after `tries` (from 1) broken connections in a row; None if it must wait
    longer.
    """
    return RECONNECT_DELAYS[tries - 1] if tries <= len(RECONNECT_DELAYS) else None


def transactional_pause(attempts: int) -> timedelta:
    """Return the pause after this number of attempts to send an email to one person."""
    return TRANSACTIONAL_PAUSES[min(max(attempts, 1), len(TRANSACTIONAL_PAUSES)) - 1]
