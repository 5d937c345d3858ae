"""Sending processes that end or can't be started are started again, after a pause that grows."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace

import pytest

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.delivery.limits import Limits
from newsletter.messages.delivery import NO_STARTTLS
from newsletter.sending import handover, worker_pool
from newsletter.sending.handover import WorkerConnection
from newsletter.sending.worker_pool import FIRST_PAUSE, HEALTHY, LONGEST_PAUSE, SILENT, WorkerPool

pytestmark = pytest.mark.e2e


class Clock:
    """A monotonic clock that tests set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    for module in (worker_pool, handover):  # the others, which wait with time-outs, keep a clock that goes on
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=made))
    return made


class Started:
    """Real processes that run a script instead of sending."""

    def __init__(self, code: str) -> None:
        self.code = code
        self.count = 0
        self.last: subprocess.Popen[str] | None = None

    def __call__(self, place: worker_pool.WorkerSlot) -> "subprocess.Popen[str]":
        self.count += 1
        place.connection = connection = WorkerConnection()
        self.last = subprocess.Popen(
            [sys.executable, "-c", self.code], stdin=connection.fileno(), stdout=subprocess.PIPE, text=True
        )
        connection.send_configuration(config.current())
        return self.last

    def ends(self) -> None:
        assert self.last is not None
        self.last.wait(30)


def fleet(monkeypatch: pytest.MonkeyPatch, code: str) -> tuple[WorkerPool, Started]:
    made, started = WorkerPool(config.current()), Started(code)
    monkeypatch.setattr(WorkerPool, "_start", lambda self, place: started(place))
    return made, started


def pauses(made: WorkerPool, started: Started, clock: Clock, count: int) -> list[float]:
    """Return the pause before each of `count` processes, after the end of the one before it."""
    found = []
    for _ in range(count):
        started.ends()
        before = started.count
        made.ensure_running({"file"})
        place = made.slots["file"][0]
        pause = place.not_before - clock.now
        clock.now = place.not_before - 0.01
        made.ensure_running({"file"})
        assert started.count == before, "it is not started before its pause is over"
        clock.now = place.not_before
        made.ensure_running({"file"})
        assert started.count == before + 1
        found.append(pause)
    return found


@pytest.mark.parametrize(("code", "problem"), [("print('the disk is full')", "the disk is full"), ("exit(3)", "")])
def test_each_pause_is_twice_the_one_before_up_to_the_longest(
    code: str, problem: str, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, started = fleet(monkeypatch, code)
    made.ensure_running({"file"})
    expected = [FIRST_PAUSE * 2**n for n in range(6)]
    assert pauses(made, started, clock, 8) == pytest.approx([*expected, LONGEST_PAUSE, LONGEST_PAUSE])
    assert str(made.problem or "") == problem
    assert str(made.unstable or "") == (
        "" if problem else "sending processes end unexpectedly (status 3); the log has the details"
    )
    started.ends()
    made.stop()


def test_a_process_that_does_not_end_in_time_is_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_pool, "GRACE", 0.05)
    made, started = fleet(monkeypatch, "import time; time.sleep(600)")
    made.ensure_running({"file"})
    made.stop()
    assert started.last is not None
    assert started.last.returncode == -signal.SIGKILL


