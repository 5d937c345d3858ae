"""Notify editors and `alert_url` of services that keep failing and of their recovery, once each.

Notices and POSTs are retried until they succeed. They are independent: the POST needs neither the database nor the mail
server.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import Error

from newsletter.config import Config
from newsletter.editions import notices
from newsletter.letters import alert_webhook
from newsletter.messages import Message
from newsletter.messages import failures as messages
from newsletter.sending.sql import database_watch
from newsletter.sending.sql.database_watch import first_line
from newsletter.supervision import Status
from newsletter.supervision.boottime import Seconds, boottime

log = logging.getLogger("newsletter.services")

POST_AGAIN = 60.0
TELL_AGAIN = 3600.0
"""Seconds before the next notice about a service, so that one that fails repeatedly doesn't fill mailboxes."""

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
    "web": messages.WEB(),
}
"""The name of each service in sentences."""


@dataclass(slots=True)
class _Message:
    kind: str
    text: Message
    at: datetime
    written: bool = False
    posted: bool = False
    post_after: float = 0.0


class Alerts:
    """Watches the services' states; `tick` is called every few seconds."""

    def __init__(
        self,
        in_force: Callable[[], Config],
        statuses: Callable[[], Sequence[Status]],
        after: float,
        clock: Seconds = boottime,
    ) -> None:
        self._in_force, self._statuses, self._after, self._clock = in_force, statuses, after, clock
        self._told: dict[str, Message] = {}
        self._not_before: dict[str, float] = {}
        self._just_over: dict[Message, float] = {}
        self._waiting: list[_Message] = []

    def tick(self, now: datetime) -> None:
        """Check the services, and send what is due."""
        for status in self._statuses():
            self._look(status, now)
        for message in self._waiting:
            message.posted = message.posted or self._post(message)
            message.written = message.written or self._write(message)
        self._waiting = [m for m in self._waiting if not (m.posted and m.written)]

    def _look(self, status: Status, now: datetime) -> None:
        told = status.name in self._told
        if status.problem and not told and status.failing_for >= self._after:
            # An unavailable database is one problem, however many services have it.
            # When it is over for one of them, the others may only be waiting for their next try.
            known = status.problem in self._told.values() or self._clock() < self._just_over.get(status.problem, 0.0)
            if not known and self._clock() >= self._not_before.get(status.name, 0.0):
                self._not_before[status.name] = self._clock() + TELL_AGAIN
                self._told[status.name] = status.problem
                self._waiting.append(_Message(notices.SERVICE, failure(status, now), now))
        elif told and not status.problem:
            self._just_over = {self._told.pop(status.name): self._clock() + self._after}
            self._waiting.append(_Message(notices.RECOVERED, recovery(status, now), now))

    def _write(self, message: _Message) -> bool:
        """Store a notice for the editors of all newsletters, once for each person."""
        try:
            database_watch.check()
            notices.tell_everyone(self._in_force(), message.kind, message.text, message.at)
        except Error as e:
            log.warning("editors are told later that %s (%s)", message.text, first_line(e))
            return False
        return True

    def _post(self, message: _Message) -> bool:
        site = self._in_force().site
        if not site.alert_url:
            return True
        if self._clock() < message.post_after:
            return False
        message.post_after = self._clock() + POST_AGAIN
        fields = {"newsletter": None, "kind": message.kind, "edition": None}
        fields |= {"text": str(message.text), "code": message.text.code}
        if problem := alert_webhook.post(site, message.at, fields):
            log.warning("site.alert_url could not be told of a service: %s", problem)
        return not problem


def failure(status: Status, now: datetime) -> Message:
    """Return the message about a failing service."""
    return messages.FAILING(at=now, service=WHAT[status.name], problem=status.problem or "–")


def recovery(status: Status, now: datetime) -> Message:
    """Return the message about a recovered service."""
    return messages.RECOVERED(at=now, service=WHAT[status.name])
