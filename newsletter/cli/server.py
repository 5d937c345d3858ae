"""`newsletter run`: the clock, the sender and the web server in one process, until a signal ends it.

Promises: Ctrl-C or SIGTERM stops taking work, lets what is in flight end, and leaves nothing half done.
"""

import logging
import signal
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime

import uvicorn
from a2wsgi import WSGIMiddleware
from apscheduler.events import EVENT_JOB_ERROR, JobExecutionEvent
from apscheduler.schedulers.background import BackgroundScheduler
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections

from newsletter.cli.common import IMPOSSIBLE, Failed, say
from newsletter.config import Config
from newsletter.jobs import bounces, housekeeping, letters, schedule, sending
from newsletter.jobs.collect import collect
from newsletter.web.bodies import WholeBodies
from newsletter.web.desk.users import setup_link

log = logging.getLogger("newsletter.run")

TICK_SECONDS = 5
# Threads, each with a database connection of its own; SQLite writes one at a time, and two cores do no more at once.
WORKERS = 4
TIDY_HOURS = 6
BOUNCES_MINUTES = 10
BACKLOG = 128


def serve(configuration: Config, *, host: str | None, port: int | None, web: bool, schedule: bool, send: bool) -> None:
    """Run what is asked for, until a signal."""
    stop = threading.Event()
    _heed_signals(stop.set)
    clock = _clock(configuration) if schedule else None
    sender = _sender(configuration, stop) if send else None
    try:
        if web:
            _web(configuration, host or configuration.web.host, configuration.web.port if port is None else port, stop)
        else:
            say("running without a web server; Ctrl-C ends it")
            stop.wait()
    finally:
        stop.set()
        if clock:
            clock.shutdown(wait=True)
        if sender:
            sender.join()


def _heed_signals(act: Callable[[], None]) -> None:
    for name in (signal.SIGINT, signal.SIGTERM):
        signal.signal(name, lambda number, frame: act())


def _clock(configuration: Config) -> BackgroundScheduler:
    """APScheduler owns the clock; what is due stands in the database."""
    clock = BackgroundScheduler(
        timezone=UTC, job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
    )
    clock.add_listener(_failed, EVENT_JOB_ERROR)
    every = configuration.collect.every.total_seconds()
    now = datetime.now(UTC)
    jobs: tuple[tuple[Callable[[], object], float, str], ...] = (
        (lambda: schedule.tick(configuration, datetime.now(UTC)), TICK_SECONDS, "clock"),
        (lambda: collect(configuration, now=datetime.now(UTC)), every, "collect"),
        (lambda: letters.send_due(configuration, datetime.now(UTC)), TICK_SECONDS, "letters"),
        (lambda: bounces.tick(configuration, datetime.now(UTC)), BOUNCES_MINUTES * 60, "bounces"),
        (lambda: housekeeping.tidy(configuration, datetime.now(UTC)), TIDY_HOURS * 3600, "tidy"),
    )
    for act, seconds, name in jobs:
        clock.add_job(_with_fresh_connections(act), "interval", seconds=seconds, id=name, next_run_time=now)
    clock.start()
    return clock


def _failed(event: JobExecutionEvent) -> None:
    log.error("%s failed and is tried again: %s", event.job_id, event.exception, exc_info=event.exception)


def _with_fresh_connections(act: Callable[[], object]) -> Callable[[], None]:
    """A job has a thread of its own, and so a database connection that must not be kept when it is stale."""

    def job() -> None:
        close_old_connections()
        try:
            act()
        finally:
            close_old_connections()

    return job


def _sender(configuration: Config, stop: threading.Event) -> threading.Thread:
    thread = threading.Thread(target=sending.serve, args=(configuration, stop), name="sender")
    thread.start()
    return thread


def _web(configuration: Config, host: str, port: int, stop: threading.Event) -> None:
    listener = _listen(host, port)
    where = f"http://{host}:{listener.getsockname()[1]}"
    link = setup_link(where)
    say(
        f"the desk is at {where}/desk/"
        + (f"\nnobody can log in yet; set up the first account at {link}" if link else "")
    )
    settings = uvicorn.Config(
        WholeBodies(WSGIMiddleware(get_wsgi_application(), workers=WORKERS)),  # type: ignore[arg-type]
        log_level="warning",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=5,
    )
    server = uvicorn.Server(settings)

    def end() -> None:
        stop.set()
        server.should_exit = True

    _heed_signals(end)  # until it has handlers of its own: it would not hear of a signal that came just before
    if not stop.is_set():
        server.run(sockets=[listener])


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # now, so that who follows the printed address waits, and is not refused
    except OSError as e:
        listener.close()
        raise Failed(
            f"can't listen on {host}:{port}: {e.strerror}; another program has it, give another --port", IMPOSSIBLE
        ) from e
    listener.set_inheritable(False)
    return listener
