"""The sender: begins due editions, keeps the sending processes running, and settles the work of those that have ended.

There is one sender per machine and database. A second one only watches, and takes over when the first has ended,
however it ended.
"""

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from math import inf
from pathlib import Path

from django.db import InterfaceError, OperationalError, connection
from django.utils import timezone

from newsletter.config import Config
from newsletter.delivery.journal import JournalError
from newsletter.messages import Message, delivery as messages
from newsletter.models import Chunk, Edition, Retry, State
from newsletter.recovery import hold, older_copy
from newsletter.sending import journals, lifecycle, unapplied
from newsletter.sending.enrolling import enroll_due
from newsletter.sending.faults import explain
from newsletter.sending.lifecycle import ACTIVE_STATES
from newsletter.sending.machines.lease import RENEW, MachineLease
from newsletter.sending.machines.presence import SchemaWatch
from newsletter.sending.machines.share import MachineShare
from newsletter.sending.outbox import due_retries, unclaimed
from newsletter.sending.safeguards import fallback, guard
from newsletter.sending.safeguards.fallback import Work
from newsletter.sending.sql import database, database_watch
from newsletter.sending.sql.database_watch import first_line
from newsletter.sending.worker_pool import SILENT, WorkerPool
from newsletter.supervision import Service

log = logging.getLogger(__name__)

TICK, LOOK_INTERVAL = 0.5, 1.0
"""Seconds between two checks whether an edition is complete while there is work, and between two checks for due work
and orphaned chunks.
"""

FINAL_PATIENCE = 5.0
"""Seconds for which a sender that is ending retries database errors."""

IDLE_SECONDS = 5.0
"""Seconds for which processes without work are kept running."""

CurrentConfig = Callable[[], Config]
"""Returns the configuration in force, which is another object after each change."""

StopCondition = Callable[[Message | None], bool]
"""Called with the problem that prevents sending (None if there is none); returns whether to stop."""

Report = Callable[[Message | None], None]


def no_report(problem: Message | None) -> None:
    """Report nothing: the problem is logged."""


def serve(current_config: CurrentConfig, service: Service, silent: float = SILENT) -> None:
    """Send whatever is due until the service is stopped; problems that prevent sending are reported, and retried.

    Sending processes that give no sign of life for `silent` seconds are replaced.

    Raises JournalError, or OSError for the journal folder; the supervisor then restarts it.
    """

    def until(_problem: Message | None) -> bool:
        service.beat()
        return False

    def report(problem: Message | None) -> None:
        service.beat()
        service.report(problem)

    run_reloading_sender(current_config, service.stopping, until, report, silent)


def run_sender(configuration: Config, stop: threading.Event, until: StopCondition) -> None:
    """Send what is due with one configuration, until `stop` is set or `until` is true."""
    run_reloading_sender(lambda: configuration, stop, until)


def run_reloading_sender(
    current_config: CurrentConfig,
    stop: threading.Event,
    until: StopCondition,
    report: Report = no_report,
    silent: float = SILENT,
) -> None:
    """Send what is due until `stop` is set or `until` is true; both are checked several times a second.

    While another sender holds the lock, this one only watches. `report` is called with problems that are retried
    automatically. Raises JournalError for a journal of another database or a folder that was replaced, OSError if it
    can't be used.
    """
    folder = journals.folder(current_config())
    while not (stop.is_set() or until(None)):
        with journals.sender_lock(folder) as acquired:
            if acquired:
                _Sender(current_config, folder, stop, until, report, silent).run()
                return
        stop.wait(TICK)


def sender_is_running(configuration: Config) -> bool:
    """Return whether a sender is running on this machine."""
    with journals.sender_lock(journals.folder(configuration)) as acquired:
        return not acquired


