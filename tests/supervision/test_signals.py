"""Signals at the worst moment, sent to a real process."""

import signal
import subprocess
import sys

import pytest

from newsletter.supervision import on_signals

IN_WAIT = """
import os, signal, threading
from newsletter.supervision import on_signals
stop = threading.Event()
with on_signals(stop.set, signal.SIGTERM):
    with stop._cond:  # as the main thread holds it inside of stop.wait
        os.kill(os.getpid(), signal.SIGTERM)
    print(stop.wait(10))
"""
REPEATED = """
import os, signal, threading
from newsletter.supervision import on_signals
counted = threading.Semaphore(0)
with on_signals(counted.release, signal.SIGTERM, signal.SIGINT):
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        os.kill(os.getpid(), number)
        print(counted.acquire(timeout=10))
print(signal.getsignal(signal.SIGTERM) is signal.SIG_DFL)
"""


@pytest.mark.e2e
@pytest.mark.parametrize(
    ("code", "said"), [(IN_WAIT, ["True"]), (REPEATED, ["True", "True", "True", "True"])], ids=["in wait", "repeated"]
)
def test_a_signal_never_waits_for_the_thread_that_it_interrupts(code: str, said: list[str]) -> None:
    done = subprocess.run([sys.executable, "-c", code], timeout=30, check=True, stdout=subprocess.PIPE, text=True)
    assert done.stdout.split() == said


def test_the_handlers_are_restored() -> None:
    before = signal.getsignal(signal.SIGUSR1)
    with on_signals(lambda: None, signal.SIGUSR1):
        assert signal.getsignal(signal.SIGUSR1) is not before
    assert signal.getsignal(signal.SIGUSR1) is before
