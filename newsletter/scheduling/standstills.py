"""One statement for editors and `alert_url` that the program did not run, and what became of what was due meanwhile.

The schedule first catches up, as it does anyway, and the statement is made from what it recorded. What another machine
did in time is not mentioned, and a short stop in which nothing was due, such as a restart, is not told at all.
"""

from collections.abc import Callable, Container, Iterator, Set
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from django.db import Error
from django.db.models import F, Q, QuerySet

from newsletter import config
from newsletter.config import Config
from newsletter.editions import history, notices
from newsletter.messages import (
    Message,
    editions as editions_messages,
    schedule as schedule_messages,
    standstills as messages,
)
from newsletter.messages.notices import SENTENCES
from newsletter.models import Edition, Notice, Occurrence, State
from newsletter.recovery import hold
from newsletter.scheduling.occurrences import DRAFT, SEND
from newsletter.sending.machines.presence import SILENT
from newsletter.sending.sql import database_watch
from newsletter.supervision.boottime import Seconds, boottime

PATIENCE = 300.0
"""Seconds for which the schedule may catch up before the statement is made without the rest."""

_LEFT = (State.QUEUED, State.SENDING, State.PAUSED, State.SENT)


@dataclass(frozen=True, slots=True)
class _Standstill:
    since: datetime
    until: datetime
    alert: Callable[[], None] | None
    tell_by: float


class Standstills:
    """The times in which this program, or all programs with the schedule, did not run, until they are told."""

    def __init__(self, in_force: Callable[[], Config], clock: Seconds = boottime) -> None:
        self._in_force, self._clock = in_force, clock
        self._waiting: list[_Standstill] = []

    def add(self, since: datetime, until: datetime, alert: Callable[[], None] | None = None) -> None:
        """Add a time in which nothing ran; may be called from any thread.

        `alert` is called instead of a statement if nothing was due, or if the database can't be asked.
        """
        self._waiting.append(_Standstill(since, until, alert, self._clock() + PATIENCE))

    def tell(self, now: datetime) -> None:
        """Tell of each standstill once the schedule has caught up."""
        for standstill in list(self._waiting):
            if self._is_told(standstill, now):
                self._waiting.remove(standstill)

    def _is_told(self, standstill: _Standstill, now: datetime) -> bool:
        configuration, is_over = self._in_force(), self._clock() >= standstill.tell_by
        try:
            database_watch.check()
            if not is_over and _is_behind(configuration, standstill):
                return False
            has_statement = [
                _tell(newsletter, standstill, now)
                for newsletter in configuration.newsletters.values()
                if newsletter.status == "active"
            ]
        except Error:
            # The service that can't use the database says so; what the database can't tell is told without it.
            if not is_over or standstill.alert is None:
                return False
            standstill.alert()
            return True
        if standstill.alert and not any(has_statement):
            standstill.alert()
        return True


def _is_behind(configuration: Config, standstill: _Standstill) -> bool:
    """Return whether something that was due meanwhile is not done yet. In a restored database, nothing will be."""
    active = [name for name, newsletter in configuration.newsletters.items() if newsletter.status == "active"]
    undone = Occurrence.objects.filter(_was_due(standstill), newsletter__in=active, done_at=None)
    queued = Edition.objects.filter(_was_due(standstill), newsletter__in=active, state=State.QUEUED)
    unsent = queued.filter(queued_at__lte=standstill.since, waiting__isnull=True)
    return not hold.reason() and (undone.exists() or unsent.exists())


def _was_due(standstill: _Standstill) -> Q:
    return Q(due_at__gt=standstill.since, due_at__lte=standstill.until)


