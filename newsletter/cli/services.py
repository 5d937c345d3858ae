"""The services of `newsletter run` and `newsletter worker`, under one supervisor.

APScheduler starts each periodic service's work, which runs in the service's own thread, so that none waits for another.
The database says what is due, by wall-clock time.
"""

import gc
import logging
import resource
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from importlib import import_module
from math import inf

from apscheduler.executors.debug import DebugExecutor
from apscheduler.schedulers import SchedulerNotRunningError
from apscheduler.schedulers.blocking import BlockingScheduler
from django.db import InterfaceError, OperationalError, close_old_connections, connection, connections

from newsletter import __version__, config, supervision
from newsletter.bounces import processing, webhook_events
from newsletter.cli.common import fail
from newsletter.collecting import gaps
from newsletter.collecting.collect import collect, collect_source
from newsletter.config import Config, Snapshot
from newsletter.config.database import is_postgresql
from newsletter.domain.english import counted
from newsletter.editions import notices
from newsletter.logs import log_event, setup as logs
from newsletter.messages.general import size_of
from newsletter.recovery import hold
from newsletter.scheduling import failed_tasks, housekeeping, later_kinds, schedule, shared_work, storage
from newsletter.scheduling.alerts import AlertQueue, Alerts, LostWatch, StallWatch, StandstillWatch
from newsletter.scheduling.standstills import Standstills
from newsletter.sending import journals, sender, unsubscriptions
from newsletter.sending.faults import explain
from newsletter.sending.machines.presence import BEAT, Presence
from newsletter.sending.sql import database_watch
from newsletter.supervision import Periods, Service, Supervisor
from newsletter.supervision.boottime import SteadyJobStore, boottime
from newsletter.transactional import delayed_mail, subscriber_mail
from subscribers.asking import ask_due

log = logging.getLogger("newsletter.services")

LETTERS = "letters"
"""The service that sends emails to single people, such as confirmations."""
LATER_WORK = "later"
"""The service that starts later work: notices to editors, and what webhooks are told."""
SENDER = "sender"
TIDY_HOURS = 6
BOUNCES_MINUTES = 10
ALERT_SECONDS = 2.0
CLOCK_BEATS = 1.0
CONFIGURATION_SECONDS = 1.0
UNSUBSCRIPTION_SECONDS = 1.0
DATABASE_RETRY_SECONDS = 2.0
RESERVED = 1_500_000_000
"""Bytes that are reserved for the stacks and heaps of threads. If one has no room for its first step (`ulimit -v`), the
thread that starts it may wait without end.
"""
GARBAGE_THRESHOLD = 2_000
"""New objects after which garbage is looked for: Python's own number since 3.13; the command line has a higher one."""

Act = Callable[[Config, datetime], object]


def supervise(
    in_force: Callable[[], Config],
    *,
    schedule: bool,
    send: bool,
    web: bool = False,
    command: str = "run",
    periods: Periods = Periods(),
) -> Supervisor:
    """Return a supervisor of these services, and make it the one whose states are shown.

    Each does its work with the configuration that is in force when it begins. Ends the command with a sentence if the
    services' threads don't fit into the memory that may be reserved.
    """
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit != resource.RLIM_INFINITY and limit < RESERVED:
        fail(
            f"ulimit -v (in systemd LimitAS) is {size_of(limit)}, but {command} reserves up to {size_of(RESERVED)}, "
            "most of which it never uses; remove that limit, or limit the memory in use instead (in systemd MemoryMax)"
        )
    supervisor = supervision.use(Supervisor(explain, periods))
    queue, standstills = AlertQueue(in_force), Standstills(in_force)
    timed = [(supervisor.add("configuration", _follow), CONFIGURATION_SECONDS)]
    journal_folder = journals.folder(in_force()) if send else None
    presence = Presence(command, in_force().folder, journal_folder, standstills.add)
    timed += [(_add(supervisor, "alerts", _alerts(supervisor, queue, standstills, presence)), ALERT_SECONDS)]
    timed += [(_present(supervisor, presence), BEAT)]
    timed += _watches(supervisor, queue, in_force)
    timed += [
        (_add(supervisor, name, _on_our_database(act, in_force)), seconds)
        for name, act, seconds in _periodic(periods.tick)
        if schedule or (send and command == "run" and name in (LETTERS, LATER_WORK))
    ]
    if web:
        timed += [(_add_reporting(supervisor, unsubscriptions.SERVICE, _record), UNSUBSCRIPTION_SECONDS)]
    if is_postgresql(in_force().site.database):
        supervisor.add("background", _closing_connections(lambda service: _share_work(service, in_force)))
    supervisor.add("clock", lambda service: _clock(service, timed))
    if send:
        supervisor.add(SENDER, _closing_connections(lambda service: sender.serve(in_force, service, periods.silent)))
    return supervisor


