"""Watches for stalled editions, and alerts once of each and of its end.

Every program with the database does this, also one that sends nothing: a stalled edition is a fact of the database.
They send the same alert with the same time, so that a receiver recognizes it by its `webhook-id`, and editors get one
notice.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from math import inf

from newsletter.config import Config
from newsletter.editions import notices
from newsletter.logs import log_event
from newsletter.messages import sending as messages
from newsletter.scheduling.alerts.alert_queue import AlertQueue
from newsletter.sending.safeguards.stalls import IdleEdition, idle_editions, patience
from newsletter.supervision import Service
from newsletter.supervision.boottime import Seconds, boottime

log = logging.getLogger("newsletter.sending")

TELL_AGAIN = 3600.0
"""Seconds before the next alert of the same edition, so that one that stalls again and again doesn't fill mailboxes."""


LONGEST_LOOK = 60.0
"""Seconds between two looks after which this program was frozen, and what it sends probably too."""


class StallWatch:
    """The stalled editions that this process knows of.

    It measures with its own clock for how long an edition is idle. So none has stalled when the program starts, when it
    resumes after it was frozen, or when the wall clock was set.
    """

    def __init__(self, queue: AlertQueue, quiet: timedelta, clock: Seconds = boottime) -> None:
        self._queue, self._quiet, self._clock = queue, quiet, clock
        self._idle: dict[tuple[str, str, datetime], float] = {}
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
            self._tell_of_end(name, now)
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
        log_event(log, "stalled", str(idle.message), level=logging.ERROR, edition=idle.edition)
        if self._clock() - self._alerted.get(idle.edition, -inf) >= TELL_AGAIN:
            self._alerted[idle.edition] = self._clock()
            self._queue.add(notices.STALLED, idle.message, idle.since + wait, idle.edition)

    def _tell_of_end(self, edition: str, now: datetime) -> None:
        text = messages.STALL_ENDED(edition=edition)
        log_event(log, "stall-ended", str(text), edition=edition)
        if edition in self._alerted:
            self._queue.add(notices.RECOVERED, text, now, edition)


def _key(idle: IdleEdition) -> tuple[str, str, datetime]:
    return idle.edition, idle.message.code, idle.since
