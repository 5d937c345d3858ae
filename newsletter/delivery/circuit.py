"""A circuit breaker: decides when sending an edition must be paused.

A refused login and failed TLS pause at once. Refusals because of the sender or the content (policy, content, quotas)
pause above 5 % of the last 200 attempts, but not before there are 10 of them. Broken connections and deferrals count as
attempts: otherwise the few that are refused at once would seem many while others take longer.
"""

from collections import deque

from newsletter.delivery.outcome import REFUSED_LOGIN, counts_against_sender
from newsletter.domain.outcome import Outcome, OutcomeKind
from newsletter.messages import Message, Param
from newsletter.messages import sending as messages

WINDOW = 200
AT_LEAST = 10
SHARE = 0.05


class Circuit:
    """The outcomes of the last attempts for one edition."""

    def __init__(self) -> None:
        self._last: deque[bool] = deque(maxlen=WINDOW)
        self._ours = 0

    def record(self, outcome: Outcome) -> Message | None:
        """Count an attempt, and return the reason if the edition must be paused, otherwise None."""
        if outcome.kind is OutcomeKind.ACCEPTED or outcome.kind is OutcomeKind.UNKNOWN:
            self._count(False)
            return None
        if outcome.code in REFUSED_LOGIN:
            return messages.LOGIN_REFUSED(reply=_words(outcome))
        self._count(counts_against_sender(outcome))
        if self._ours >= AT_LEAST and self._ours > SHARE * len(self._last):
            return messages.TOO_MANY_REFUSALS(refused=self._ours, tried=len(self._last), reply=_words(outcome))
        return None

    def _count(self, ours: bool) -> None:
        if len(self._last) == WINDOW:
            self._ours -= self._last[0]
        self._last.append(ours)
        self._ours += ours


def _words(outcome: Outcome) -> Param:
    if outcome.problem:
        return outcome.problem
    return " ".join(part for part in (str(outcome.code or ""), outcome.status, outcome.text) if part)