def run_supervised(supervisor: Supervisor, configuration: Config, command: str, stop: threading.Event) -> None:
    """Run the services until `stop` is set, and log the beginning and the end."""
    database = "PostgreSQL" if is_postgresql(configuration.site.database) else "SQLite"
    newsletters = counted(len(configuration.newsletters), "newsletter")
    words = f"newsletter {__version__} started ({command}, {database}, {newsletters})"
    log_event(log, "started", words, command=command, version=__version__, database=database)
    if not {LETTERS, SENDER} & {status.name for status in supervisor.statuses()}:
        log.warning(
            "this program sends nothing: confirmations and other emails wait until another one with this database "
            "runs without --no-schedule or --no-send"
        )
    gc.freeze()  # what is imported stays, so it need not be looked through each time
    gc.set_threshold(GARBAGE_THRESHOLD)
    supervisor.run(stop)
    log_event(log, "stopped", f"newsletter stopped ({command})", command=command)


def _share_work(service: Service, in_force: Callable[[], Config]) -> None:
    """Do tasks that any machine with this PostgreSQL database may do, until stopped."""
    from newsletter.background import shared  # it imports an optional dependency

    import_module("newsletter.web.desk.urls")  # with the pages come the jobs that they start

    tell = shared.Tell(
        lambda name, arguments: failed_tasks.tell_set_aside(in_force(), name, arguments),
        lambda *failed: failed_tasks.tell_failing(in_force(), *failed),
    )

    def register(stop: Callable[[], None]) -> None:
        service.on_stop = stop
        if service.stopping.is_set():
            stop()

    while not service.stopping.is_set():
        try:
            connection.ensure_connection()
            service.report(None)
            shared.work(register, tell)
        except (OperationalError, InterfaceError) as e:
            service.report(explain(e))
            connection.close()
            service.stopping.wait(DATABASE_RETRY_SECONDS)
        else:
            return


def _alerts(
    supervisor: Supervisor, queue: AlertQueue, standstills: Standstills, presence: Presence
) -> Callable[[], None]:
    """Return what checks the services and the time since the last check, and sends alerts."""
    services = Alerts(queue, supervisor.statuses, supervisor.periods.notice)
    standstill = StandstillWatch(queue, standstills, presence.froze)

    def tick() -> None:
        now = datetime.now(UTC)
        standstill.begin(now)
        standstills.tell(now)
        services.tick(now)
        standstill.end()

    return tick


def _watches(supervisor: Supervisor, queue: AlertQueue, in_force: Callable[[], Config]) -> list[tuple[Service, float]]:
    """Add the services that look for stalled editions and lost machines, and for folders that can't take more."""
    stalls, machines = StallWatch(queue, timedelta(seconds=supervisor.periods.quiet)), LostWatch(queue)

    def look(service: Service) -> None:
        database_watch.check()
        machines.look()
        stalls.look(service, in_force(), datetime.now(UTC))

    def check_storage(service: Service) -> None:
        service.report(next(storage.nearly_full(in_force()), None))

    seconds = supervisor.periods.tick
    return [
        (_add_reporting(supervisor, "progress", look), seconds),
        (_add_reporting(supervisor, "storage", check_storage), seconds),
    ]


def _present(supervisor: Supervisor, presence: Presence) -> Service:
    """Add the service that tells other programs with this database that this one is alive."""

    def run(service: Service) -> None:
        service.repeat(lambda: presence.beat({status.name: status.state for status in supervisor.statuses()}))
        presence.leave()

    return supervisor.add("presence", _closing_connections(run))


def _record(service: Service) -> None:
    """Record the unsubscriptions that wait for the database, and reserve space for others."""
    if problem := unsubscriptions.problem():
        service.report(problem)
        try:
            unsubscriptions.record()
        except (OperationalError, InterfaceError):
            connection.close()  # the next call tries again
            return
    service.report(None)
    unsubscriptions.reserve()


def _periodic(tick: float) -> Sequence[tuple[str, Act, float]]:
    """Return the name, function and interval in seconds of each periodic service."""
    return (
        ("schedule", _run_schedule, tick),
        ("collect", _Collecting(), tick),
        (LETTERS, _send_letters, tick),
        (LATER_WORK, later_kinds.hand_out, tick),
        ("bounces", _read_bounces, BOUNCES_MINUTES * 60.0),
        ("housekeeping", _tidy, TIDY_HOURS * 3600.0),
    )


