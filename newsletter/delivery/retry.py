"""When a deferred delivery is tried again, and when a broken one: pure arithmetic."""

import random
from collections.abc import Sequence
from datetime import timedelta

RECONNECT_DELAYS = (0.0, 0.5, 1.5, 4.0)
"""Seconds before a mail whose connection broke, or met 421, before it was taken is tried on another one."""

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
    """How long to wait after attempt number `attempt` (from 1) was deferred; None: give up, it has expired.

    `waited` is the time since the first attempt; the last of `delays` goes on until `retry_for`. `named` are
    the seconds that the server asked for: no try comes earlier. Up to a fifth is added by `chance` (0 to 1,
    random where None), so that mails deferred together do not come back together.
    """
    if waited >= retry_for:
        return None
    delay = delays[min(attempt, len(delays)) - 1]
    if named is not None:
        delay = max(delay, timedelta(seconds=named))
    delay *= 1 + JITTER * (random.random() if chance is None else chance)  # noqa: S311 - no secret
    return min(delay, retry_for - waited)


def reconnect_delay(tries: int) -> float | None:
    """Seconds before the next try after `tries` (from 1) broken ones in a row; None: not soon."""
    return RECONNECT_DELAYS[tries - 1] if tries <= len(RECONNECT_DELAYS) else None
