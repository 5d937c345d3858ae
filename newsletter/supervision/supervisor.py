"""The supervisor: owns the services of a process, restarts them, and reports their states."""

import logging
import threading
import time
from collections.abc import Sequence

from newsletter.messages import message_of
from newsletter.supervision.boottime import Seconds, boottime
from newsletter.supervision.service import Explain, Periods, Run, Service, Status

log = logging.getLogger("newsletter.services")

USUAL = Periods()


class Supervisor:
    """Starts services, checks them from the thread that calls `run`, and stops them in the end."""

    def __init__(self, explain: Explain = message_of, periods: Periods = USUAL, clock: Seconds = boottime) -> None:
        self.periods = periods
        self._explain, self._clock = explain, clock
        self._services: list[Service] = []

    def add(self, name: str, run: Run) -> Service:
        """Add a service; it starts with `run`. The name is shown to people."""
        service = Service(name, run, self._explain, self.periods, self._clock)
        self._services.append(service)
        return service

    def statuses(self) -> tuple[Status, ...]:
        """Return the state of every service, in the order in which they were added."""
        return tuple(service.status() for service in self._services)

    def failing(self) -> tuple[Status, ...]:
        """Return the states of services with a problem."""
        return tuple(status for status in self.statuses() if status.problem)

    def run(self, stop: threading.Event) -> None:
        """Keep the services running until `stop` is set; then end them, for at most the periods' `grace`."""
        for service in self._services:
            service.start()
        try:
            while not stop.wait(self.periods.look):
                for service in self._services:
                    service.look()
        finally:
            self._end()

    def _end(self) -> None:
        """Stop the services, the last one first. A thread that does not stop ends with the process."""
        until = time.monotonic() + self.periods.grace
        running: Sequence[Service] = list(reversed(self._services))
        while running and time.monotonic() < until:
            for service in running:
                service.stop()
            running = [service for service in running if not service.join(0.1)]
        for service in running:
            log.error("%s did not stop within %.0f s", service.name, self.periods.grace)


class _InForce:
    """Holder of the supervisor of this process."""

    supervisor = Supervisor()


def use(supervisor: Supervisor) -> Supervisor:
    """Make this the supervisor of the process."""
    _InForce.supervisor = supervisor
    return supervisor


def current() -> Supervisor:
    """Return the supervisor of the process; one without services if none was started."""
    return _InForce.supervisor
