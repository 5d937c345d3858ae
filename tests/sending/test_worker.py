"""How a sending process ends, as its parent sees it."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from newsletter import config
from newsletter.config import DeliverySettings
from newsletter.delivery.limits import Limits
from newsletter.messages import Message, from_text
from newsletter.messages.general import TEXT
from newsletter.sending.handover import WorkerConnection
from newsletter.sending.worker import FAILED, OK, Control

PROGRAM = """
import sys
from newsletter.delivery.engine import EndReason, EngineResult
from newsletter.delivery.journal import JournalError
from newsletter.messages.general import TEXT
from newsletter.sending import worker

def send(*_):
    problem = TEXT(words=sys.argv[2]) if sys.argv[2] else None
    if sys.argv[1] == "raise":
        raise JournalError(problem)
    return EngineResult(EndReason.UNREACHABLE if problem else EndReason.STOPPED, problem)

worker.send_for_provider = send
sys.exit(worker.main(["smtp"]))
"""


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("how", "problem", "status"),
    [("return", TEXT(words="no connection"), FAILED), ("return", None, OK), ("raise", TEXT(words="no room"), FAILED)],
)
def test_a_process_prints_why_it_could_not_continue_and_nothing_else(
    how: str, problem: Message | None, status: int
) -> None:
    connection = WorkerConnection()
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, how, str(problem or "")],
        stdin=connection.fileno(),
        stdout=subprocess.PIPE,
        text=True,
    )
    connection.send_configuration(config.current())
    connection.send_limits(Limits.of(config.current().delivery))
    said, _ = process.communicate(timeout=60)
    connection.close()
    assert (from_text(said.strip()) if said else None, process.returncode) == (problem, status)


@pytest.mark.e2e
def test_a_process_whose_parent_is_gone_ends_quietly() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM, "return", ""], input="", capture_output=True, text=True, timeout=60, check=False
    )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("", "", OK)


class Engine:
    """A fake engine that records its calls."""

    def __init__(self) -> None:
        self.kept: list[int] = []
        self.stopped: list[float | None] = []

    def limit(self, limits: Limits, done: Callable[[], None]) -> None:
        self.kept.append(limits.connections)
        self.done = done

    def stop(self, grace: float | None = None) -> None:
        self.stopped.append(grace)


def limits(connections: int) -> Limits:
    return Limits.of(DeliverySettings(connections=connections))


def test_limits_are_confirmed_at_once_while_nothing_is_sent() -> None:
    confirmed: list[int] = []
    control = Control(limits(4), confirmed.append)
    control.limit(1, limits(2))
    assert confirmed == [1]
    assert control.limits == limits(2)


def test_limits_are_confirmed_when_the_engine_keeps_them_or_has_ended() -> None:
    confirmed: list[int] = []
    control, engine = Control(limits(4), confirmed.append), Engine()
    with control.running(engine):
        control.limit(1, limits(2))
        assert (engine.kept, confirmed) == ([4, 2], [])
        engine.done()
        control.limit(2, limits(1))
        assert confirmed == [1]
    assert confirmed == [1, 2]


def test_an_engine_that_starts_after_the_order_to_stop_is_stopped() -> None:
    control, engine = Control(limits(4)), Engine()
    control.stop(780.0)
    with control.running(engine):
        assert engine.stopped == [None]
