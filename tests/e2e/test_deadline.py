"""A test that waits for a process that says nothing fails when its time is over."""

import subprocess
import sys
from collections.abc import Callable

import pytest

from tests.conftest import deadline

SILENT = [sys.executable, "-c", "input()"]


@pytest.mark.parametrize(
    "wait", [lambda process: process.stdout.readline(), lambda process: process.wait()], ids=["output", "end"]
)
def test_waiting_for_a_silent_process_ends(wait: "Callable[[subprocess.Popen[bytes]], object]") -> None:
    with subprocess.Popen(SILENT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        with pytest.raises(pytest.fail.Exception, match="the test took longer than 0 s"), deadline(0.2):
            wait(process)
        process.kill()


def test_a_test_that_ends_in_time_is_left_alone() -> None:
    with deadline(60):
        subprocess.run([sys.executable, "-c", ""], check=True)
