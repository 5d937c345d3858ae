"""Chunks in hand and the mails that are made of them, and what a carrier of mails may ask and say of them."""

import math
from dataclasses import dataclass
from typing import Protocol

from newsletter.delivery.message import Mail, Prepared
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.mail import Batch, Chunk, Fault, Outcome, Reader

STOPPED = "sending was stopped"
"""Why a mail goes back that nothing is wrong with."""


class Held:
    """A chunk that was begun, named `key`: its mails wait, are in flight, or have an outcome.

    `usable_until` is on CLOCK_BOOTTIME: with less than a third of the lease left nothing more is begun.
    `halted`: what waits of it goes back.
    """

    __slots__ = (
        "_lease_until",
        "batch",
        "checked",
        "halted",
        "in_flight",
        "key",
        "outcomes",
        "prepared",
        "unsettled",
        "usable_until",
        "waiting",
    )

    def __init__(self, batch: Batch, prepared: Prepared, now: float) -> None:
        self.batch = batch
        self.key: Chunk = (batch.edition, batch.chunk)
        self.prepared = prepared
        self.checked = now
        self.halted = False
        self.in_flight = 0
        self.waiting = 0
        self.unsettled = len(batch.readers)
        self.outcomes: list[Outcome] = []
        self.usable_until = math.inf
        self._lease_until = 0.0

    @property
    def done(self) -> bool:
        """Nothing of it is in flight, and nothing will be begun."""
        return not self.in_flight and (self.halted or not self.waiting)

    def lease(self, until: float, now: float) -> None:
        """The lease holds until then (0.0: nobody else could take the chunk), both on CLOCK_BOOTTIME.

        One that was not renewed since is the shorter for it.
        """
        if until > self._lease_until:
            self._lease_until = until
            self.usable_until = until - (until - now) / 3


class Job:
    """One reader's mail on its way.

    `tries` counts connections that broke under it; `counted`: among its domain's mails in flight; `about`: the
    journal knows that its final dot was to be written.
    """

    __slots__ = ("about", "chunk", "counted", "domain", "mail", "reader", "tries")

    mail: Mail

    def __init__(self, chunk: Held, reader: Reader) -> None:
        self.chunk = chunk
        self.reader = reader
        self.domain = reader.address.rpartition("@")[2].lower()
        self.tries = 0
        self.counted = False
        self.about = False


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why no connection can be had. `ours`: the login or TLS failed, and waiting will not help."""

    problem: str
    ours: bool


class Work(Protocol):
    """Where a carrier gets its mails; every job that it takes comes back by one of these calls."""

    def take(self) -> Job | None:
        """The next mail; None where there is none now."""

    def ours(self, job: Job) -> bool:
        """Its mail may still go; to be asked right before it is written."""

    def about(self, job: Job) -> bool:
        """Its final dot is written after the next `flush`. False: it must not be, and the job has already gone back."""

    def replied(self, job: Job, phase: Phase, reply: Reply) -> None:
        """The reply that decides about the mail, other than 421."""

    def refuse(self, job: Job, fault: Fault, status: str, text: str) -> None:
        """The server cannot take this mail, and was not asked."""

    def back(
        self,
        job: Job,
        problem: str,
        phase: Phase | None = None,
        reply: Reply | None = None,
        *,
        innocent: bool = False,
    ) -> None:
        """Certainly not taken: the connection broke before the final dot, or 421 was the reply to a phase.

        `innocent`: it broke under another mail, whose reply was still to come.
        """

    def lost(self, job: Job, problem: str) -> None:
        """The final dot was written, and no reply will come."""

    def trouble(self, trouble: Trouble) -> None:
        """No connection can be had."""

    def flush(self) -> bool:
        """The journal has what was said since the last time: to be called before dots are written and before a rest.

        False: it cannot be written, and no dot may be; the carrier gives the jobs `back`.
        """


class Carrier(Protocol):
    """What carries mails away; it gets them from a `Work`."""

    def __len__(self) -> int:
        """Connections that stand."""

    def pump(self) -> None:
        """There may be something to do."""

    def tend(self, now: float, waiting: int) -> None:
        """Called every few hundredths of a second: look at deadlines, and open what `waiting` mails need."""

    def drop_halted(self) -> None:
        """Give back mails of halted chunks whose final dot is not written."""

    async def close(self, grace: float) -> None:
        """Begin nothing more; wait at most `grace` seconds for replies to final dots, give up the rest, and end."""
