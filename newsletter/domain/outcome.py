"""The outcome of an attempt to deliver a message."""

from enum import StrEnum
from typing import NamedTuple

from newsletter.messages import Message, from_text


class TextEnum(StrEnum):
    """A StrEnum with the hash of `str`: Enum's own is Python code, and is needed several times for each message."""

    __hash__ = str.__hash__


class OutcomeKind(TextEnum):
    """The result of an attempt: those states of a delivery that the next server decides."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class Fault(TextEnum):
    """The cause if a message was not accepted. The values are stored."""

    NONE = ""
    RECIPIENT = "reader"
    MAILBOX = "mailbox"
    CONTENT = "content"
    POLICY = "policy"
    CONNECTION = "connection"
    EXPIRED = "expired"


class Outcome(NamedTuple):
    """The outcome of one attempt. `code` is the reply code (0: no reply), `status` the enhanced status (RFC 3463).

    `text` is the server's reply without the address, `queue_id` the server's name for the message, `at` in seconds
    since the epoch; `retry_after` in seconds, if the server or provider named a time. `problem` says what happened
    where no server replied.
    """

    number: int
    attempt: int
    kind: OutcomeKind
    at: float
    fault: Fault = Fault.NONE
    code: int = 0
    status: str = ""
    text: str = ""
    queue_id: str = ""
    retry_after: float | None = None
    problem: Message | None = None

    @property
    def explanation(self) -> Message | None:
        """The problem or the server's reply; None for neither."""
        return self.problem or from_text(self.text)
