"""Jobs of APScheduler whose times follow CLOCK_BOOTTIME."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from newsletter.supervision.boottime import SteadyJobStore, boottime

HOURS = 3 * 3600.0


class Clocks:
    """A wall clock that can be set, and one that can't."""

    def __init__(self) -> None:
        self.wall, self.boot = 1_770_000_000.0, 100.0

    def passes(self, seconds: float) -> datetime:
        self.wall += seconds
        self.boot += seconds
        return self.now()

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.wall, UTC)


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


@pytest.fixture
def store(clocks: Clocks) -> Iterator[SteadyJobStore]:
    """A job every 30 minutes and one every 5 seconds, both of which ran just now."""
    found = SteadyJobStore(lambda: clocks.wall, lambda: clocks.boot)
    scheduler = BackgroundScheduler(timezone=UTC, jobstores={"default": found}, executors={"default": DebugExecutor()})
    for name, seconds in (("collect", 1800), ("tick", 5)):
        first = clocks.now() + timedelta(seconds=seconds)
        scheduler.add_job(str, "interval", seconds=seconds, id=name, next_run_time=first)
    scheduler.start(paused=True)
    yield found
    scheduler.shutdown()


def due(store: SteadyJobStore, now: datetime) -> list[str]:
    return [job.id for job in store.get_due_jobs(now)]


@pytest.mark.parametrize("step", [-HOURS, HOURS, 40 * HOURS])
def test_a_period_is_as_long_as_ever_when_the_wall_clock_is_set(
    store: SteadyJobStore, clocks: Clocks, step: float
) -> None:
    assert due(store, clocks.passes(4)) == []
    clocks.wall += step
    assert due(store, clocks.now()) == []
    assert due(store, clocks.passes(1)) == ["tick"]
    assert due(store, clocks.passes(1794)) == ["tick"]
    assert due(store, clocks.passes(1)) == ["tick", "collect"]


def test_calls_due_while_the_machine_was_suspended_are_made_at_once(store: SteadyJobStore, clocks: Clocks) -> None:
    assert due(store, clocks.passes(8 * HOURS)) == ["tick", "collect"]


def test_clocks_that_drift_a_little_move_nothing(store: SteadyJobStore, clocks: Clocks) -> None:
    before = [job.next_run_time for job in store.get_all_jobs()]
    clocks.wall += 0.9
    due(store, clocks.now())
    assert [job.next_run_time for job in store.get_all_jobs()] == before


def test_boottime_goes_on() -> None:
    before = boottime()
    time.sleep(0.01)
    assert boottime() > before
