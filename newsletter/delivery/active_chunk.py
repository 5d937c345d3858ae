"""Active chunks and their delivery jobs, and the interface between the engine and a carrier of messages."""

import math
from dataclasses import dataclass
from typing import Protocol

from newsletter.delivery.outcome import Phase
from newsletter.delivery.reply import Reply
from newsletter.domain.batch import Batch, ChunkKey
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Fault, Outcome
from newsletter.messages import Message, delivery as messages
from newsletter.mime.message_builder import EncodedMessage, MessageBuilder

STOPPED = messages.STOPPED()
"""The reason why a message is returned that nothing is wrong with."""


class ActiveChunk:
    """A chunk that was begun, identified by `key`: its messages wait, are in flight, or have an outcome.

    `usable_until` is on CLOCK_BOOTTIME; with less than a third of the lease left, nothing more is begun. Waiting jobs
    of a `halted` chunk are returned.
    """

    __slots__ = (
        "_lease_until",
        "batch",
        "builder",
        "checked",
        "halted",
        "in_flight",
        "key",
        "outcomes",
        "unsettled",
        "usable_until",
        "waiting",
    )

    def __init__(self, batch: Batch, builder: MessageBuilder, now: float) -> None:
        self.batch = batch
        self.key: ChunkKey = (batch.edition, batch.chunk)
        self.builder = builder
        self.checked = now
        self.halted = False
        self.in_flight = 0
        self.waiting = 0
        self.unsettled = len(batch.recipients)
        self.outcomes: list[Outcome] = []
        self.usable_until = math.inf
        self._lease_until = 0.0

    @property
    def done(self) -> bool:
        """Whether nothing is in flight, and nothing more will be begun."""
        return not self.in_flight and (self.halted or not self.waiting)

    def lease(self, until: float, now: float) -> None:
        """Set when the lease ends (0.0: no other machine could take the chunk), both times on CLOCK_BOOTTIME.

        An end that isn't later than the present one is ignored.
        """
        if until > self._lease_until:
            self._lease_until = until
            self.usable_until = now + (until - now) * 2 / 3  # math.inf stays math.inf


class DeliveryJob:
    """The delivery of one message to one recipient.

    `tries` counts connections that broke during it; `counted`: it is among its domain's messages in flight;
    `intent_logged`: the journal has logged the intent to send its final dot.
    """

    __slots__ = ("chunk", "counted", "domain", "intent_logged", "message", "recipient", "tries")

    message: EncodedMessage

    def __init__(self, chunk: ActiveChunk, recipient: Recipient) -> None:
        self.chunk = chunk
        self.recipient = recipient
        self.domain = recipient.domain
        self.tries = 0
        self.counted = False
        self.intent_logged = False


@dataclass(frozen=True, slots=True)
class ConnectionProblem:
    """Why no connection can be made. `needs_operator`: login or TLS failed, so that waiting does not help."""

    message: Message
    needs_operator: bool


class DeliveryCallbacks(Protocol):
    """What a carrier calls to get jobs, and to report on each job that it took with one of these calls."""

    def take(self) -> DeliveryJob | None:
        """Return the next job; None if there is none now."""

    def lease_is_valid(self, job: DeliveryJob) -> bool:
        """Return whether the message may still be sent; to be called right before it is written."""

    def log_intent(self, job: DeliveryJob) -> bool:
        """Log that the final dot is written after the next `flush`. False: it must not be, and the job has been
        returned.
        """

    def reply_received(self, job: DeliveryJob, phase: Phase, reply: Reply) -> None:
        """Report the reply that decides about the message, other than 421."""

    def refuse(self, job: DeliveryJob, fault: Fault, status: str, problem: Message) -> None:
        """Report that the server can't take this message; it was not asked."""

    def return_undelivered(
        self,
        job: DeliveryJob,
        problem: Message,
        phase: Phase | None = None,
        reply: Reply | None = None,
        *,
        uncounted: bool = False,
    ) -> None:
        """Return a message that was certainly not delivered: the connection broke before the final dot, or the reply
        was 421.

        `uncounted`: the connection broke during another message, and this is no attempt of its own.
        """

    def outcome_received(self, job: DeliveryJob, outcome: Outcome) -> None:
        """Report the outcome from a provider's API."""

    def return_untried(self, job: DeliveryJob, problem: Message) -> None:
        """Return a message that was certainly not delivered for an unrelated reason, which does not count as an
        attempt.
        """

    def reply_lost(self, job: DeliveryJob, problem: Message) -> None:
        """Report that the final dot was written, and that no reply will arrive."""

    def connection_failed(self, problem: ConnectionProblem) -> None:
        """Report that no connection can be made."""

    def flush(self) -> bool:
        """Write buffered journal records; to be called before final dots are written and before waiting.

        False: the journal can't be written, and no final dot may be; the carrier calls `return_undelivered` for the
        jobs.
        """


class Carrier(Protocol):
    """Sends the messages that it gets from `DeliveryCallbacks`."""

    def __len__(self) -> int:
        """Return the number of open connections."""

    def pump(self) -> None:
        """Begin messages; called when there may be some."""

    def tick(self, now: float, waiting: int) -> None:
        """Check deadlines and open connections for `waiting` messages; called every few hundredths of a second."""

    def limit(self, connections: int, per_second: float) -> None:
        """Use no more connections than this from now on; 0.0 for no rate. Those above it are closed after the messages
        in flight.
        """

    @property
    def over(self) -> bool:
        """Whether more connections are open than the limit, because it was lowered."""

    def drop_halted(self) -> None:
        """Return messages of halted chunks whose final dot is not written."""

    async def close(self, grace: float) -> None:
        """Begin nothing more; wait at most `grace` seconds for replies to final dots, then close all connections."""
