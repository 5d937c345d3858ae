"""What the response to an HTTP call, or its absence, means for the messages of the call."""

from collections.abc import Sequence

import requests
from urllib3.exceptions import ConnectTimeoutError as NoConnection, NameResolutionError, NewConnectionError

from newsletter.delivery.reply import redact_addresses
from newsletter.domain.encoded_email import Recipient
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import delivery as messages
from newsletter.messages.general import TEXT
from newsletter.sending.api_calls.interface import (
    AMBIGUOUS,
    NOT_TAKEN,
    TOO_FAST,
    WRONG_KEY,
    ProviderRefused,
    RateLimited,
    WrongKey,
    outcomes,
    retry_seconds,
    unexplained,
)


def judge(recipients: Sequence[Recipient], response: requests.Response) -> list[Outcome] | None:
    """Return the outcomes that follow from the status for all recipients; None if it says that the call was accepted.

    Raises WrongKey, RateLimited, ProviderRefused.
    """
    code, words = response.status_code, words_of(response)
    if code in WRONG_KEY:
        raise WrongKey(TEXT(words=f"{code} {words}"))
    if code in TOO_FAST:
        raise RateLimited(retry_seconds(response.headers.get("Retry-After", "")))
    if code in NOT_TAKEN:
        return outcomes(recipients, OutcomeKind.DEFERRED, Fault.CONNECTION, words, code)
    if code in AMBIGUOUS or code >= 500 or code < 200 or 300 <= code < 400:
        return outcomes(recipients, OutcomeKind.UNKNOWN, Fault.CONNECTION, words, code)
    if code >= 400:
        raise ProviderRefused(code, words)
    return None


def words_of(response: requests.Response) -> str:
    """Return the text of a response on one line, without addresses."""
    return redact_addresses(" ".join(response.text.split()))[:300]


def unanswered(recipients: Sequence[Recipient], error: requests.RequestException) -> list[Outcome]:
    """Return deferred outcomes if no connection was made, otherwise unknown ones. Raises WrongKey for a certificate."""
    if isinstance(error, requests.exceptions.SSLError):
        raise WrongKey(messages.CERTIFICATE_INVALID(cause=str(error))) from error
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    never_left = isinstance(error, requests.ConnectTimeout) or isinstance(
        reason, NewConnectionError | NoConnection | NameResolutionError
    )
    kind = OutcomeKind.DEFERRED if never_left else OutcomeKind.UNKNOWN
    return unexplained(recipients, kind, messages.UNANSWERED(error=type(error).__name__))


def unreadable(recipients: Sequence[Recipient], response: requests.Response) -> list[Outcome]:
    """Return unknown outcomes: the request was sent, and what was done with it can't be known."""
    return unexplained(recipients, OutcomeKind.UNKNOWN, messages.ANSWER_UNREADABLE(), response.status_code)
