"""Alerts that wait until they are posted to `alert_url` and stored as notices for editors.

The two are independent: the POST needs neither the database nor the mail server. Each is retried until it succeeds.
"""

import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import Error

from newsletter.config import Config
from newsletter.editions import notices
from newsletter.messages import Message
from newsletter.sending.sql import database_watch
from newsletter.sending.sql.database_watch import first_line
from newsletter.supervision.boottime import Seconds, boottime
from newsletter.transactional import alert_webhook

log = logging.getLogger("newsletter.services")

POST_AGAIN = 60.0


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
