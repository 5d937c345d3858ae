"""When a deferred delivery is tried again, and when one whose connection broke."""

import random
from collections.abc import Sequence
from datetime import timedelta

RECONNECT_DELAYS = (0.0, 0.5, 1.5, 4.0)
"""Seconds until another connection is tried for a message whose connection broke, or was closed with 421, before it was
accepted.
"""

JITTER = 0.2


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