class _Sender:
    """The only sender of a folder and database, while it holds the lock."""

    def __init__(
        self,
        current_config: CurrentConfig,
        folder: Path,
        stop: threading.Event,
        until: StopCondition,
        report: Report,
        silent: float,
    ) -> None:
        self._current_config = current_config
        self._configuration = configuration = current_config()
        self._folder = folder
        self._stop = stop
        self._until = until
        self._report = report
        self._silent = silent
        self._pool = WorkerPool(configuration, silent=silent)
        self._lock = journals.lock_file(folder)
        self._lease = MachineLease(folder, configuration.delivery.smtp.timeouts)
        self._share = MachineShare(folder)
        self._schema = SchemaWatch()
        self._difference: Message | None = None
        self._last_work = -inf
        self._looked = -inf
        self._name = ""
        self._renewed = -inf
        self._complained: Message | None = None
        self._was_away, self._reachable = False, datetime.min.replace(tzinfo=UTC)

    def run(self) -> None:
        """Run until there is nothing to do, or it is stopped; then the work of the processes is settled."""
        database.make_durable()
        try:
            while not self._stop.is_set():
                if self._step_or_report():
                    break
                self._stop.wait(TICK)
        finally:
            self._pool.stop()
            self._take_over_at_the_end()

    def _step_or_report(self) -> bool:
        """Make one step, or report a database error, which is retried; return whether to stop."""
        try:
            self._step()
        except (OperationalError, InterfaceError) as e:
            self._complain(explain(e))
            connection.close()
            self._was_away = True
            return False
        if self._difference:
            self._complain(self._difference)
            return self._until(self._difference)
        if self._was_away:  # this step didn't need the database, so it says nothing of it
            return False
        self._complained = None
        problem = self._pool.problem
        self._report(problem or self._pool.unstable)
        return self._until(problem)

    def _complain(self, problem: Message) -> None:
        """Report a problem, and log it once, however often it occurs."""
        if problem != self._complained:
            log.warning("%s; trying again", problem)
        self._complained = problem
        self._report(problem)

    def _step(self) -> None:
        database_watch.check()
        self._lease.hold()
        now = time.monotonic()
        looks = now - self._looked >= LOOK_INTERVAL
        if looks:
            self._looked = now
            self._look_around()
        if looks or now - self._last_work <= IDLE_SECONDS:
            lifecycle.complete(tuple(self._configuration.newsletters), timezone.now())

    def _look_around(self) -> None:
        now = time.monotonic()
        if journals.lock_file(self._folder) != self._lock:  # removed or replaced: another sender could start
            raise JournalError(messages.FOLDER_REPLACED(path=str(self._folder)))
        if now - self._renewed >= RENEW:
            self._renew()
        self._take_over()
        self._follow_configuration()
        self._difference = (
            hold.reason() or self._schema.problem() or unapplied.problem(self._configuration, self._reachable_since())
        )
        if self._difference:
            self._pool.stop()
            self._share.leave()
            return
        guard.watch(self._configuration.active, self._configuration.delivery.guard)
        lifecycle.begin_due(self._configuration, timezone.now())
        enroll_due(self._configuration, timezone.now())
        if has_work(self._configuration.active):
            self._last_work = now
        share = self._share.claim(self._configuration.delivery)
        if share and now - self._last_work <= IDLE_SECONDS:
            self._pool.limit(share.of(self._configuration.delivery))
            self._pool.ensure_running(self._providers())
        else:
            self._pool.stop()

    def _reachable_since(self) -> datetime:
        """Return since when the database has answered this sender without a failure, by the database's clock."""
        if self._was_away:
            self._reachable, self._was_away = database.now(), False
        return self._reachable

    def _follow_configuration(self) -> None:
        """After a change, let the processes end what is in flight; the next ones get the new configuration."""
        configuration = self._current_config()
        if configuration is not self._configuration:
            self._configuration = configuration
            self._pool.stop()
            self._pool = WorkerPool(configuration, silent=self._silent)

    def _renew(self) -> None:
        """Count up in the database; an older copy is put on hold."""
        self._name = self._name or database.identity()
        older_copy.renew(self._folder, database.now())
        self._renewed = time.monotonic()

    def _take_over(self, patience: float | None = None) -> None:
        """Settle the work of processes that have ended. In an older copy it stays as it is: the recovery log may know
        what became of it.
        """
        self._name = self._name or database.identity()
        if older_copy.held_since() is None:
            journals.settle_orphans(self._folder, self._name, self._configuration.delivery, patience)

    def _take_over_at_the_end(self) -> None:
        """Settle the work of the processes; if the database can't be used, the journals keep it for the next sender."""
        if not self._lease.held:  # the other holder's chunks aren't ours to settle
            return
        try:
            self._take_over(FINAL_PATIENCE)
            self._renew()  # a copy from before this end is older
            self._share.leave()
            self._lease.release()
        except (OperationalError, InterfaceError) as e:
            log.warning("the database said: %s; what is not recorded is in the journals", first_line(e))
        except (JournalError, OSError) as e:  # most likely why the sender ends: that is what has to be told
            log.warning("%s; what is not recorded is left to the next sender", first_line(e))

    def _providers(self) -> set[str]:
        """Return the providers of the active newsletters with an edition being sent, and those that took one over."""
        names = Edition.objects.filter(state__in=ACTIVE_STATES).values_list("newsletter", flat=True).distinct()
        newsletters, active = self._configuration.newsletters, set(self._configuration.active)
        taken_over = fallback.taken_over() & active
        fallbacks = {self._configuration.fallback_of(newsletters[name]) for name in taken_over} - {""}
        return {self._configuration.provider_of(newsletters[name]) for name in set(names) & active} | fallbacks


def has_work(newsletters: tuple[str, ...]) -> bool:
    """Return whether there is anything to send now, or a chunk is open."""
    sending = unclaimed(Work(newsletters))
    return sending.exists() or due_retries(newsletters).exists() or Chunk.objects.filter(closed_at=None).exists()


def nothing_due(edition: Edition) -> bool:
    """Return whether nothing of the edition is due now: it is sent, paused, cancelled, or waits for retries, with no
    open chunk or due retry.
    """
    state = Edition.objects.filter(pk=edition.pk).values_list("state", flat=True).get()
    if state == State.QUEUED or (state == State.SENDING and not lifecycle.waits_for_retries(edition)):
        return False
    if Chunk.objects.filter(edition=edition, closed_at=None).exists():
        return False
    waits = state in (State.SENT, State.SENDING)
    return not waits or not due_retries([edition.newsletter]).filter(edition=edition).exists()


class EditionWait:
    """Decides when a command that waits for an edition may return: nothing is due, or what is due is deferred every
    time.

    With delays of seconds, subscribers that a server never accepts would become due again as long as the command waits.
    So once the edition is sent, the wait ends after a whole round of retries that leaves as many deferred as before.
    """

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._round: tuple[datetime, int] | None = None

    def over(self) -> bool:
        """Return whether the wait is over; queries the database."""
        state, waiting = Edition.objects.values_list("state", "waiting").get(pk=self._edition.pk)
        if state == State.QUEUED and waiting:
            return True
        if state == State.QUEUED or (state == State.SENDING and not lifecycle.waits_for_retries(self._edition)):
            self._round = None
            return False
        if nothing_due(self._edition):
            return True
        if state not in (State.SENT, State.SENDING):
            self._round = None
            return False
        deferred = Retry.objects.filter(edition=self._edition)
        if self._round and deferred.filter(due__lte=self._round[0]).exists():
            return False
        previous, count = self._round, deferred.count()
        self._round = (timezone.now(), count)
        return previous is not None and count >= previous[1]
