"""The running program, for benchmarks of its web server."""

import contextlib
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

NEWSLETTER = [sys.executable, "-m", "newsletter"]


@dataclass
class Used:
    """The id of a program's process, and its seconds of CPU time, start included; 0 until it has ended."""

    process: int
    seconds: float = 0.0


@contextlib.contextmanager
def serving(place: Path, port: int) -> Iterator[Used]:
    """Run the web server alone in a folder with a config.toml and a database."""
    command = [*NEWSLETTER, "run", "--no-schedule", "--no-send", "--host", "127.0.0.1", "--port", str(port)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    with (place / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=place, stdout=log, stderr=log)
    used = Used(process.pid)
    try:
        wait_for(port)
        yield used
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        used.seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def wait_for(port: int) -> None:
    """Wait until a server listens on a port of loopback. Raises TimeoutError after a minute."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise TimeoutError(port)