def _here_or_anywhere(configuration: Config, here: Act, hand_out: Act, now: datetime) -> None:
    """Do work here, or with PostgreSQL hand it out to any machine."""
    (hand_out if is_postgresql(configuration.site.database) else here)(configuration, now)


def _run_schedule(configuration: Config, now: datetime) -> None:
    _here_or_anywhere(configuration, schedule.tick, shared_work.hand_out_schedule, now)


def _send_letters(configuration: Config, now: datetime) -> None:
    """Ask subscribers who gave no sign for long, let delayed emails go, and send what is due to single people. A
    restored database waits.
    """
    if not hold.reason():
        ask_due(configuration, now)
        delayed_mail.tick(configuration, now)
    _here_or_anywhere(configuration, subscriber_mail.send_all_due, shared_work.hand_out_emails, now)


def _read_bounces(configuration: Config, now: datetime) -> None:
    """Read the bounce mailbox, and process what webhooks have left over."""
    webhook_events.hand_out(now)
    _here_or_anywhere(configuration, processing.tick, shared_work.hand_out_bounces, now)


def _tidy(configuration: Config, now: datetime) -> None:
    _here_or_anywhere(configuration, housekeeping.tidy, shared_work.hand_out_housekeeping, now)


def _collect(configuration: Config, now: datetime) -> None:
    notices.tell_of_sources(collect(configuration, now=now), now)


def _collect_sooner(configuration: Config, now: datetime) -> None:
    """Read the sources that are read more often than others."""
    for newsletter, url in gaps.due_sooner(configuration, now):
        notices.tell_of_sources(collect_source(configuration, newsletter, url, now=now), now)


def _follow(service: Service) -> None:
    """Read config.toml again whenever it changed, and report a wrong one; the last good one stays in force."""
    current = config.snapshot()

    def follow() -> None:
        nonlocal current
        before, current = current, config.refresh()
        service.report(current.problem)
        if current.number != before.number:
            _changed(before, current)

    service.repeat(follow)


def _changed(before: Snapshot, after: Snapshot) -> None:
    if after.config.log != before.config.log:
        logs.apply(after.config.log)
    tables = config.changed_tables(before.config, after.config)
    log_event(
        log,
        "configuration-changed",
        f"configuration {after.number} is in force; changed: {', '.join(tables)}",
        number=after.number,
        tables=tables,
    )


class _Collecting:
    """Reads the sources each `collect.every`, which may change meanwhile."""

    def __init__(self) -> None:
        self._last = -inf

    def __call__(self, configuration: Config, now: datetime) -> None:
        if boottime() - self._last >= configuration.collect.every.total_seconds():
            self._last = boottime()
            _here_or_anywhere(configuration, _collect, shared_work.hand_out_sources, now)
        else:
            _here_or_anywhere(configuration, _collect_sooner, shared_work.hand_out_sources_sooner, now)


def _on_our_database(run: Act, in_force: Callable[[], Config]) -> Callable[[], object]:
    """Wrap a function so that it fails if the database file was removed or replaced. Alerts are sent even then."""

    def checked() -> object:
        database_watch.check()
        return run(in_force(), datetime.now(UTC))

    return checked


def _add(supervisor: Supervisor, name: str, run: Callable[[], object]) -> Service:
    return _add_reporting(supervisor, name, lambda _: run())


def _add_reporting(supervisor: Supervisor, name: str, run: Callable[[Service], object]) -> Service:
    """Add a periodic service whose function may report problems of the service that it is called with."""

    def once(service: Service) -> None:
        close_old_connections()
        try:
            run(service)
        finally:
            close_old_connections()

    return supervisor.add(name, _closing_connections(lambda service: service.repeat(partial(once, service))))


def _closing_connections(run: Callable[[Service], None]) -> Callable[[Service], None]:
    """Wrap a service so that its thread's database connections are closed when it ends."""

    def closing(service: Service) -> None:
        try:
            run(service)
        finally:
            connections.close_all()

    return closing


def _clock(service: Service, timed: Sequence[tuple[Service, float]]) -> None:
    """Call the periodic services until stopped."""
    scheduler = BlockingScheduler(
        timezone=UTC,
        jobstores={"default": SteadyJobStore()},
        executors={"default": DebugExecutor()},  # a job only wakes a service, so it needs no thread
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    now = datetime.now(UTC)
    for timed_service, seconds in (*timed, (service, CLOCK_BEATS)):
        call = service.beat if timed_service is service else timed_service.call
        scheduler.add_job(call, "interval", seconds=seconds, id=timed_service.name, next_run_time=now)

    def stop() -> None:
        try:
            scheduler.shutdown(wait=False)
        except SchedulerNotRunningError:
            return  # not started yet, or already stopped

    service.on_stop = stop
    try:
        scheduler.start()
    finally:
        stop()
