"""One service of a process: its thread, its state, and its last report."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from newsletter.domain.backoff import Backoff
from newsletter.messages import Message, failures as messages
from newsletter.messages.general import TEXT
from newsletter.supervision.boottime import Seconds, boottime

log = logging.getLogger("newsletter.services")

State = Literal["running", "restarting", "failing", "stopped"]
Run = Callable[["Service"], None]
Explain = Callable[[BaseException], Message]


@dataclass(frozen=True, kw_only=True, slots=True)
class Periods:
    """Seconds: pauses before restarts, when a service counts as healthy, stuck or worth a notice, and between calls.

    `look` is the time between two checks of the services, `tick` between two calls of those that are called most often.
    An edition of which nothing happens for `quiet` is stalled, and a sending process that gives no sign of life for
    `silent` is replaced.
    """

    first_pause: float = 1.0
    longest_pause: float = 60.0
    healthy: float = 30.0
    stuck: float = 1800.0
    notice: float = 60.0
    look: float = 0.5
    tick: float = 5.0
    grace: float = 60.0
    quiet: float = 180.0
    silent: float = 120.0


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a service: `problem` is None for a healthy service.

    Times are in seconds. `last_run` is the time since a periodic service last completed its work, `run_seconds` what
    all its `runs` took.
    """

    name: str
    state: State
    problem: Message | None = None
    failing_for: float = 0.0
    restarts: int = 0
    next_try: float | None = None
    last_run: float | None = None
    runs: int = 0
    run_seconds: float = 0.0


class Service:
    """A named function that runs in its own thread until it is told to stop.

    The function may `report` a problem with which it continues, show with `beat` that it is not stuck, and `repeat`
    something for each `call`. If it raises, or returns before `stop`, it has failed and is restarted.
    """

    def __init__(self, name: str, run: Run, explain: Explain, periods: Periods, clock: Seconds = boottime) -> None:
        self.name = name
        self.stopping = threading.Event()
        self.on_stop: Callable[[], None] = lambda: None
        self._run, self._explain, self._periods, self._clock = run, explain, periods, clock
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._wake.set()  # what waits for its first call begins at once
        self._thread: threading.Thread | None = None
        self._crash: Message | None = None
        self._reported: Message | None = None
        self._failing_since: float | None = None
        self._started = self._not_before = 0.0
        self._backoff = Backoff(periods.first_pause, periods.longest_pause)
        self._restarts = 0
        self._periodic = False
        self._beat: float | None = None
        self._last_run: float | None = None
        self._runs, self._run_seconds = 0, 0.0

    # For the service itself, in its thread

    def report(self, problem: Message | None) -> None:
        """Report the problem that prevents the service from working although it continues; None if there is none."""
        with self._lock:
            if problem == self._reported:
                return
            self._reported = problem
            if problem:
                self._fail_since_now()
            elif not self._crash:
                self._failing_since = None
        if problem:
            log.warning("%s: %s", self.name, problem)
        else:
            log.info("%s: working again", self.name)

    def beat(self) -> None:
        """Show that the service is alive; after the first call, it must be repeated, or the service is shown as
        stuck.
        """
        self._beat = self._clock()

    def repeat(self, function: Callable[[], object]) -> None:
        """Call the function at the start and then for each `call`, until stopped; waiting does not count as being
        stuck.
        """
        self._periodic = True
        while not self.stopping.is_set():
            self._beat = None
            self._wake.wait()
            self._wake.clear()
            if not self.stopping.is_set():
                self.beat()
                began = self._clock()
                function()
                self._ran(began)

    # For others

    def call(self) -> None:
        """Let a waiting service do its work now."""
        self._wake.set()

    def start(self) -> None:
        """Start the thread; if the system can't, that is a failure like any other."""
        self._started, self._beat = self._clock(), None
        thread = threading.Thread(target=self._body, name=self.name, daemon=True)
        self._thread = thread
        try:
            thread.start()
        except RuntimeError as e:
            self._thread = None
            self._failed(TEXT(words=str(e)), e)

    def stop(self) -> None:
        """Ask the service to end; may be repeated."""
        self.stopping.set()
        self._wake.set()
        self.on_stop()

    def join(self, seconds: float) -> bool:
        """Wait for the thread to end; return whether it has."""
        if self._thread is not None:
            self._thread.join(seconds)
        return not self.alive

    @property
    def alive(self) -> bool:
        """Whether the thread is running."""
        return self._thread is not None and self._thread.is_alive()

    def look(self) -> None:
        """Restart an ended service when its pause is over, and clear a failure that has not recurred."""
        now = self._clock()
        if self.stopping.is_set():
            return
        if not self.alive:
            if self._thread is not None and not self._crash:  # it ended without a word: its body never does
                self._failed(messages.ENDED(), None)
            if now >= self._not_before:
                self.start()
        elif not self._periodic and now - self._started >= self._periods.healthy:
            self._well()

    def status(self) -> Status:
        """Return the present state."""
        now = self._clock()
        with self._lock:
            since, problem = self._failing_since, self._reported or self._crash
            last_run, runs, run_seconds = self._last_run, self._runs, self._run_seconds
        running = self.alive
        stuck = running and self._beat is not None and now - self._beat > self._periods.stuck
        if stuck and self._beat is not None:
            problem, since = problem or messages.STUCK(), since or self._beat
        state: State = "running" if not problem else "failing" if running else "restarting"
        if self.stopping.is_set() and not running:
            state = "stopped"
        next_try = max(0.0, self._not_before - now) if state == "restarting" else None
        return Status(
            self.name,
            state,
            problem,
            failing_for=now - since if since is not None else 0.0,
            restarts=self._restarts,
            next_try=next_try,
            last_run=now - last_run if last_run is not None else None,
            runs=runs,
            run_seconds=run_seconds,
        )

    def _body(self) -> None:
        try:
            self._run(self)
        except BaseException as e:  # noqa: BLE001 - whatever ends a service, even SystemExit, is one failure of it
            self._failed(self._explain(e), e)
        else:
            if not self.stopping.is_set():
                self._failed(messages.ENDED(), None)

    def _ran(self, began: float) -> None:
        with self._lock:
            self._last_run = self._clock()
            self._runs += 1
            self._run_seconds += self._last_run - began
        self._well()

    def _well(self) -> None:
        """Clear the last failure: a periodic service has done its work again, another one has been running for a
        while.
        """
        with self._lock:
            if self._crash:
                log.info("%s: working again", self.name)
            self._crash = None
            self._backoff.reset()
            if not self._reported:
                self._failing_since = None

    def _failed(self, problem: Message, error: BaseException | None) -> None:
        with self._lock:
            pause = self._backoff.take()
            repeated = problem == self._crash
            self._crash, self._reported = problem, None
            self._not_before = self._clock() + pause
            self._restarts += 1
            self._fail_since_now()
        self._wake.set()
        if self.stopping.is_set():
            log.warning("%s: %s, while it was stopping", self.name, problem)
        else:  # one traceback a kind of failure: the same one would fill the log with each try
            log.error(
                "%s failed: %s; restarting in %.0f s",
                self.name,
                problem,
                pause,
                exc_info=None if repeated else error,
                extra={"problem": str(problem)},
            )

    def _fail_since_now(self) -> None:
        if self._failing_since is None:
            self._failing_since = self._clock()
