"""Sends emails to single people in batches, with the engine and the provider of the editions.

Every message is either reported to `done`, or the returned reason applies to it; nothing is retried.
"""

import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from newsletter.config import Config
from newsletter.delivery.engine import send
from newsletter.delivery.journal import Journal
from newsletter.domain.batch import Batch, ChunkKey
from newsletter.domain.encoded_email import EncodedEmail, Recipient
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import Message, Problem
from newsletter.messages.delivery import NOT_NOW
from newsletter.sending.engines import engine

PATIENCE = 5.0
NAME = "letter"

AT_ONCE = 50
"""The maximum recipients of one chunk. A kill may repeat messages whose outcomes were not reported yet."""

Done = Callable[[Sequence[Outcome]], None]
"""Called with outcomes as they arrive, in a thread of the engine; `Outcome.number` is the recipient's."""


class Outgoing(NamedTuple):
    """A message to one person; the recipient's `number` is unique in its batch."""

    email: EncodedEmail
    recipient: Recipient


class _Handout:
    """Provides the messages, and passes outcomes on (`WorkSource` and `Sink`)."""

    def __init__(self, messages: Sequence[Outgoing], done: Done) -> None:
        self._messages = deque(messages)
        self._done = done
        self.problem: Message | None = None

    def next(self, limit: int) -> Batch | None:
        """Return the next message, with the following ones that have the same email."""
        if not self._messages:
            return None
        email, first = self._messages.popleft()
        recipients = [first]
        while self._messages and self._messages[0].email is email and len(recipients) < min(limit, AT_ONCE):
            recipients.append(self._messages.popleft().recipient)
        return Batch(NAME, first.number, email, recipients)

    def begin(self, batch: Batch) -> Batch:
        """Return the batch unchanged: each message was made just now."""
        return batch

    def renew_leases(self, chunks: Sequence[ChunkKey]) -> Mapping[ChunkKey, float]:
        """Return no end for the leases: no other sender could take the messages."""
        return {} if self.problem else dict.fromkeys(chunks, 0.0)

    def settle(self, edition: str, chunk: int, outcomes: Sequence[Outcome], *, finished: bool) -> None:  # noqa: ARG002
        """Pass the outcomes on."""
        if outcomes:
            self._done(outcomes)

    def pause(self, edition: str, reason: Message) -> None:  # noqa: ARG002
        """Keep the reason why the remaining messages can't be sent."""
        self.problem = reason
        self._messages.clear()


def outgoing(email: EncodedEmail, address: str, message_id: str, number: int = 1, attempt: int = 1) -> Outgoing:
    """Return an email without links of a subscriber, to an address; `message_id` is the part before "@"."""
    return Outgoing(email, Recipient(number, address, NAME, message_id, attempt=attempt))


def post_all(
    configuration: Config,
    provider: str,
    messages: Sequence[Outgoing],
    done: Done,
    keep: Callable[[], Journal] | None = None,
) -> Message | None:
    """Send the messages now; return why the ones without an outcome could not be sent, if any.

    `keep` creates a journal that is read after a crash; without it, what was in flight then may be sent again.
    """
    delivery = replace(configuration.delivery, provider=provider, processes=1)
    handout = _Handout(messages, done)
    with tempfile.TemporaryDirectory(prefix="newsletter-") as folder:
        journal = keep() if keep else Journal.create(Path(folder), NAME)
        try:
            result = send(engine(configuration, delivery, handout, handout, journal, patience=PATIENCE))
        except Problem as e:
            return e.message
        finally:
            journal.close()
    return handout.problem or result.problem


def post(configuration: Config, newsletter: str, message: Outgoing) -> Outcome:
    """Send one message now."""
    outcomes: list[Outcome] = []
    provider = configuration.provider_of(configuration.newsletters[newsletter])
    problem = post_all(configuration, provider, [message], outcomes.extend)
    return outcomes[0] if outcomes else unsent(message.recipient.number, problem)


def unsent(number: int, problem: Message | None) -> Outcome:
    """Return the outcome of a message that could not be sent now."""
    return Outcome(number, 1, OutcomeKind.DEFERRED, time.time(), Fault.CONNECTION, problem=problem or NOT_NOW())
