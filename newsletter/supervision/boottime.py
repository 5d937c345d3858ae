"""CLOCK_BOOTTIME, and an APScheduler job store whose jobs follow it.

The wall clock may be set at any moment. Intervals are therefore measured with CLOCK_BOOTTIME, which can't be set and
includes time during which the machine was suspended (clock_gettime(2)).
"""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.job import Job
from apscheduler.jobstores.memory import MemoryJobStore

STEP = 1.0
"""Seconds by which the clocks may drift apart between two checks; more means that the wall clock was set."""

Seconds = Callable[[], float]


def boottime() -> float:
    """Return the seconds since the machine booted, including those during which it was suspended."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class SteadyJobStore(MemoryJobStore):  # type: ignore[misc]
    """A memory job store that shifts its jobs' times when the wall clock is set.

    APScheduler compares next run times with the wall clock. After it was set back by three hours, they would all be
    three hours away; so before each comparison, they are shifted by as much as the wall clock was.
    """

    def __init__(self, wall: Seconds = time.time, boot: Seconds = boottime) -> None:
        super().__init__()
        self._wall, self._boot = wall, boot
        self._offset = wall() - boot()

    def get_due_jobs(self, now: datetime) -> list[Job]:
        """Return the jobs that are due by a wall clock that was never set."""
        self._follow()
        jobs: list[Job] = super().get_due_jobs(now)
        return jobs

    def _follow(self) -> None:
        step = self._wall() - self._boot() - self._offset
        if abs(step) < STEP:
            return
        self._offset += step
        for job in self.get_all_jobs():
            if job.next_run_time is not None:
                job.next_run_time += timedelta(seconds=step)
                self.update_job(job)
