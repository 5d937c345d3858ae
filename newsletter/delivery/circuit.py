"""When an edition must pause itself: promise 6, as pure counting.

Refused authentication and failed TLS pause at once. Refusals that are held against us (policy, content, quotas) pause
above 5 % of the last 200 replies, but not before there are 10 of them.
"""

from collections import deque

from newsletter.delivery.outcome import REFUSED_LOGIN, held_against_us
from newsletter.mail import Kind, Outcome

WINDOW = 200
AT_LEAST = 10
SHARE = 0.05


class Circuit:
    """The last replies to one edition's mails."""

    def __init__(self) -> None:
        self._last: deque[bool] = deque(maxlen=WINDOW)
        self._ours = 0

    def see(self, outcome: Outcome) -> str | None:
        """Count an outcome; a sentence where the edition must pause. An unknown one counts nothing."""
        if outcome.kind is Kind.ACCEPTED:
            self._count(False)
            return None
        if outcome.code in REFUSED_LOGIN:
            return f"the mail server refused the login: {_words(outcome)}; check delivery.smtp.user and password"
        if outcome.kind is Kind.UNKNOWN:
            return None
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
