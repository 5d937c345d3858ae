"""Alerts about what keeps the program from working: failing services, stalled editions, machines that stand still.

Those that wait are posted to `alert_url` and stored as notices for editors. The two are independent: the POST needs
neither the database nor the mail server. Each is retried until it succeeds. There is one alert of each problem, and one
of its end.

Every program with the database looks for stalled editions, also one that sends nothing: a stalled edition is a fact of
the database. They send the same alert with the same time, so that a receiver recognizes it by its `webhook-id`, and
editors get one notice.
"""

import logging
import socket
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from math import inf

from django.db import Error

from newsletter.config import Config
from newsletter.editions import notices
from newsletter.logs import log_event
from newsletter.messages import Message, failures as messages, sending as sending_messages
from newsletter.scheduling.standstills import Standstills
from newsletter.sending.machines import presence
from newsletter.sending.machines.presence import WorkerStatus
from newsletter.sending.safeguards.stalls import IdleEdition, idle_editions, is_about_an_edition, patience
from newsletter.sending.sql import database_watch
from newsletter.sending.sql.database_watch import first_line
from newsletter.supervision import Service, Status
from newsletter.supervision.boottime import Seconds, boottime
from newsletter.transactional import alert_webhook

log = logging.getLogger("newsletter.services")
sending_log = logging.getLogger("newsletter.sending")

TELL_AGAIN = 3600.0
"""Seconds before the next alert of the same service or edition, so that repeated failures don't fill mailboxes."""

LONGEST_STEP = presence.SILENT.total_seconds()
"""Seconds without a step after which this program was frozen, not just slow: others then take it for lost."""

LONGEST_LOOK = 60.0
"""Seconds between two looks after which this program was frozen, and what it sends probably too."""

POST_AGAIN = 60.0
"""Seconds before an alert is posted again."""

PROGRESS = "progress"
"""The service that looks for stalled editions, of which it alerts on its own."""

WHAT = {
    "sender": messages.SENDER(),
    "letters": messages.LETTERS(),
    "schedule": messages.SCHEDULE(),
    "collect": messages.COLLECT(),
    "bounces": messages.BOUNCES(),
    "later": messages.LATER(),
    "background": messages.BACKGROUND(),
    "presence": messages.PRESENCE(),
    "housekeeping": messages.HOUSEKEEPING(),
    "clock": messages.CLOCK(),
    "alerts": messages.ALERTS(),
    "configuration": messages.CONFIGURATION(),
    "progress": messages.PROGRESS(),
    "storage": messages.STORAGE(),
    "unsubscriptions": messages.UNSUBSCRIPTIONS(),
    "web": messages.WEB(),
}
"""The name of each service in sentences."""


@dataclass(slots=True)
class _Alert:
    kind: str
    text: Message
    at: datetime
    edition: str
    stored: bool = False
    posted: bool = False
    post_after: float = 0.0


class AlertQueue:
    """The alerts of this process that are not sent yet; `send` is called every few seconds."""

    def __init__(self, in_force: Callable[[], Config], clock: Seconds = boottime) -> None:
        self._in_force, self._clock = in_force, clock
        self._added: deque[_Alert] = deque()
        self._waiting: list[_Alert] = []

    def add(self, kind: str, text: Message, at: datetime, edition: str = "") -> None:
        """Add an alert, for the editors of an edition's newsletter or, without an edition, for all editors.

        May be called from any thread.
        """
        self._added.append(_Alert(kind, text, at, edition))

    def send(self) -> None:
        """Send what is due."""
        while self._added:
            self._waiting.append(self._added.popleft())
        for alert in self._waiting:
            alert.posted = alert.posted or self._post(alert)
            alert.stored = alert.stored or self._store(alert)
        self._waiting = [alert for alert in self._waiting if not (alert.posted and alert.stored)]

    def _store(self, alert: _Alert) -> bool:
        """Store a notice, once for each person."""
        try:
            database_watch.check()
            if alert.edition:
                newsletter = alert.edition.partition("/")[0]
                notices.tell(newsletter, alert.kind, alert.text, alert.at, alert.edition)
            else:
                notices.tell_everyone(self._in_force(), alert.kind, alert.text, alert.at)
        except Error as e:
            log.warning("editors are told later that %s (%s)", alert.text, first_line(e))
            return False
        return True

    def _post(self, alert: _Alert) -> bool:
        configuration = self._in_force()
        if not configuration.site.alert_url:
            return True
        if self._clock() < alert.post_after:
            return False
        alert.post_after = self._clock() + POST_AGAIN
        newsletter = alert.edition.partition("/")[0]
        if problem := alert_webhook.post(configuration, alert.at, alert.kind, alert.text, newsletter, alert.edition):
            log.warning("site.alert_url could not be told of an alert (%s): %s", alert.kind, problem)
        return not problem


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


