"""Starts, watches and stops the sending processes.

They are spawned, never forked. Each ends when its standard input is closed, which the kernel does if this process is
killed. One that failed is started again after a pause that grows. They share the limits of this machine, which may
change while they run.
"""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass, field

from newsletter.config import Config
from newsletter.delivery.limits import Limits
from newsletter.delivery.pace import process_count
from newsletter.domain.backoff import Backoff
from newsletter.messages import Message, failures as messages, from_text
from newsletter.sending.faults import explain
from newsletter.sending.handover import WorkerConnection

log = logging.getLogger(__name__)

FIRST_PAUSE, LONGEST_PAUSE = 1.0, 60.0
HEALTHY = 90.0
"""Seconds after which a running process has cleared its predecessor's problem, if it has reached the mail server."""

SILENT = 120.0
"""Seconds without a sign of life after which a process is replaced; they come every five seconds."""

KILL_SECONDS = 5.0
"""Seconds that the kernel may take to end a process."""

GRACE = 30.0
"""Seconds that all processes together may take to stop; during part of them, the engine waits for replies."""


@dataclass(slots=True)
class WorkerSlot:
    """One of a provider's processes: the one that is running, if any, and how the last one ended."""

    provider: str
    index: int
    of: int
    running: subprocess.Popen[str] | None = None
    connection: WorkerConnection | None = None
    hangs: bool = False
    started: float = 0.0
    not_before: float = 0.0
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_PAUSE, LONGEST_PAUSE))
    problem: Message | None = None
    ended: Message | None = None


