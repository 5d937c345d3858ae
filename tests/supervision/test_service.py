"""A supervised service: restarts with growing pauses, reports, and what is shown meanwhile."""

import ctypes
import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from newsletter.messages import Message
from newsletter.messages.general import TEXT
from newsletter.supervision import Periods, Service, Status, Supervisor
from newsletter.supervision.service import Run

QUICK = Periods(first_pause=0.02, longest_pause=0.05, healthy=0.3, stuck=0.3, look=0.01, grace=5.0)
Started = Callable[[Run], Service]


def eventually(holds: Callable[[], object], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.005)


@pytest.fixture
def started() -> Iterator[Started]:
    """Starts a service under a supervisor that runs in a thread of its own until the test ends."""
    stop, supervisor = threading.Event(), Supervisor(lambda error: TEXT(words=f"it said: {error}"), QUICK)
    watching = threading.Thread(target=supervisor.run, args=(stop,))

    def start(run: Run) -> Service:
        service = supervisor.add("worker", run)
        watching.start()
        return service

    yield start
    stop.set()
    watching.join()
    assert all(status.state == "stopped" for status in supervisor.statuses())


def kill(service: Service, with_what: type[BaseException] = SystemExit) -> None:
    """Raise this in the service's thread, wherever that is."""
    assert service._thread is not None
    assert service._thread.ident is not None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(service._thread.ident), ctypes.py_object(with_what))


def until_stopped(service: Service) -> None:
    while not service.stopping.wait(0.005):
        service.beat()


def test_a_service_that_runs_has_no_problem(started: Started) -> None:
    service = started(until_stopped)
    eventually(lambda: service.alive)
    assert service.status() == Status("worker", "running")


def test_a_service_that_raised_is_restarted_and_its_error_is_shown_until_it_has_run_for_a_while(
    started: Started, caplog: pytest.LogCaptureFixture
) -> None:
    runs: list[float] = []

    def run(service: Service) -> None:
        runs.append(time.monotonic())
        if len(runs) < 4:
            raise ValueError("no disk")
        until_stopped(service)

    service = started(run)
    eventually(lambda: len(runs) == 4)
    status = service.status()
    assert (str(status.problem), status.restarts) == ("it said: no disk", 3)
    assert status.failing_for > 0
    eventually(lambda: service.status() == Status("worker", "running", restarts=3))
    first, second = runs[1] - runs[0], runs[2] - runs[1]
    assert first >= QUICK.first_pause
    assert second >= 2 * QUICK.first_pause, "the second pause is twice the first"
    tracebacks = [record for record in caplog.records if record.levelno == logging.ERROR and record.exc_info]
    assert len(tracebacks) == 1, "the same failure is logged with its traceback once"


def test_the_pause_grows_no_longer_than_the_longest(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    service = Service("worker", lambda service: 1 / 0, str, Periods(), lambda: now[0])
    pauses: list[float] = []
    for _ in range(9):
        service.start()
        eventually(lambda: not service.alive)
        pauses.append(service._not_before - now[0])
        now[0] += 0.5
        service.look()
        assert not service.alive, "it is started only when the pause is over"
        now[0] = service._not_before
    assert pauses == [1, 2, 4, 8, 16, 32, 60, 60, 60]


@pytest.mark.parametrize("how", [SystemExit, KeyboardInterrupt, GeneratorExit, MemoryError])
def test_a_service_is_restarted_whatever_ended_its_thread(started: Started, how: type[BaseException]) -> None:
    runs: list[int] = []

    def run(service: Service) -> None:
        runs.append(1)
        until_stopped(service)

    service = started(run)
    eventually(lambda: runs)
    kill(service, how)
    eventually(lambda: len(runs) == 2)


def test_a_service_that_returns_has_failed(started: Started) -> None:
    runs: list[int] = []
    service = started(lambda service: runs.append(1))
    eventually(lambda: len(runs) > 2)
    assert str(service.status().problem) == "it ended unexpectedly"


def test_a_problem_that_it_goes_on_with_is_shown_until_it_is_over(started: Started) -> None:
    problem: list[Message | None] = [TEXT(words="the disk is full")]

    def run(service: Service) -> None:
        while not service.stopping.wait(0.005):
            service.report(problem[0])

    service = started(run)
    eventually(lambda: service.status().state == "failing")
    assert str(service.status().problem) == "the disk is full"
    problem[0] = None
    eventually(lambda: service.status() == Status("worker", "running"))


def test_a_service_that_stops_responding_is_shown_as_stuck(started: Started) -> None:
    def run(service: Service) -> None:
        service.beat()
        service.stopping.wait()

    service = started(run)
    eventually(lambda: str(service.status().problem) == "it has not responded for a while; restart the program")
    assert service.status().state == "failing"


def test_a_periodic_one_acts_at_the_start_with_each_call_and_again_after_a_failure(started: Started) -> None:
    acts: list[int] = []

    def act() -> None:
        acts.append(1)
        if len(acts) == 2:
            raise OSError("gone")

    service = started(lambda service: service.repeat(act))
    eventually(lambda: len(acts) == 1)
    time.sleep(2 * QUICK.stuck)
    status = service.status()
    assert (status.state, status.problem) == ("running", None), "to wait is not to be stuck"
    assert status.runs == 1
    service.call()
    eventually(lambda: len(acts) == 3)
    eventually(lambda: not service.status().problem)
    assert service.status().restarts == 1


def test_a_thread_that_the_system_does_not_give_is_asked_for_again(
    started: Started, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = [2]
    real = threading.Thread.start

    def start(thread: threading.Thread) -> None:
        if thread.name == "worker" and left[0]:
            left[0] -= 1
            raise RuntimeError("can't start new thread")
        real(thread)

    monkeypatch.setattr(threading.Thread, "start", start)
    service = started(until_stopped)
    eventually(lambda: service.alive)
    assert str(service.status().problem) == "can't start new thread"


def test_a_service_that_does_not_stop_is_abandoned_after_the_grace_period(caplog: pytest.LogCaptureFixture) -> None:
    let_go, stop = threading.Event(), threading.Event()
    supervisor = Supervisor(str, Periods(grace=0.2, look=0.01))
    supervisor.add("deaf", lambda service: let_go.wait() and None)
    stop.set()
    supervisor.run(stop)
    assert "deaf did not stop within 0 s" in caplog.text
    let_go.set()
