"""The state of a sending engine: active chunks, which messages were begun and with which outcome, and why to stop.

Every recipient of a chunk is waiting, in flight, or has one outcome. The journal logs a message before its final dot is
written, and again after the reply; once it can't be written, nothing more is begun.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from newsletter.config import DeliverySettings
from newsletter.delivery import outcome as outcomes
from newsletter.delivery.active_chunk import ActiveChunk, ConnectionProblem, DeliveryJob
from newsletter.delivery.circuit import Circuit
from newsletter.delivery.dispatch import Dispatch
from newsletter.delivery.dkim import Signer, signing
from newsletter.delivery.journal import Journal, JournalError
from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.delivery.retries import reconnect_delay
from newsletter.domain.batch import Batch, ChunkKey
from newsletter.domain.encoded_email import EncodedEmail, Header
from newsletter.domain.outcome import Fault, Outcome
from newsletter.messages import Message
from newsletter.mime.message_builder import InvalidRecipientValue, MessageBuilder

REFILL_BELOW = 100
"""If no more messages than this are waiting, the next chunk is begun."""


boottime = partial(time.clock_gettime, time.CLOCK_BOOTTIME)
"""Seconds since the machine started, including time suspended; leases are measured with it."""


class InFlight:
    """What the engine is sending. `on_change` is called when a chunk may be settled or begun."""

    def __init__(
        self,
        delivery: DeliverySettings,
        journal: Journal,
        signers: Sequence[Signer],
        now: Callable[[], float],
        on_change: Callable[[], None],
        headers: tuple[Header, ...] = (),
    ) -> None:
        self.chunks: dict[ChunkKey, ActiveChunk] = {}
        self.pauses: dict[str, Message] = {}
        self.journal_problem: Message | None = None
        self.unreachable: tuple[float, Message] | None = None
        self.refill_below = REFILL_BELOW
        self.outcome_count = 0
        self.dispatch = Dispatch(delivery.rate, delivery.domains)
        self._journal = journal
        self._signers = signers
        self._headers = headers
        self._now = now
        self._on_change = on_change
        self._circuits: dict[str, Circuit] = {}
        self._guard_minimum = delivery.guard.minimum
        self._builders: dict[str, tuple[EncodedEmail, MessageBuilder]] = {}
        self._refill_requested = False

    # Chunks

    def begin(self, batch: Batch) -> None:
        """Let the chunk's messages be sent. Raises `JournalError`, and `ValueError` for an email with slots that can't
        be filled.
        """
        builder = self._builder(batch)
        self._journal.begin(batch.edition, batch.chunk)
        chunk = ActiveChunk(batch, builder, self._now())
        chunk.lease(batch.lease_until, boottime())
        self.chunks[chunk.key] = chunk
        self._watch(batch)
        self._enqueue(chunk, [DeliveryJob(chunk, recipient) for recipient in batch.recipients])
        if chunk.done:
            self._on_change()

    def halt(self, condition: Callable[[ActiveChunk], bool]) -> None:
        """Begin nothing more of the chunks for which `condition` is true."""
        for chunk in self.chunks.values():
            if condition(chunk) and not chunk.halted:
                chunk.halted = True
                chunk.waiting = 0
                self._circuits.pop(chunk.batch.edition, None)
        self.dispatch.remove(lambda chunk: chunk.halted)
        self._on_change()

    def recall(self, chunk: ActiveChunk) -> list[DeliveryJob]:
        """Remove and return the chunk's waiting jobs, so that their recipients can be looked up again."""
        jobs = self.dispatch.remove(lambda waiting: waiting is chunk)
        chunk.waiting -= len(jobs)
        return jobs

    def readmit(self, chunk: ActiveChunk, jobs: Sequence[DeliveryJob], batch: Batch) -> None:
        """Let those of the recalled jobs wait again whose recipients are still in the batch."""
        chunk.checked = self._now()
        chunk.unsettled -= len(jobs) - len(batch.recipients)
        if not chunk.halted:
            still = {recipient.number for recipient in batch.recipients}
            self._enqueue(chunk, [job for job in jobs if job.recipient.number in still])

    def take_outcomes(self, chunk: ActiveChunk) -> list[Outcome]:
        """Return the outcomes since the last call."""
        outcomes, chunk.outcomes = chunk.outcomes, []
        return outcomes

    def settled(self, chunk: ActiveChunk, reported: int, *, finished: bool) -> None:
        """Note that this many outcomes are recorded durably; a finished chunk is forgotten."""
        chunk.unsettled -= reported
        if finished:
            del self.chunks[chunk.key]
            try:
                self._journal.forget(*chunk.key)
            except JournalError as e:
                self.give_up(e.message)

    def give_up(self, problem: Message) -> None:
        """Begin nothing more, because the journal can't be written."""
        if self.journal_problem is None:
            self.journal_problem = problem
            self.halt(lambda chunk: True)

    # Called by the carrier (see DeliveryCallbacks)

    def take(self) -> DeliveryJob | None:
        """Return the next job; None if there is none now."""
        now = self._now()
        while job := self.dispatch.take(now):
            chunk = job.chunk
            if not self.lease_is_valid(job):
                self.dispatch.release(job, None, now)
                self.dispatch.schedule(job, now + 1)
                continue
            chunk.waiting -= 1
            chunk.in_flight += 1
            try:
                job.message = chunk.builder.build(job.recipient)
            except InvalidRecipientValue as e:
                fault = Fault.RECIPIENT if e.status == "5.1.3" else Fault.CONTENT
                self.refuse(job, fault, e.status, e.message)
                continue
            if not self._refill_requested and self.dispatch.ready <= self.refill_below:
                self._refill_requested = True
                self._on_change()
            return job
        self._on_change()
        return None

    def lease_is_valid(self, job: DeliveryJob) -> bool:
        """Return whether enough of the lease is left to send the message."""
        return boottime() <= job.chunk.usable_until

    def log_intent(self, job: DeliveryJob) -> bool:
        """Log that the final dot is written after the next `flush`. False: it must not be, and the job has been
        returned.
        """
        chunk = job.chunk
        if chunk.halted or self.journal_problem or not self.lease_is_valid(job):
            self._return(job, 1.0)
            return False
        self._journal.log_intent(*chunk.key, job.recipient.number, job.recipient.attempt, buffered=True)
        job.intent_logged = True
        return True

    def reply_received(self, job: DeliveryJob, phase: Phase, reply: Reply) -> None:
        """Record the reply that decides about the message."""
        number, attempt = job.recipient.number, job.recipient.attempt
        if phase is Phase.DOT and reply.positive:
            self._finish(job, outcomes.accepted(number, attempt, reply, time.time()), buffered=True)
        else:
            self._finish(job, outcomes.from_reply(number, attempt, phase, reply, time.time()), buffered=True)

    def flush(self) -> bool:
        """Write buffered journal records, with one write for all connections that have received data.

        Returns False if the journal can't be written: nothing may be sent then.
        """
        try:
            self._journal.flush()
        except JournalError as e:
            self.give_up(e.message)
        return self.journal_problem is None

    def refuse(self, job: DeliveryJob, fault: Fault, status: str, problem: Message) -> None:
        """Record that the message can't be sent to this recipient."""
        recipient = job.recipient
        self._finish(
            job, outcomes.refused_locally(recipient.number, recipient.attempt, fault, status, problem, time.time())
        )

    def return_undelivered(
        self,
        job: DeliveryJob,
        problem: Message,
        phase: Phase | None = None,
        reply: Reply | None = None,
        *,
        uncounted: bool = False,
    ) -> None:
        """Try the message again soon on another connection, up to a limit: it was certainly not delivered."""
        job.tries += not uncounted
        delay = 0.0 if uncounted else reconnect_delay(job.tries)
        outcome = outcomes.disconnected(job.recipient.number, job.recipient.attempt, problem, time.time(), reply)
        halted = job.chunk.halted or self.journal_problem is not None
        if delay is None or (halted and job.intent_logged):
            self._finish(job, outcome)
            return
        if job.intent_logged:
            self._write(job, outcomes.redacted(outcome, job.recipient.address))
            job.intent_logged = False
        if not uncounted:
            self._record(job, outcome)
        self._return(job, delay, outcome if phase is Phase.RCPT else None)

    def outcome_received(self, job: DeliveryJob, outcome: Outcome) -> None:
        """Record the outcome from a provider's API."""
        self._finish(job, outcome, buffered=True)

    def return_untried(self, job: DeliveryJob, problem: Message) -> None:
        """Let the message wait again, or return it with its chunk: it was certainly not delivered."""
        if job.intent_logged:
            outcome = outcomes.disconnected(job.recipient.number, job.recipient.attempt, problem, time.time())
            self._write(job, outcomes.redacted(outcome, job.recipient.address))
            job.intent_logged = False
        self._return(job, 0.0)

    def reply_lost(self, job: DeliveryJob, problem: Message) -> None:
        """Record that the final dot was written and no reply will arrive."""
        self._finish(job, outcomes.unknown(job.recipient.number, job.recipient.attempt, problem, time.time()))

    def connection_failed(self, problem: ConnectionProblem) -> None:
        """Remember since when no connection can be made, or pause all editions if an operator must change something."""
        if not problem.needs_operator:
            since = self.unreachable[0] if self.unreachable else self._now()
            self.unreachable = (since, problem.message)
            return
        for edition in {chunk.batch.edition for chunk in self.chunks.values() if not chunk.halted}:
            self.pause(edition, problem.message)

    def pause(self, edition: str, reason: Message) -> None:
        """Stop the edition; the engine reports it to the sink."""
        self.pauses.setdefault(edition, reason)
        self.halt(lambda chunk: chunk.batch.edition == edition)

    def _finish(self, job: DeliveryJob, outcome: Outcome, *, buffered: bool = False) -> None:
        chunk, outcome = job.chunk, outcomes.redacted(outcome, job.recipient.address)
        self._write(job, outcome, buffered=buffered)
        chunk.in_flight -= 1
        chunk.outcomes.append(outcome)
        self.outcome_count += 1
        self.dispatch.release(job, outcome, self._now())
        if reason := self._record(job, outcome):
            self.pause(chunk.batch.edition, reason)
        elif chunk.done:
            self._on_change()

    def _watch(self, batch: Batch) -> None:
        """Count the edition's outcomes; anew if its limit has changed, because it was resumed."""
        circuit = self._circuits.get(batch.edition)
        if circuit is None or circuit.bounce_limit != batch.bounce_limit:
            self._circuits[batch.edition] = Circuit(batch.bounce_limit, self._guard_minimum)

    def _record(self, job: DeliveryJob, outcome: Outcome) -> Message | None:
        """Count an outcome, and return the reason if its edition must be paused; one that was halted isn't counted."""
        circuit = self._circuits.get(job.chunk.batch.edition)
        return None if circuit is None or job.chunk.halted else circuit.record(outcome)

    def _return(self, job: DeliveryJob, delay: float, outcome: Outcome | None = None) -> None:
        """Let a job that was not attempted wait again, unless its chunk was halted."""
        chunk, now = job.chunk, self._now()
        chunk.in_flight -= 1
        self.dispatch.release(job, outcome, now)
        if chunk.halted:
            self._on_change()
        else:
            chunk.waiting += 1
            self.dispatch.schedule(job, now + delay)

    def _enqueue(self, chunk: ActiveChunk, jobs: Sequence[DeliveryJob]) -> None:
        chunk.waiting += len(jobs)
        self._refill_requested = False
        self.dispatch.add(jobs)

    def _write(self, job: DeliveryJob, outcome: Outcome, *, buffered: bool = False) -> None:
        try:
            self._journal.log_result(*job.chunk.key, outcome, buffered=buffered)
        except JournalError as e:
            self.give_up(e.message)

    def _builder(self, batch: Batch) -> MessageBuilder:
        cached = self._builders.get(batch.edition)
        if cached and cached[0] == batch.email:
            return cached[1]
        email = replace(batch.email, headers=batch.email.headers + self._headers)
        builder = MessageBuilder(email, signing(self._signers))
        self._builders[batch.edition] = (batch.email, builder)
        return builder