@dataclass(slots=True)
class WorkerPool:
    """The sending processes of one sender.

    One that gives no sign of life for `silent` seconds is killed, and another one started. Until the kernel has ended
    it, its journal is locked, and nothing that it claimed is sent by others.
    """

    configuration: Config
    limits: Limits | None = None
    slots: dict[str, list[WorkerSlot]] = field(default_factory=dict)
    ending: list[WorkerSlot] = field(default_factory=list)
    changing: bool = False
    silent: float = SILENT
    replaced: tuple[float, Message] | None = None

    def limit(self, limits: Limits) -> None:
        """Let the processes keep these limits from now on; those that get no share of them end after their messages."""
        if limits == self.limits:
            return
        self.limits, self.changing = limits, True
        for provider, slots in self.slots.items():
            of = self._count(provider)
            for slot in slots[of:]:
                _send_limits(slot, None)
            self.ending += [slot for slot in slots[of:] if slot.running]
            self.slots[provider] = [*slots[:of], *(WorkerSlot(provider, index, of) for index in range(len(slots), of))]
            for index, slot in enumerate(self.slots[provider]):
                slot.index, slot.of = index, of
                _send_limits(slot, self._share(slot))

    @property
    def keeps_limits(self) -> bool:
        """Whether all processes keep the present limits: those that had more have closed connections, or ended."""
        for slot in self.ending:
            self._end_silent(slot)
            if slot.running is not None and slot.running.poll() is not None:
                slot.running.communicate()
                _close(slot)
                slot.running = None
        self.ending = [slot for slot in self.ending if slot.running is not None]
        running = [slot for slots in self.slots.values() for slot in slots if slot.running]
        within = not self.ending and all(_keeps_limits(slot) for slot in running)
        self.changing = self.changing and not within
        return within

    @property
    def problem(self) -> Message | None:
        """Why a process could not continue, or was replaced a short while ago; None if all of them are sending."""
        if self.replaced and time.monotonic() - self.replaced[0] >= HEALTHY:
            self.replaced = None
        problem = next((p.problem for slots in self.slots.values() for p in slots if p.problem), None)
        return problem or (self.replaced[1] if self.replaced else None)

    @property
    def unstable(self) -> Message | None:
        """How processes end that repeatedly end without a sentence; None if none does."""
        slots = (slot for of_provider in self.slots.values() for slot in of_provider)
        return next((slot.ended for slot in slots if slot.backoff.pause > 2 * FIRST_PAUSE), None)

    def ensure_running(self, providers: Collection[str]) -> None:
        """Start the processes of these providers that aren't running, and stop all others."""
        for provider in list(self.slots.keys() - set(providers)):
            self._end(self.slots.pop(provider))
        for provider in providers:
            for slot in self.slots.setdefault(provider, self._slots(provider)):
                self._look(slot)

    def stop(self) -> None:
        """Stop all processes, and wait for them."""
        for provider in list(self.slots):
            self._end(self.slots.pop(provider))
        self._end(self.ending)
        self.ending = []

    def running(self) -> int:
        """Return the number of running processes."""
        return sum(p.running is not None for slots in self.slots.values() for p in slots)

    def _slots(self, provider: str) -> list[WorkerSlot]:
        of = self._count(provider)
        return [WorkerSlot(provider, index, of) for index in range(of)]

    def _count(self, provider: str) -> int:
        delivery = self._limits.applied_to(self.configuration.delivery)
        return process_count(delivery, len(os.sched_getaffinity(0))) if provider == "smtp" else 1

    @property
    def _limits(self) -> Limits:
        return self.limits or Limits.of(self.configuration.delivery)

    def _share(self, slot: WorkerSlot) -> Limits:
        return self._limits.share(slot.index, slot.of)

    def _look(self, slot: WorkerSlot) -> None:
        self._end_silent(slot)
        is_working = slot.connection is not None and slot.connection.working
        if slot.running is not None and slot.running.poll() is not None:
            self._ended(slot, slot.running)
        elif slot.running is not None and is_working and time.monotonic() - slot.started >= HEALTHY:
            slot.problem, slot.ended = None, None
            slot.backoff.reset()
        if slot.running is None and time.monotonic() >= slot.not_before and (not self.changing or self.keeps_limits):
            slot.started = time.monotonic()
            try:
                slot.running = self._start(slot)
            except OSError as e:
                slot.problem = messages.PROCESS_NOT_STARTED(problem=explain(e))
                self._put_off(slot)

    def _end_silent(self, slot: WorkerSlot) -> None:
        """Kill a process that gives no sign of life."""
        if slot.running is None or slot.connection is None or slot.running.poll() is not None:
            return
        seconds = slot.connection.silent_for()
        if seconds < self.silent:
            slot.hangs = False
            return
        slot.running.kill()
        try:
            slot.running.wait(KILL_SECONDS)
        except subprocess.TimeoutExpired:
            if not slot.hangs:
                log.warning("%s", messages.PROCESS_NOT_ENDED())
            slot.hangs, slot.problem = True, messages.PROCESS_NOT_ENDED()
            return
        reason = messages.PROCESS_SILENT(seconds=round(seconds))
        log.error("%s", reason)
        self.replaced = (time.monotonic(), reason)

    def _start(self, slot: WorkerSlot) -> subprocess.Popen[str]:
        slot.connection = connection = WorkerConnection()
        process = subprocess.Popen(  # noqa: S603 - our own words
            [sys.executable, "-m", "newsletter.sending.worker", slot.provider],
            stdin=connection.fileno(),
            stdout=subprocess.PIPE,
            text=True,
        )
        connection.send_configuration(self.configuration)
        connection.send_limits(self._share(slot))
        return process

    def _ended(self, slot: WorkerSlot, process: subprocess.Popen[str]) -> None:
        """Record how a process ended, and delay the next one."""
        output, _ = process.communicate()
        _close(slot)
        slot.running, slot.problem = None, from_text(output.strip(" \n"))
        if not slot.problem and self.replaced is None:
            slot.ended = messages.PROCESSES_END(status=str(process.returncode))
            pause = slot.backoff.pause
            log.warning("a sending process ended (%d); starting another in %.0f s", process.returncode, pause)
        self._put_off(slot)

    def _put_off(self, slot: WorkerSlot) -> None:
        """Delay the next start, a little longer each time."""
        slot.not_before = time.monotonic() + slot.backoff.take()

    def _end(self, slots: list[WorkerSlot]) -> None:
        for slot in slots:
            _close(slot)
        until = time.monotonic() + GRACE
        for slot in slots:
            if slot.running is not None:
                self._wait(slot.running, max(0.0, until - time.monotonic()))

    def _wait(self, process: subprocess.Popen[str], seconds: float) -> None:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            log.warning("a sending process did not end within %.0f s; its journal tells what it did", GRACE)
            process.kill()
            process.wait()
        if process.stdout:
            process.stdout.close()


def _keeps_limits(slot: WorkerSlot) -> bool:
    has_ended = slot.running is None or slot.running.poll() is not None
    return has_ended or slot.connection is None or slot.connection.keeps_limits()


def _send_limits(slot: WorkerSlot, limits: Limits | None) -> None:
    if slot.running is not None and slot.connection is not None:
        slot.connection.send_limits(limits)


def _close(slot: WorkerSlot) -> None:
    if slot.connection is not None:
        slot.connection.close()
