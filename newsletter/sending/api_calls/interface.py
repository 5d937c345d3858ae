"""What all API providers share: their interface, their problems, and outcomes."""

import hashlib
import re
import time
import uuid
from collections.abc import Mapping, Sequence
from typing import Protocol

from newsletter.delivery.reply import redact_address, redact_addresses
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.editions.problems import Impossible
from newsletter.messages import Message, Problem, delivery as messages
from newsletter.messages.general import ABOUT, TEXT
from newsletter.providers.declaration import Cause
from newsletter.sending.api_calls.payload import ApiMessage

CONNECT_SECONDS, ANSWER_SECONDS = 10.0, 60.0
NOT_TAKEN, AMBIGUOUS, TOO_FAST = (500, 503), (408, 409, 502, 504), (420, 429)
"""420 is SparkPost's for the hourly limit ("Extended error codes", 2101)."""
WRONG_KEY = (401, 402, 403, 404, 405)
"""The key, the account or the settings: 402 means no credit at several services, 404 an unknown domain at Mailgun."""


class ProviderProblem(Impossible):
    """The provider can't be used with its configuration."""


def wrong_settings(provider: str, error: Exception) -> ProviderProblem:
    """Return the problem with a provider's settings, in the words of its library."""
    words = TEXT(words=str(error).strip().splitlines()[0])
    return ProviderProblem(ABOUT(subject=f"delivery.{provider}", message=words))


class WrongKey(Problem):
    """The provider rejected the key; the message says with which words."""


class RateLimited(Problem):
    """The provider accepts no calls for `seconds`."""

    def __init__(self, seconds: float) -> None:
        super().__init__(messages.TOO_MANY_REQUESTS(seconds=round(seconds)))
        self.seconds = seconds


class ProviderRefused(Exception):
    """The provider accepted nothing of a call because something in it is invalid.

    The cause is "message" also if only the words may tell another.
    """

    def __init__(self, code: int, words: str, cause: Cause = "message") -> None:
        super().__init__(words)
        self.code = code
        self.cause = cause


class ProviderApi(Protocol):
    """Calls a provider. At most `most` recipients are in one call."""

    most: int

    def call(self, mail: ApiMessage, recipients: Sequence[Recipient]) -> list[Outcome]:
        """Make one call, in a thread of its own, and return an outcome for each recipient.

        Raises WrongKey, RateLimited, ProviderRefused.
        """


FAULTS: Mapping[Cause, Fault] = {
    "account": Fault.POLICY,
    "address": Fault.RECIPIENT,
    "mailbox": Fault.MAILBOX,
    "message": Fault.POLICY,
}
_INVALID = re.compile(
    r"\b(?:invalid|illegal|malformed|inactive)\b|\b(?:not|be|contain) (?:a )?valid\b|missing final", re.IGNORECASE
)
_ADDRESS = re.compile(r"\b(?:recipients?|address(?:es)?|mailbox)\b|@domain\b|\bto\b(?=[`'\"\\\].\[])", re.IGNORECASE)
_OF_SENDER = re.compile(
    r"\b(?:from|sender|sending|reply|return|envelope|headers?|subject|unsubscribe|template|attachments?|tracking)\b"
    r"|\b(?:account|key|token|ip|b?cc)\b|(?<!@)\bdomain\b",
    re.IGNORECASE,
)


def cause_in(words: str) -> Cause:
    """Return the cause of a refusal by its words alone. An address is only blamed if nothing else may be meant."""
    of_address = _INVALID.search(words) and _ADDRESS.search(words) and not _OF_SENDER.search(words)
    return "address" if of_address else "message"


def idempotency_key(recipients: Sequence[Recipient]) -> str:
    """Return a UUID that is the same whenever this call is made again, and differs for other recipients or attempts."""
    text = "\n".join(sorted(f"{recipient.message_id} {recipient.attempt}" for recipient in recipients))
    return str(uuid.UUID(bytes=hashlib.blake2b(text.encode(), digest_size=16).digest(), version=4))


def outcomes(
    recipients: Sequence[Recipient], kind: OutcomeKind, fault: Fault, text: str, code: int = 0
) -> list[Outcome]:
    """Return the same outcome for each of these recipients, with the provider's text without their addresses."""
    reply = redact_addresses(text)
    return [
        Outcome(r.number, r.attempt, kind, time.time(), fault, code, "", redact_address(reply, r.address))
        for r in recipients
    ]


def unexplained(
    recipients: Sequence[Recipient],
    kind: OutcomeKind,
    problem: Message,
    code: int = 0,
    retry_after: float | None = None,
) -> list[Outcome]:
    """Return the same outcome for each of these recipients, to which the provider said nothing."""
    return [
        Outcome(
            r.number, r.attempt, kind, time.time(), Fault.CONNECTION, code, retry_after=retry_after, problem=problem
        )
        for r in recipients
    ]


def accepted(recipient: Recipient, name: str) -> Outcome:
    """Return the outcome of a message that the provider accepted under this name."""
    return Outcome(
        recipient.number, recipient.attempt, OutcomeKind.ACCEPTED, time.time(), code=200, queue_id=name.strip("<>")
    )


def retry_seconds(text: str) -> float:
    """Return Retry-After in seconds; a few for a date or nothing."""
    return float(text) if text.strip().isdigit() else 5.0
