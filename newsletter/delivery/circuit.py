"""When an edition must pause itself: promise 6, as pure counting.

Refused authentication and failed TLS pause at once. Refusals that are held against us (policy, content, quotas) pause
above 5 % of the last 200 tries, but not before there are 10 of them. What broke off, or was put off, is a try too: else
the few that are refused at once would seem many wherever others take longer.
"""

from collections import deque

from newsletter.delivery.outcome import REFUSED_LOGIN, held_against_us
from newsletter.mail import Kind, Outcome

WINDOW = 200
AT_LEAST = 10
SHARE = 0.05


class Circuit:
    """How the last tries of one edition's mails ended."""

    def __init__(self) -> None:
        self._last: deque[bool] = deque(maxlen=WINDOW)
        self._ours = 0

    def see(self, outcome: Outcome) -> str | None:
        """Count a try; a sentence where the edition must pause."""
        if outcome.kind is Kind.ACCEPTED or outcome.kind is Kind.UNKNOWN:
            self._count(False)
            return None
        if outcome.code in REFUSED_LOGIN:
            return f"the mail server refused the login: {_words(outcome)}; check delivery.smtp.user and password"
        self._count(held_against_us(outcome))
        if self._ours >= AT_LEAST and self._ours > SHARE * len(self._last):
            return (
                f"{self._ours} of the last {len(self._last)} replies hold something against us, the latest: "
                f"{_words(outcome)}; find out why before you resume"
            )
        return None

    def _count(self, ours: bool) -> None:
        if len(self._last) == WINDOW:
            self._ours -= self._last[0]
        self._last.append(ours)
        self._ours += ours


def _words(outcome: Outcome) -> str:
    return " ".join(part for part in (str(outcome.code or ""), outcome.status, outcome.text) if part)
