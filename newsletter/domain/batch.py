"""Types that the sending engine and its caller exchange: chunks of an audience, and their outcomes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from newsletter.domain.encoded_email import EncodedEmail, Recipient
from newsletter.domain.outcome import Outcome
from newsletter.messages import Message


@dataclass(frozen=True, slots=True)
class Batch:
    """A claimed chunk of an edition's audience, as `WorkSource.next` returns it.

    A source that looks up recipients only in `begin` names them in `attempts`: the number of the next attempt by the
    recipient's number. `lease_until` is in seconds on CLOCK_BOOTTIME; 0.0 if no other machine could take the chunk.
    `bounce_limit` is the percentage of bounces above which the edition is paused; 0.0 for none.
    """

    edition: str
    chunk: int
    email: EncodedEmail
    recipients: Sequence[Recipient] = field(default_factory=tuple)
    lease_until: float = 0.0
    attempts: Mapping[int, int] = field(default_factory=dict)
    bounce_limit: float = 0.0


ChunkKey = tuple[str, int]
"""The name of an edition, and the id of a chunk of its audience."""


class WorkSource(Protocol):
    """Where the engine gets chunks. All calls, also those to the sink, come from one thread, one after the other."""

    def next(self, limit: int) -> Batch | None:
        """Claim and return the next chunk; None if there is nothing to do now.

        It has at most `limit` recipients, but at the end of a variant it may have up to twice as many as a full chunk.
        """

    def begin(self, batch: Batch) -> Batch:
        """Return the batch with its recipients as they are now; recipients who may not receive it are recorded as
        skipped.

        Called when a chunk is begun, and then every minute with the recipients that are left of it.
        """

    def renew_leases(self, chunks: Sequence[ChunkKey]) -> Mapping[ChunkKey, float]:
        """Renew the leases of active chunks and return each one's `lease_until`; the engine returns the others.

        Called about once a second; chunks of an edition that was paused or cancelled are missing from the result.
        """


class Sink(Protocol):
    """Where the engine reports outcomes."""

    def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:
        """Record outcomes durably: they are committed on return, and the journal forgets a finished chunk.

        `finished`: the engine is done with the chunk; its recipients without an outcome were not attempted and are
        returned to the queue.
        """

    def pause(self, edition: str, reason: Message) -> None:
        """Pause the edition; `reason` says the cause and the remedy."""
