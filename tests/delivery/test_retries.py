"""When to try again."""

from datetime import timedelta

import pytest
from hypothesis import given, strategies as st

from newsletter.delivery.retries import (
    JITTER,
    MOST_TRANSACTIONAL_ATTEMPTS,
    TRY_TRANSACTIONAL_FOR,
    next_try,
    reconnect_delay,
    transactional_pause,
)

DELAYS = tuple(timedelta(minutes=m) for m in (1, 5, 30))
DAY = timedelta(days=1)


@pytest.mark.parametrize(("attempt", "minutes"), [(1, 1), (2, 5), (3, 30), (4, 30), (99, 30)])
def test_the_last_delay_goes_on(attempt: int, minutes: int) -> None:
    assert next_try(attempt, timedelta(), DELAYS, DAY, chance=0.0) == timedelta(minutes=minutes)


@given(st.integers(1, 50), st.floats(0, 1), st.integers(0, 200_000))
def test_jitter_adds_at_most_a_fifth_and_the_last_try_comes_before_it_expires(
    attempt: int, chance: float, seconds: int
) -> None:
    waited = timedelta(seconds=seconds)
    delay = next_try(attempt, waited, DELAYS, DAY, chance=chance)
    if waited >= DAY:
        assert delay is None
    else:
        base = DELAYS[min(attempt, 3) - 1]
        assert delay is not None
        assert min(base, DAY - waited) <= delay <= min(base * (1 + JITTER), DAY - waited)


def test_no_retry_comes_before_the_time_that_the_server_named() -> None:
    assert next_try(1, timedelta(), DELAYS, DAY, named=600, chance=0.0) == timedelta(minutes=10)
    assert next_try(3, timedelta(), DELAYS, DAY, named=600, chance=0.0) == timedelta(minutes=30)


def test_without_a_given_chance_it_is_random() -> None:
    assert len({next_try(3, timedelta(), DELAYS, DAY) for _ in range(20)}) > 1


def test_a_broken_connection_is_tried_within_seconds_and_not_for_ever() -> None:
    assert [reconnect_delay(n) for n in range(1, 7)] == [0.0, 0.5, 1.5, 4.0, None, None]


def test_the_last_try_comes_just_before_the_delivery_expires() -> None:
    left = timedelta(seconds=30)
    assert next_try(3, DAY - left, DELAYS, DAY, chance=0.0) == left
    assert next_try(3, DAY, DELAYS, DAY) is None


def test_up_to_a_fifth_is_added() -> None:
    assert next_try(2, timedelta(), DELAYS, DAY, chance=1.0) == timedelta(minutes=6)


def test_pauses_of_an_email_to_one_person_double_from_a_minute_to_an_hour() -> None:
    minutes = [transactional_pause(attempts) // timedelta(minutes=1) for attempts in (0, 1, 2, 3, 4, 5, 6, 7, 8, 1000)]
    assert minutes == [1, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_attempts_to_send_it_end_after_five_days() -> None:
    assert timedelta(days=5) == TRY_TRANSACTIONAL_FOR
    pauses = [transactional_pause(attempts) for attempts in range(1, MOST_TRANSACTIONAL_ATTEMPTS + 1)]
    assert sum(pauses[:-1], timedelta()) <= TRY_TRANSACTIONAL_FOR < sum(pauses, timedelta())