def test_the_exit_status_of_a_silent_process_is_logged(
    clock: Clock, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    made, started = fleet(monkeypatch, "exit(3)")
    made.ensure_running({"file"})
    started.ends()
    made.ensure_running({"file"})
    assert "a sending process ended (3); starting another in 1 s" in caplog.text


LIVING = """
import sys
from newsletter.sending.handover import ParentConnection
parent = ParentConnection(sys.stdin.fileno())
parent.receive_configuration()
parent.live(working={working})
try:
    parent.receive_limits()
except EOFError:
    pass
"""


def heard(made: WorkerPool) -> None:
    """Wait until the process has sent what it sends."""
    connection = made.slots["file"][0].connection
    assert connection is not None
    assert connection._ours.poll(30)


def test_a_process_that_works_for_a_while_resets_the_pause(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    made, started = fleet(monkeypatch, "print('the disk is full')")
    made.ensure_running({"file"})
    pauses(made, started, clock, 2)
    started.ends()
    made.ensure_running({"file"})
    started.code = LIVING.format(working=True)
    clock.now += 100
    made.ensure_running({"file"})
    heard(made)
    clock.now += HEALTHY - 1
    made.ensure_running({"file"})
    assert str(made.problem) == "the disk is full"
    clock.now += 1
    made.ensure_running({"file"})
    assert (made.problem, made.slots["file"][0].backoff.pause) == (None, FIRST_PAUSE)
    made.stop()


def test_a_process_that_waits_for_the_server_as_the_one_before_it_keeps_the_problem(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, started = fleet(monkeypatch, "print('no reply to the greeting')")
    made.ensure_running({"file"})
    started.ends()
    made.ensure_running({"file"})
    started.code = LIVING.format(working=False)
    clock.now += 100
    made.ensure_running({"file"})
    heard(made)
    clock.now += HEALTHY + 100
    made.ensure_running({"file"})
    assert str(made.problem) == "no reply to the greeting"
    made.stop()


def test_a_process_that_gives_no_sign_of_life_is_killed_and_replaced(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, started = fleet(monkeypatch, LIVING.format(working=True))
    made.ensure_running({"file"})
    heard(made)
    made.ensure_running({"file"})
    stopped = started.last
    assert stopped is not None
    stopped.send_signal(signal.SIGSTOP)
    for _ in range(int(SILENT / 5) - 1):
        clock.now += 5
        made.ensure_running({"file"})
    assert (stopped.poll(), made.problem) == (None, None)
    clock.now += 5
    made.ensure_running({"file"})
    assert stopped.returncode == -signal.SIGKILL
    assert "gave no sign of life for 120 seconds" in str(made.problem)
    clock.now += 5
    made.ensure_running({"file"})
    assert started.count == 2
    clock.now += HEALTHY
    assert made.problem is None, "it is told for a while, also if nothing is left to send"
    made.stop()


def test_time_in_which_the_sender_stood_still_does_not_count(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    made, started = fleet(monkeypatch, LIVING.format(working=True))
    made.ensure_running({"file"})
    heard(made)
    for _ in range(5):
        made.ensure_running({"file"})
        clock.now += 1000
    made.ensure_running({"file"})
    assert started.count == 1
    assert made.problem is None
    made.stop()


def test_a_process_that_can_not_be_started_is_retried(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    made = WorkerPool(config.current())
    tries: list[float] = []

    def start(self: WorkerPool, place: worker_pool.WorkerSlot) -> "subprocess.Popen[str]":
        tries.append(clock.now)
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(WorkerPool, "_start", start)
    for _ in range(40):
        made.ensure_running({"file"})
        clock.now += 0.1
    assert tries == pytest.approx([1000.0, 1001.0, 1003.0], abs=0.2)
    assert str(made.problem).startswith("a sending process can't be started: Too many open files; raise the limit")


def test_a_process_says_its_problem_as_a_message(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = NO_STARTTLS(server="mail.example:25")
    made, started = fleet(monkeypatch, f"print({problem.to_text()!r})")
    made.ensure_running({"file"})
    started.ends()
    made.ensure_running({"file"})
    assert made.problem == problem


FOLLOWS = """
import sys
from newsletter.sending.handover import ParentConnection
parent = ParentConnection(0)
parent.receive_configuration()
parent.confirm(parent.receive_limits().number)
try:
    while (given := parent.receive_limits()).limits is not None:
        if given.limits.connections > 1:
            parent.confirm(given.number)
except EOFError:
    pass
"""
"""Confirms each order, but not one that leaves it a single connection."""


def eventually(condition: Callable[[], bool]) -> None:
    until = time.time() + 60
    while not condition():
        assert time.time() < until
        time.sleep(0.01)


def two_processes(monkeypatch: pytest.MonkeyPatch) -> tuple[WorkerPool, Callable[[int], Limits]]:
    """A pool with two processes that share eight connections, and what makes other limits."""
    given = config.current()
    delivery = DeliverySettings(processes=2, connections=8, domains={})
    made = WorkerPool(replace(given, delivery=delivery))
    popen = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", lambda words, **keys: popen([sys.executable, "-c", FOLLOWS], **keys))
    made.ensure_running({"smtp"})
    eventually(lambda: made.keeps_limits)
    assert made.running() == 2
    return made, lambda connections: Limits.of(DeliverySettings(connections=connections, domains={}))


def test_limits_are_kept_when_every_process_has_confirmed_them(monkeypatch: pytest.MonkeyPatch) -> None:
    made, limits = two_processes(monkeypatch)
    made.limit(limits(4))
    eventually(lambda: made.keeps_limits)
    made.limit(limits(3))
    assert not made.keeps_limits, "the second process has one connection, which it doesn't confirm"
    made.limit(limits(8))
    eventually(lambda: made.keeps_limits)
    made.stop()


def test_a_process_that_gets_no_connection_ends_and_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    made, limits = two_processes(monkeypatch)
    second = made.slots["smtp"][1].running
    assert second is not None
    made.limit(limits(1))
    assert not made.keeps_limits
    assert second.wait(60) == 0
    assert made.running() == 1
    made.limit(limits(3))
    eventually(lambda: made.keeps_limits)
    assert not made.ending
    made.stop()
