"""The accounts of what is in hand: which mail is begun, what became of it, and when an edition has to stop.

Promises: every reader of a chunk is waiting, in flight, or has one outcome; the journal hears of a mail before
its final dot is written and after its reply; once it cannot be written nothing more is begun.
"""

import time
from collections.abc import Callable, Sequence
from functools import partial

from newsletter.config import Delivery
from newsletter.delivery import outcome as outcomes
from newsletter.delivery.circuit import Circuit
from newsletter.delivery.dispatch import Dispatch
from newsletter.delivery.dkim import Signer
from newsletter.delivery.held import Held, Job, Trouble
from newsletter.delivery.journal import Journal, JournalError
from newsletter.delivery.message import BadReader, Prepared
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.delivery.retry import reconnect_delay
from newsletter.mail import Batch, Chunk, Fault, Kind, Outcome, Segments

LOW = 100
"""With no more mails than this waiting the next chunk is begun."""


boottime = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
"""Seconds since the machine started, sleep included: leases are measured by it."""


class Shift:
    """What the engine has in hand. `news` is called when there is something to settle or to begin."""

    def __init__(
        self,
        delivery: Delivery,
        journal: Journal,
        signers: Sequence[Signer],
        now: Callable[[], float],
        news: Callable[[], None],
    ) -> None:
        self.held: dict[Chunk, Held] = {}
        self.pauses: dict[str, str] = {}
        self.broken: str | None = None
        self.unreachable: tuple[float, str] | None = None
        self.low = LOW
        self.counts = dict.fromkeys(Kind, 0)
        self.dispatch = Dispatch(delivery.rate, delivery.domains)
        self._journal = journal
        self._signers = signers
        self._now = now
        self._news = news
        self._circuits: dict[str, Circuit] = {}
        self._prepared: dict[str, tuple[Segments, Prepared]] = {}
        self._hungry = False

    # Chunks.

    def begin(self, batch: Batch) -> None:
        """The chunk's mails may go; raises `JournalError`, and `ValueError` for segments that no reader can fill."""
        prepared = self._prepare(batch)
        self._journal.begin(batch.edition, batch.chunk)
        held = Held(batch, prepared, self._now())
        held.lease(batch.lease_until, boottime())
        self.held[held.key] = held
        self._circuits.setdefault(batch.edition, Circuit())
        self._wait(held, [Job(held, reader) for reader in batch.readers])
        if held.done:
            self._news()

    def halt(self, wanted: Callable[[Held], bool]) -> None:
        """Nothing more of some chunks is begun."""
        for held in self.held.values():
            if wanted(held) and not held.halted:
                held.halted = True
                held.waiting = 0
        self.dispatch.drop(lambda held: held.halted)
        self._news()

    def recall(self, held: Held) -> list[Job]:
        """Take back what waits of a chunk, to look at it again."""
        jobs = self.dispatch.drop(lambda other: other is held)
        held.waiting -= len(jobs)
        return jobs

    def readmit(self, held: Held, jobs: Sequence[Job], batch: Batch) -> None:
        """Those of the recalled jobs whose readers are still in the batch wait again."""
        held.checked = self._now()
        held.unsettled -= len(jobs) - len(batch.readers)
        if not held.halted:
            still = {reader.number for reader in batch.readers}
            self._wait(held, [job for job in jobs if job.reader.number in still])

    def report(self, held: Held) -> list[Outcome]:
        """The outcomes since the last report."""
        found, held.outcomes = held.outcomes, []
        return found

    def settled(self, held: Held, reported: int, *, finished: bool) -> None:
        """So many outcomes are recorded for good; a finished chunk is forgotten."""
        held.unsettled -= reported
        if finished:
            del self.held[held.key]
            try:
                self._journal.settled(*held.key)
            except JournalError as e:
                self.give_up(str(e))

    def give_up(self, problem: str) -> None:
        """The journal cannot be written: nothing more is begun."""
        if self.broken is None:
            self.broken = problem
            self.halt(lambda held: True)

    # What a carrier asks and says.

    def take(self) -> Job | None:
        """The next mail; None where there is none now."""
        now = self._now()
        while job := self.dispatch.take(now):
            held = job.chunk
            if not self.ours(job):
                self.dispatch.release(job, None, now)
                self.dispatch.again(job, now + 1)
                continue
            held.waiting -= 1
            held.in_flight += 1
            try:
                job.mail = held.prepared.mail(job.reader)
            except BadReader as e:
                fault = Fault.READER if e.status == "5.1.3" else Fault.CONTENT
                self.refuse(job, fault, e.status, e.text)
                continue
            if not self._hungry and self.dispatch.ready <= self.low:
                self._hungry = True
                self._news()
            return job
        self._news()
        return None

    def ours(self, job: Job) -> bool:
        """There is still so much left of the lease that its mail may go."""
        return boottime() <= job.chunk.usable_until

    def about(self, job: Job) -> bool:
        """Its final dot is written after the next `flush`. False: it must not be, and the job has gone back."""
        held = job.chunk
        if held.halted or self.broken or not self.ours(job):
            self._hand_back(job, 1.0)
            return False
        self._journal.about(*held.key, job.reader.number, job.reader.attempt, soon=True)
        job.about = True
        return True

    def replied(self, job: Job, phase: Phase, reply: Reply) -> None:
        """The reply that decides about the mail."""
        number, attempt = job.reader.number, job.reader.attempt
        if phase is Phase.DOT and reply.positive:
            self._finish(job, outcomes.accepted(number, attempt, reply, time.time()), soon=True)
        else:
            self._finish(job, outcomes.verdict(number, attempt, phase, reply, time.time()), soon=True)

    def flush(self) -> bool:
        """What came back, and what is about to go, is in the journal from here on: one write for all of a moment.

        False: it cannot be written, and nothing may go.
        """
        try:
            self._journal.flush()
        except JournalError as e:
            self.give_up(str(e))
        return self.broken is None

    def refuse(self, job: Job, fault: Fault, status: str, text: str) -> None:
        """The mail cannot go out to this reader."""
        reader = job.reader
        self._finish(job, outcomes.refused_here(reader.number, reader.attempt, fault, status, text, time.time()))

    def back(
        self,
        job: Job,
        problem: str,
        phase: Phase | None = None,
        reply: Reply | None = None,
        *,
        innocent: bool = False,
    ) -> None:
        """Certainly not taken: tried again on another connection soon, up to a bound."""
        job.tries += not innocent
        delay = 0.0 if innocent else reconnect_delay(job.tries)
        outcome = outcomes.broken(job.reader.number, job.reader.attempt, problem, time.time(), reply)
        halted = job.chunk.halted or self.broken is not None
        if delay is None or (halted and job.about):
            self._finish(job, outcome)
            return
        if job.about:
            self._write(job, outcomes.without(outcome, job.reader.address))
            job.about = False
        if not innocent:
            self._circuits[job.chunk.batch.edition].see(outcome)
        self._hand_back(job, delay, outcome if phase is Phase.RCPT else None)

    def lost(self, job: Job, problem: str) -> None:
        """The final dot was written, and no reply will come."""
        self._finish(job, outcomes.unknown(job.reader.number, job.reader.attempt, problem, time.time()))

    def trouble(self, trouble: Trouble) -> None:
        """No connection can be had: at present, or until somebody has changed something."""
        if not trouble.ours:
            since = self.unreachable[0] if self.unreachable else self._now()
            self.unreachable = (since, trouble.problem)
            return
        for edition in {held.batch.edition for held in self.held.values() if not held.halted}:
            self.pause(edition, trouble.problem)

    def pause(self, edition: str, reason: str) -> None:
        """The edition must stop; the engine tells the sink."""
        self.pauses.setdefault(edition, reason)
        self._circuits[edition] = Circuit()
        self.halt(lambda held: held.batch.edition == edition)

    def _finish(self, job: Job, outcome: Outcome, *, soon: bool = False) -> None:
        held, outcome = job.chunk, outcomes.without(outcome, job.reader.address)
        self._write(job, outcome, soon=soon)
        held.in_flight -= 1
        held.outcomes.append(outcome)
        self.counts[outcome.kind] += 1
        self.dispatch.release(job, outcome, self._now())
        reason = self._circuits[held.batch.edition].see(outcome)
        if reason and not held.halted:
            self.pause(held.batch.edition, reason)
        elif held.done:
            self._news()

    def _hand_back(self, job: Job, delay: float, outcome: Outcome | None = None) -> None:
        """Not begun after all: it waits again, unless its chunk was halted."""
        held, now = job.chunk, self._now()
        held.in_flight -= 1
        self.dispatch.release(job, outcome, now)
        if held.halted:
            self._news()
        else:
            held.waiting += 1
            self.dispatch.again(job, now + delay)

    def _wait(self, held: Held, jobs: Sequence[Job]) -> None:
        held.waiting += len(jobs)
        self._hungry = False
        self.dispatch.add(jobs)

    def _write(self, job: Job, outcome: Outcome, *, soon: bool = False) -> None:
        try:
            self._journal.came(*job.chunk.key, outcome, soon=soon)
        except JournalError as e:
            self.give_up(str(e))

    def _prepare(self, batch: Batch) -> Prepared:
        known = self._prepared.get(batch.edition)
        if known and known[0] == batch.segments:
            return known[1]
        prepared = Prepared(batch.segments, self._signers)
        self._prepared[batch.edition] = (batch.segments, prepared)
        return prepared
