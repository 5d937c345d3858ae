"""The sender: takes what is due, keeps the sending processes at work, and takes over what ended ones left.

Promises: one sender a machine and database; a second one only watches, and takes over when the first is gone. Whatever
kills it, the next one goes on at once.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from newsletter.config import Config
from newsletter.delivery.journal import JournalError
from newsletter.jobs import database, journals, underway
from newsletter.jobs.outbox import UNDER_WAY, due_retries
from newsletter.jobs.processes import Fleet
from newsletter.models import Chunk, Edition, Retry, State

log = logging.getLogger(__name__)

TICK, LOOK_AROUND = 0.5, 1.0
"""Seconds between two looks whether an edition is through, and between two at what is due, in hand or left behind."""

AGAIN = 30.0
AT_THE_END = 5.0
"""Seconds of patience with the database that a sender has left when it ends."""

LINGER = timedelta(seconds=5)
"""How long processes without work are kept, for what may come next."""

Until = Callable[[str], bool]
"""Told what keeps processes from sending ("" where nothing does), says whether that was all."""


def serve(configuration: Config, stop: threading.Event) -> None:
    """Send whatever is due until `stop` is set; what keeps it from sending is logged, and tried again."""
    told = ""

    def until(problem: str) -> bool:
        nonlocal told
        if problem != told:
            log.warning("%s; trying again", problem)
            told = problem
        return False

    while not stop.is_set():
        try:
            take_part(configuration, stop, until)
        except JournalError as e:
            log.error("%s", e)  # noqa: TRY400 - the sentence says all
            stop.wait(AGAIN)


def take_part(configuration: Config, stop: threading.Event, until: Until) -> None:
    """Send what is due until `stop` is set or `until` says so; both are looked at several times a second.

    While another sender holds the lock this one only watches. Raises JournalError for a journal of another database.
    """
    folder = journals.folder(configuration)
    while not (stop.is_set() or until("")):
        with journals.sender_lock(folder) as ours:
            if ours:
                _Sender(configuration, folder, stop, until).run()
                return
        stop.wait(TICK)


def somebody_sends(configuration: Config) -> bool:
    """Whether a sender is at work on this machine."""
    with journals.sender_lock(journals.folder(configuration)) as ours:
        return not ours


class _Sender:
    """The one sender of a folder and database, as long as it holds the lock."""

    def __init__(self, configuration: Config, folder: Path, stop: threading.Event, until: Until) -> None:
        self._configuration = configuration
        self._folder = folder
        self._stop = stop
        self._until = until
        self._fleet = Fleet(configuration)
        self._last_work = timezone.now() - LINGER
        self._looked = 0.0
        self._name = ""

    def run(self) -> None:
        """Until all is done, or stopped; what the processes had in hand is taken over before it returns."""
        database.durable()
        try:
            while not self._stop.is_set():
                if self._patient_step():
                    break
                self._stop.wait(TICK)
        finally:
            self._fleet.stop()
            self._take_over_at_the_end()

    def _patient_step(self) -> bool:
        """One look around; where the database can't be had, the next look tries again. Tells whether that was all."""
        try:
            self._step()
            return self._until(self._fleet.problem)
        except (OperationalError, InterfaceError) as e:
            log.warning("the database said: %s; trying again", _first_line(e))
            connection.close()
            return False

    def _step(self) -> None:
        if time.monotonic() - self._looked >= LOOK_AROUND:
            self._looked = time.monotonic()
            self._look_around(tuple(self._configuration.newsletters))
        underway.complete(tuple(self._configuration.newsletters), timezone.now())

    def _look_around(self, newsletters: tuple[str, ...]) -> None:
        now = timezone.now()
        self._take_over()
        underway.begin_due(newsletters, now)
        if work_for(newsletters):
            self._last_work = now
        if now - self._last_work <= LINGER:
            self._fleet.keep(self._providers())
        else:
            self._fleet.stop()

    def _take_over(self, patience: float | None = None) -> None:
        self._name = self._name or database.identity()
        journals.adopt(self._folder, self._name, self._configuration.delivery, patience)

    def _take_over_at_the_end(self) -> None:
        """Where the database can't be had, the journals keep what they say for whoever sends next."""
        try:
            self._take_over(AT_THE_END)
        except (OperationalError, InterfaceError) as e:
            log.warning("the database said: %s; what is not recorded is in the journals", _first_line(e))

    def _providers(self) -> set[str]:
        """What carries the newsletters that have an edition under way."""
        names = Edition.objects.filter(state__in=UNDER_WAY).values_list("newsletter", flat=True).distinct()
        known = self._configuration.newsletters
        return {self._configuration.provider_of(known[name]) for name in names if name in known}


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0]


def work_for(newsletters: tuple[str, ...]) -> bool:
    """Whether there is anything to send now, or in hand."""
    sending = Edition.objects.filter(state=State.SENDING, newsletter__in=newsletters)
    return sending.exists() or due_retries(newsletters).exists() or Chunk.objects.filter(closed_at=None).exists()


def nothing_left_now(edition: Edition) -> bool:
    """Whether nothing of the edition is to be done now: it is sent, paused or cancelled, none in hand or due."""
    state = Edition.objects.filter(pk=edition.pk).values_list("state", flat=True).get()
    if state in (State.QUEUED, State.SENDING) or Chunk.objects.filter(edition=edition, closed_at=None).exists():
        return False
    return state != State.SENT or not due_retries([edition.newsletter]).filter(edition=edition).exists()


class Waiting:
    """Whether whoever waits for an edition may go: nothing is left to do now, or what is left is put off each time.

    With delays of seconds, readers whom a server never takes would come due for as long as anybody waits. So once
    the edition is sent, a whole round of tries after which no fewer are deferred than before is the last one.
    """

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._round: tuple[datetime, int] | None = None

    def over(self) -> bool:
        """Looks at the database."""
        state = Edition.objects.values_list("state", flat=True).get(pk=self._edition.pk)
        if state in (State.QUEUED, State.SENDING):
            self._round = None
            return False
        if nothing_left_now(self._edition):
            return True
        if state != State.SENT:
            self._round = None
            return False
        deferred = Retry.objects.filter(edition=self._edition)
        if self._round and deferred.filter(due__lte=self._round[0]).exists():
            return False
        before, count = self._round, deferred.count()
        self._round = (timezone.now(), count)
        return before is not None and count >= before[1]


def next_retry(edition: Edition) -> Retry | None:
    """The deferred delivery that comes first."""
    return Retry.objects.filter(edition=edition).order_by("due").first()
