"""When an email to one person is tried again, and for how long, as mail servers do it (RFC 5321 4.5.4.1)."""

from datetime import timedelta

FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=1)
TRY_FOR = timedelta(days=5)
"""RFC 5321 recommends four to five days."""

_DOUBLINGS = LONGEST_PAUSE // FIRST_PAUSE


def pause(attempts: int) -> timedelta:
    """Return the pause after this number of attempts: a minute, doubled each time, at most an hour."""
    doublings = min(max(0, attempts - 1), _DOUBLINGS.bit_length())
    return min(FIRST_PAUSE * (1 << doublings), LONGEST_PAUSE)


def _attempts_within(length: timedelta) -> int:
    attempts, waited = 1, timedelta(0)
    while waited + pause(attempts) <= length:
        waited += pause(attempts)
        attempts += 1
    return attempts


MAX_ATTEMPTS = _attempts_within(TRY_FOR)
"""Attempts are counted instead of days, so that time in which the program did not run costs no attempt."""
