"""Watches for machines that stand still: this one, which notices it afterwards, and others with the same database."""

import logging
import socket
from collections.abc import Callable
from datetime import datetime

from newsletter.editions import notices
from newsletter.logs import log_event
from newsletter.messages import failures as messages
from newsletter.scheduling.alerts.alert_queue import AlertQueue
from newsletter.sending.machines import presence
from newsletter.sending.machines.presence import WorkerStatus
from newsletter.supervision.boottime import Seconds, boottime

log = logging.getLogger("newsletter.services")

LONGEST_STEP = presence.SILENT.total_seconds()
"""Seconds without a step after which this program was frozen, not just slow: others then take it for lost."""


class StandstillWatch:
    """Measures the time between steps that come every few seconds, which includes time that the machine was suspended.

    `tell` is called with the time at which the program ran again, and with the seconds that it did not run.
    """

    def __init__(self, queue: AlertQueue, tell: Callable[[datetime, float], None], clock: Seconds = boottime) -> None:
        self._queue, self._tell, self._clock = queue, tell, clock
        self._last = clock()

    def begin(self, now: datetime) -> None:
        """Compare the time with the end of the last step, and queue an alert if it was long ago."""
        seconds = self._clock() - self._last
        if seconds < LONGEST_STEP:
            return
        machine = socket.gethostname()
        text = messages.STOOD_STILL(machine=machine, at=now, seconds=round(seconds))
        log_event(log, "frozen", str(text), level=logging.WARNING, seconds=round(seconds))
        self._queue.add(notices.MACHINE, text, now)
        self._tell(now, seconds)

    def end(self) -> None:
        """Measure from now on."""
        self._last = self._clock()


class LostWatch:
    """The machines that this program knows to be lost."""

    def __init__(self, queue: AlertQueue) -> None:
        self._queue = queue
        self._lost: dict[tuple[str, str, int], WorkerStatus] = {}

    def look(self) -> None:
        """Look for programs that are not heard from, and queue an alert once of each and of its return."""
        programs = {(worker.host, worker.folder, worker.pid): worker for worker in presence.workers()}
        lost = {
            key: worker for key, worker in programs.items() if not worker.alive and not presence.is_this_program(worker)
        }
        for key, worker in lost.items():
            if key not in self._lost:
                text = messages.LOST(machine=_name(worker), seen=worker.seen_at)
                log_event(log, "lost", str(text), level=logging.WARNING, machine=_name(worker))
                self._queue.add(notices.MACHINE, text, worker.seen_at + presence.SILENT)
        for key, worker in self._lost.items():
            again = programs.get(key)
            if key not in lost and again is not None:
                text = messages.BACK(machine=_name(worker))
                log_event(log, "back", str(text), machine=_name(worker))
                self._queue.add(notices.RECOVERED, text, again.seen_at)
        self._lost = lost


def _name(worker: WorkerStatus) -> str:
    return f"{worker.host}:{worker.folder}"
