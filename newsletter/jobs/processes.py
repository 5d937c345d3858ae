"""Starts the sending processes, watches them, and lets them end.

Promises: they are spawned, never forked; each ends when its pipe is closed, which the kernel does where this process is
killed; one that ended in trouble is started again after a pause that grows.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from newsletter.config import Config
from newsletter.delivery.pace import processes

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
GRACE = 30.0
"""Seconds that processes may take to end, all together; the engine waits for replies for a part of it."""


@dataclass(slots=True)
class Place:
    """One of the processes of a provider: the one that is there, if any, and how it went with the last one."""

    provider: str
    index: int
    of: int
    running: subprocess.Popen[str] | None = None
    not_before: float = 0.0
    pause: float = FIRST_PAUSE


@dataclass(slots=True)
class Fleet:
    """The sending processes of one sender. `problem` is what the last one said that could not go on."""

    configuration: Config
    places: dict[str, list[Place]] = field(default_factory=dict)
    problem: str = ""

    def keep(self, providers: Collection[str]) -> None:
        """See that the processes of these providers run, and no others."""
        for provider in list(self.places.keys() - set(providers)):
            self._end(self.places.pop(provider))
        for provider in providers:
            for place in self.places.setdefault(provider, self._places(provider)):
                self._look(place)

    def stop(self) -> None:
        """Let them all end, and wait for it."""
        for provider in list(self.places):
            self._end(self.places.pop(provider))

    def running(self) -> int:
        """How many there are."""
        return sum(p.running is not None for places in self.places.values() for p in places)

    def _places(self, provider: str) -> list[Place]:
        of = processes(self.configuration.delivery, len(os.sched_getaffinity(0))) if provider == "smtp" else 1
        return [Place(provider, index, of) for index in range(of)]

    def _look(self, place: Place) -> None:
        if place.running is not None and place.running.poll() is not None:
            self._ended(place, place.running)
        if place.running is None and time.monotonic() >= place.not_before:
            place.running = self._start(place)

    def _start(self, place: Place) -> subprocess.Popen[str]:
        words = [str(self.configuration.file), place.provider, str(place.index), str(place.of)]
        return subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "newsletter.jobs.process", *words],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _ended(self, place: Place, process: subprocess.Popen[str]) -> None:
        """It should not have: remember what it said, and leave it some time."""
        said, _ = process.communicate()
        if said.strip():
            self.problem = said.strip()
        else:
            ended = process.returncode
            log.warning("a sending process ended (%d); another takes its place in %.0f s", ended, place.pause)
        place.running = None
        place.not_before = time.monotonic() + place.pause
        place.pause = min(place.pause * 2, LONGEST_PAUSE)

    def _end(self, places: list[Place]) -> None:
        running = [place.running for place in places if place.running is not None]
        for process in running:
            if process.stdin:
                process.stdin.close()
        until = time.monotonic() + GRACE
        for process in running:
            self._wait(process, max(0.0, until - time.monotonic()))

    def _wait(self, process: subprocess.Popen[str], seconds: float) -> None:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("a sending process did not end within %.0f s; its journal tells what it did", GRACE)
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()
