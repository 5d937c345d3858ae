"""One sending process: `python -m newsletter.sending.worker PROVIDER`, started by worker_pool.py.

It uses the configuration and the limits that its parent passes on standard input (`handover`), even if the file has
changed since. It creates its own journal and holds its lock as long as it runs. It ends when its standard input is
closed, also if its parent was killed. If it can't continue, it writes the reason to standard output, as a message in
text form.
"""

import gc
import math
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import django
from django.conf import settings

from newsletter import config
from newsletter.config import Config
from newsletter.delivery.engine import EndReason, Engine, EngineResult, send
from newsletter.delivery.journal import Journal, JournalError
from newsletter.delivery.limits import Limits
from newsletter.messages import Problem
from newsletter.sending.handover import ParentConnection
from newsletter.sending.sql import database_watch
from newsletter.supervision import on_signals

if TYPE_CHECKING:
    from newsletter.sending.outbox import Outbox

INSTALLED_APPS = ["subscribers.apps.SubscribersConfig", "newsletter.apps.NewsletterConfig"]
"""The apps that a sending process needs; loading the others takes a tenth of a second and some megabytes."""

LIFE = 5.0
"""Seconds between two signs of life."""

POLL = 0.2
"""Seconds between checks for work while there is none."""

OK, FAILED = 0, 4


class Control:
    """What the parent orders: limits, and to stop. They hold for the engine that is running and for those after it."""

    def __init__(
        self,
        limits: Limits,
        confirm: Callable[[int], None] = lambda _: None,
        live: Callable[[bool], None] = lambda _: None,
    ) -> None:
        self.stopping = threading.Event()
        self._limits, self._confirm, self._live = limits, confirm, live
        self._lived = -math.inf
        self._working = False
        self._number = 0
        self._engine: Engine | None = None
        self._lock = threading.Lock()

    @property
    def limits(self) -> Limits:
        """The limits to keep now."""
        return self._limits

    def live(self, *, working: bool) -> None:
        """Give a sign of life every few seconds, and at once when the process begins to work."""
        now = time.monotonic()
        if now - self._lived >= LIFE or (working and not self._working):
            self._lived, self._working = now, working
            self._live(working)

    def stop(self, grace: float | None = None) -> None:
        """Stop as soon as messages in flight are replied to, at most after `grace` seconds."""
        self.stopping.set()
        with self._lock, suppress(RuntimeError):  # its loop has just ended and closed
            if self._engine is not None:
                self._engine.stop(grace)

    def limit(self, number: int, limits: Limits) -> None:
        """Keep these limits from now on, and confirm it."""
        with self._lock:
            self._number, self._limits = number, limits
            if self._engine is not None:
                self._engine.limit(limits, partial(self._confirm, number))
                return
        self._confirm(number)

    @contextmanager
    def running(self, engine: Engine) -> Iterator[None]:
        """Apply what is ordered to this engine. Once it has ended, nothing exceeds the limits."""
        with self._lock:
            self._engine = engine
            engine.limit(self._limits, partial(self._confirm, self._number))
        if self.stopping.is_set():
            engine.stop()
        try:
            yield
        finally:
            with self._lock:
                self._engine = None
            self._confirm(self._number)

    def follow(self, parent: ParentConnection, grace: float) -> None:
        """Do what the parent orders, until it ends or closes the connection."""
        with suppress(EOFError, OSError):
            while True:
                number, limits = parent.receive_limits()
                if limits is None:
                    self.stop(grace)
                else:
                    self.limit(number, limits)
        self.stop()


def main(arguments: list[str]) -> int:
    """Send until told to stop, and return the exit status."""
    for of_terminal in (signal.SIGINT, signal.SIGHUP):  # the program gets them, too, and says when to stop
        signal.signal(of_terminal, signal.SIG_IGN)
    parent = ParentConnection(sys.stdin.fileno())
    try:
        configuration = config.use(parent.receive_configuration())
        number, limits = parent.receive_limits()
    except (EOFError, OSError):
        return OK  # whoever started it is gone
    control = Control(
        limits or Limits.of(configuration.delivery), parent.confirm, lambda working: parent.live(working=working)
    )
    parent.confirm(number)
    timeouts = configuration.delivery.smtp.timeouts
    grace = (timeouts.block + timeouts.dot).total_seconds()
    threading.Thread(target=control.follow, args=(parent, grace), daemon=True, name="parent").start()
    with on_signals(control.stop, signal.SIGTERM):
        return _send_until(control, configuration, arguments[0])


def _send_until(control: Control, configuration: Config, provider: str) -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "newsletter.settings"
    settings.INSTALLED_APPS = INSTALLED_APPS
    django.setup()
    database_watch.remember()
    _tune_garbage_collection()
    try:
        result = send_for_provider(configuration, provider, control)
    except JournalError as e:
        result = EngineResult(EndReason.JOURNAL, e.message)
    if result.problem:
        sys.stdout.write(result.problem.to_text())
        sys.stdout.flush()
    return FAILED if result.problem else OK


def _tune_garbage_collection() -> None:
    """Collect rarely: messages leave no cycles, collecting took a tenth of the time, and what is loaded is never
    garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(200_000, 20, 100)


def send_for_provider(configuration: Config, provider: str, control: Control) -> EngineResult:
    """Send with this provider, with a new journal, until told to stop or unable to continue."""
    from newsletter.sending import journals
    from newsletter.sending.outbox import Holder, Outbox
    from newsletter.sending.safeguards.fallback import succession_of
    from newsletter.sending.sql import database

    database.make_durable()
    database.plan_by_index()
    folder = journals.folder(configuration)
    journal = Journal.create(folder, database.identity())
    newsletters = configuration.newsletters
    carried = [name for name in configuration.active if configuration.provider_of(newsletters[name]) == provider]
    succession = succession_of(configuration, provider)
    configuration = replace(configuration, delivery=replace(configuration.delivery, provider=provider))
    holder = Holder(journals.machine(folder), journal.name)
    outbox = Outbox(holder, carried, configuration, lambda: control.limits.excluded, succession)
    result = EngineResult(EndReason.DONE)
    try:
        while result.reason is EndReason.DONE and not control.stopping.is_set():
            if outbox.waiting():
                result = run_engine(configuration, outbox, journal, control)
                if result.reason is EndReason.UNREACHABLE and result.problem and outbox.provider_failed(result.problem):
                    result = EngineResult(EndReason.DONE)
            else:
                control.live(working=True)
                control.stopping.wait(POLL)
    finally:
        journal.close()
    return result


def run_engine(configuration: Config, outbox: "Outbox", journal: Journal, control: Control) -> EngineResult:
    """Send what is due now."""
    from newsletter.sending.engines import engine as engine_for

    delivery = control.limits.applied_to(configuration.delivery)
    try:
        engine = engine_for(configuration, delivery, outbox, outbox, journal, live=control.live)
    except Problem as e:
        return EngineResult(EndReason.UNREACHABLE, e.message)
    with control.running(engine):
        return send(engine)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
