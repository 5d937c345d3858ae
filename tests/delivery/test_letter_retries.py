"""When an email to one person is tried again: for five days, each hour in the end."""

from datetime import timedelta

from newsletter.delivery.letter_retries import MAX_ATTEMPTS, TRY_FOR, pause


def test_pauses_double_from_a_minute_to_an_hour() -> None:
    minutes = [pause(attempts) // timedelta(minutes=1) for attempts in (0, 1, 2, 3, 4, 5, 6, 7, 8, 1000)]
    assert minutes == [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_attempts_end_after_five_days() -> None:
    assert timedelta(days=5) == TRY_FOR
    pauses = [pause(attempts) for attempts in range(1, MAX_ATTEMPTS + 1)]
    assert sum(pauses[:-1], timedelta()) <= TRY_FOR < sum(pauses, timedelta())
