"""The connection between a sender and a sending process, which is the process's standard input.

The process gets the configuration, and then its limits, whenever they change. A process that read `config.toml` again
might see it half edited, or with other values than its parent. The secret key is included, so that the process signs
links as its parent does. It answers with the number of the limits that it keeps.
"""

import os
import select
import threading
import time
from contextlib import suppress
from dataclasses import replace
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import NamedTuple

from django.conf import settings

from newsletter.config import Config
from newsletter.delivery.limits import Limits

LONGEST_LOOK = 5.0
"""Seconds between two looks for signs of life that count at most; the sender looks every second."""


class NumberedLimits(NamedTuple):
    """The limits that a process must keep from now on; None: it ends after the messages in flight."""

    number: int
    limits: Limits | None


class Heartbeat(NamedTuple):
    """What a process sends every few seconds; `working`: it is connected to the server, or has nothing to do."""

    working: bool


class WorkerConnection:
    """The parent's end. `working` is whether the process ever was."""

    def __init__(self) -> None:
        self._ours, self._theirs = Pipe()
        self._sent = self._kept = 0
        self._looked = time.monotonic()
        self._silent = 0.0
        self._heard = False
        self.working = False

    def fileno(self) -> int:
        """Return the descriptor that becomes the process's standard input."""
        return self._theirs.fileno()

    def send_configuration(self, configuration: Config) -> None:
        """Pass a validated configuration to the process, which has been started."""
        self._theirs.close()
        self._send(replace(configuration, site=replace(configuration.site, secret_key=settings.SECRET_KEY)))

    def send_limits(self, limits: Limits | None) -> None:
        """Pass limits to the process; None: it ends after the messages in flight."""
        self._sent += 1
        self._send(NumberedLimits(self._sent, limits))

    def keeps_limits(self) -> bool:
        """Return whether the process keeps the limits that it got last."""
        self._receive()
        return self._kept == self._sent

    def silent_for(self) -> float:
        """Return for how many seconds the process has given no sign of life while this one looked.

        Between two looks, at most LONGEST_LOOK counts: if this process stood still, the other one probably did, too.
        """
        self._receive()
        now = time.monotonic()
        self._silent = 0.0 if self._heard else self._silent + min(now - self._looked, LONGEST_LOOK)
        self._looked, self._heard = now, False
        return self._silent

    def _receive(self) -> None:
        """Read what the process has sent."""
        with suppress(EOFError, OSError):  # it ended
            while self._ours.poll():
                report = self._ours.recv()
                self._heard = True
                if isinstance(report, Heartbeat):
                    self.working = self.working or report.working
                else:
                    self._kept = report

    def close(self) -> None:
        """Let the process end."""
        self._ours.close()

    def _send(self, what: Config | NumberedLimits) -> None:
        with suppress(OSError):  # it ended: see its status
            self._ours.send(what)


class ParentConnection:
    """The process's end. Raises EOFError or OSError when the parent has ended."""

    def __init__(self, descriptor: int) -> None:
        self._connection = Connection(os.dup(descriptor))
        self._lock = threading.Lock()

    def receive_configuration(self) -> Config:
        """Return the configuration."""
        received: Config = self._connection.recv()
        return received

    def receive_limits(self) -> NumberedLimits:
        """Wait for the next limits."""
        received: NumberedLimits = self._connection.recv()
        return received

    def confirm(self, number: int) -> None:
        """Report that the limits of this number are kept."""
        self._send(number)

    def live(self, *, working: bool) -> None:
        """Give a sign of life, unless the parent has not read the last ones for long: it stands still itself."""
        with self._lock:
            _, writable, _ = select.select([], [self._connection], [], 0)
        if writable:
            self._send(Heartbeat(working))

    def _send(self, report: int | Heartbeat) -> None:
        with suppress(OSError), self._lock:  # the parent ended
            self._connection.send(report)