class StandstillWatch:
    """Measures the time between steps that come every few seconds, which includes time that the machine was suspended.

    `tell` is called with the time at which the program ran again, and with the seconds that it did not run.
    The alert is queued unless `standstills` has more to say.
    """

    def __init__(
        self,
        queue: AlertQueue,
        standstills: Standstills,
        tell: Callable[[datetime, float], None],
        clock: Seconds = boottime,
    ) -> None:
        self._queue, self._standstills, self._tell, self._clock = queue, standstills, tell, clock
        self._last = clock()

    def begin(self, now: datetime) -> None:
        """Compare the time with the end of the last step, and prepare an alert if it was long ago."""
        seconds = self._clock() - self._last
        if seconds < LONGEST_STEP:
            return
        machine = socket.gethostname()
        text = messages.STOOD_STILL(machine=machine, at=now, seconds=round(seconds))
        log_event(log, "frozen", str(text), level=logging.WARNING, seconds=round(seconds))
        alert = partial(self._queue.add, notices.MACHINE, text, now)
        self._standstills.add(now - timedelta(seconds=seconds), now, alert)
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


class StallWatch:
    """The stalled editions that this process knows of.

    It measures with its own clock for how long an edition is idle. So none has stalled when the program starts, when it
    resumes after it was frozen, or when the wall clock was set.
    """

    def __init__(self, queue: AlertQueue, quiet: timedelta, clock: Seconds = boottime) -> None:
        self._queue, self._quiet, self._clock = queue, quiet, clock
        self._idle: dict[tuple[str, datetime], float] = {}
        self._looked = clock()
        self._known: Mapping[str, IdleEdition] = {}
        self._alerted: dict[str, float] = {}

    def look(self, service: Service, configuration: Config, now: datetime) -> None:
        """Look for stalled editions, report them as the service's problem, and queue alerts."""
        wait = patience(configuration, self._quiet)
        stalled = self._stalled(idle_editions(configuration, now), wait.total_seconds())
        for name, idle in stalled.items():
            if name not in self._known:
                self._tell(idle, wait)
        for name in self._known.keys() - stalled.keys():
            self._tell_of_end(self._known[name], now)
        self._known = stalled
        # The first has stalled for longest; the others have theirs in the log.
        service.report(next((idle.message for idle in stalled.values()), None))

    def _stalled(self, idle: Sequence[IdleEdition], seconds: float) -> dict[str, IdleEdition]:
        """Return by name the editions that have been idle for so long while this program looked."""
        now = self._clock()
        idle_since = {} if now - self._looked > LONGEST_LOOK else self._idle
        self._looked = now
        self._idle = {_key(edition): idle_since.get(_key(edition), now) for edition in idle}
        stalled = [edition for edition in idle if now - self._idle[_key(edition)] >= seconds]
        return {stall.edition: stall for stall in reversed(stalled)}

    def _tell(self, idle: IdleEdition, wait: timedelta) -> None:
        log_event(sending_log, "stalled", str(idle.message), level=logging.ERROR, edition=idle.edition)
        if self._clock() - self._alerted.get(idle.edition, -inf) >= TELL_AGAIN:
            self._alerted[idle.edition] = self._clock()
            self._queue.add(notices.STALLED, idle.message, idle.since + wait, idle.edition)

    def _tell_of_end(self, idle: IdleEdition, now: datetime) -> None:
        was_slow = sending_messages.SLOW.matches(idle.message)
        ended = sending_messages.SLOW_ENDED if was_slow else sending_messages.STALL_ENDED
        text = ended(edition=idle.edition)
        log_event(sending_log, "stall-ended", str(text), edition=idle.edition)
        if idle.edition in self._alerted:
            self._queue.add(notices.RECOVERED, text, now, idle.edition)


def _key(idle: IdleEdition) -> tuple[str, datetime]:
    return idle.edition, idle.since
