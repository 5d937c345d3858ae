"""Notify editors and `alert_url` of services that keep failing and of their recovery, once each."""

from collections.abc import Callable, Sequence
from datetime import datetime

from newsletter.editions import notices
from newsletter.messages import Message
from newsletter.messages import failures as messages
from newsletter.scheduling.alerts.alert_queue import AlertQueue
from newsletter.sending.safeguards.stalls import is_about_an_edition
from newsletter.supervision import Status
from newsletter.supervision.boottime import Seconds, boottime

TELL_AGAIN = 3600.0
"""Seconds before the next notice about a service, so that one that fails repeatedly doesn't fill mailboxes."""

PROGRESS = "progress"
"""The service that looks for stalled editions, of which it alerts on its own."""

WHAT = {
    "sender": messages.SENDER(),
    "letters": messages.LETTERS(),
    "schedule": messages.SCHEDULE(),
    "collect": messages.COLLECT(),
    "bounces": messages.BOUNCES(),
    "webhooks": messages.WEBHOOKS(),
    "background": messages.BACKGROUND(),
    "presence": messages.PRESENCE(),
    "housekeeping": messages.HOUSEKEEPING(),
    "clock": messages.CLOCK(),
    "alerts": messages.ALERTS(),
    "configuration": messages.CONFIGURATION(),
    "progress": messages.PROGRESS(),
    "storage": messages.STORAGE(),
    "web": messages.WEB(),
}
"""The name of each service in sentences."""


class Alerts:
    """Watches the services' states; `tick` is called every few seconds, and also sends what waits in the queue."""

    def __init__(
        self, queue: AlertQueue, statuses: Callable[[], Sequence[Status]], after: float, clock: Seconds = boottime
    ) -> None:
        self._queue, self._statuses, self._after, self._clock = queue, statuses, after, clock
        self._told: dict[str, Message] = {}
        self._not_before: dict[str, float] = {}
        self._just_over: dict[Message, float] = {}

    def tick(self, now: datetime) -> None:
        """Check the services, and send what is due."""
        for status in self._statuses():
            if status.name != PROGRESS or not is_about_an_edition(status.problem):
                self._look(status, now)
        self._queue.send()

    def _look(self, status: Status, now: datetime) -> None:
        was_told = status.name in self._told
        if status.problem and not was_told and status.failing_for >= self._after:
            # An unavailable database is one problem, however many services have it.
            # When it is over for one of them, the others may only be waiting for their next try.
            is_known = status.problem in self._told.values() or self._clock() < self._just_over.get(status.problem, 0.0)
            if not is_known and self._clock() >= self._not_before.get(status.name, 0.0):
                self._not_before[status.name] = self._clock() + TELL_AGAIN
                self._told[status.name] = status.problem
                self._queue.add(
                    notices.SERVICE, messages.FAILING(at=now, service=WHAT[status.name], problem=status.problem), now
                )
        elif was_told and not status.problem:
            self._just_over = {self._told.pop(status.name): self._clock() + self._after}
            self._queue.add(notices.RECOVERED, messages.RECOVERED(at=now, service=WHAT[status.name]), now)