def _tell(newsletter: config.Newsletter, standstill: _Standstill, now: datetime) -> bool:
    """Store the statement for a newsletter's editors, unless another program did; return whether there is one."""
    results = list(_results(newsletter, standstill))
    if not results:
        return False
    same = Notice.objects.filter(newsletter=newsletter.name, kind=notices.STANDSTILL, at__gt=standstill.until - SILENT)
    if not same.exists():
        minutes = round((standstill.until - standstill.since).total_seconds() / 60)
        length = messages.LENGTH(hours=minutes // 60, minutes=minutes % 60)
        did_not_run = messages.DID_NOT_RUN(since=standstill.since, until=standstill.until, length=length)
        text = reduce(lambda first, second: SENTENCES(first=first, second=second), results, did_not_run)
        notices.tell(newsletter.name, notices.STANDSTILL, text, now)
    return True


def _results(newsletter: config.Newsletter, standstill: _Standstill) -> Iterator[Message]:
    """Yield what became of each edition and draft that was due meanwhile and not done in time."""
    late = _late(newsletter, standstill)
    times = set(late.filter(act=SEND).values_list("due_at", flat=True))
    was_due_or_left = Q(due_at__in=times) | Q(queued_at__gt=standstill.since) | _was_due(standstill)
    editions = Edition.objects.filter(was_due_or_left, newsletter=newsletter.name).order_by("until", "pk")
    of_editions = {
        edition.name: result
        for edition in editions
        if (due := _due_at(edition, times, standstill)) and (result := _of_edition(edition, due, standstill))
    }
    yield from of_editions.values()
    for occurrence in late.filter(act=DRAFT):
        if result := _of_draft(occurrence, of_editions.keys()):
            yield result


def _late(newsletter: config.Newsletter, standstill: _Standstill) -> QuerySet[Occurrence]:
    """Return what was due meanwhile and not done within a minute, after which others take a program for lost."""
    due = Occurrence.objects.filter(_was_due(standstill), newsletter=newsletter.name)
    return due.exclude(done_at__lte=F("due_at") + SILENT).order_by("due_at", "pk")


def _due_at(edition: Edition, times: Set[datetime], standstill: _Standstill) -> datetime | None:
    """Return which of these times was an edition's, or the time in the standstill that a person chose.

    An edition that has left knows when it left instead.
    """
    planned = (edition.due_at, history.last_scheduled(edition), history.planned_due(edition))
    by_schedule = next((time for time in planned if time in times), None)
    chosen = edition.due_at
    is_chosen = chosen is not None and standstill.since < chosen <= standstill.until and edition.state in _LEFT
    return by_schedule or (chosen if is_chosen else None)


def _of_edition(edition: Edition, due: datetime, standstill: _Standstill) -> Message | None:
    """Return what became of an edition; None if that was decided before, or by a person."""
    if edition.state in _LEFT:
        left = max(edition.queued_at or due, edition.began_at or due)
        return messages.SENT_LATE(edition=edition.name, due=due, at=left) if left - due > SILENT else None
    if edition.state == State.SKIPPED:
        is_before = edition.ended_at is not None and edition.ended_at <= standstill.since
        reason = edition.reason or schedule_messages.MISSED()
        return None if is_before else messages.SKIPPED(edition=edition.name, due=due, reason=reason)
    if edition.state in (State.DRAFT, State.APPROVED):
        reason = edition.waiting or (
            editions_messages.NOT_APPROVED() if edition.state == State.DRAFT else messages.NOT_YET()
        )
        return messages.WAITING(edition=edition.name, due=due, reason=reason)
    return None


def _of_draft(occurrence: Occurrence, mentioned: Container[str]) -> Message | None:
    """Return what became of a draft that was due, unless its edition is mentioned already."""
    outcome = occurrence.outcome
    if outcome is None or occurrence.done_at is None:
        return messages.NO_DRAFT(due=occurrence.due_at, reason=messages.NOT_YET())
    if not schedule_messages.DRAFTED.matches(outcome):
        is_intended = schedule_messages.DATE_SKIPPED.matches(outcome) or schedule_messages.INACTIVE.matches(outcome)
        return None if is_intended else messages.NO_DRAFT(due=occurrence.due_at, reason=outcome)
    edition = str(outcome.param("edition"))
    if edition in mentioned:
        return None
    return messages.MADE_LATE(edition=edition, due=occurrence.due_at, at=occurrence.done_at)
