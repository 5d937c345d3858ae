"""A circuit breaker: decides when sending an edition must be paused.

A refused login and failed TLS pause at once. Refusals because of the sender, the content or the server (policy,
content, quotas) pause above 5 % of the last 200 attempts, but not before there are 10 of them. So do 10 refusals in a
row that say a mailbox can't take the email: so many are no accident. Broken connections and deferrals count as
attempts: otherwise the few that are refused at once would seem many while others take longer.

Replies that are lost after the final dot leave deliveries unknown. They pause after 10 in a row, or above 2 % of the
last 1,000 attempts once there are 200. Bounces pause by `newsletter.delivery.bounce_limit`.
"""

from collections import deque

from newsletter.delivery.bounce_limit import bounce_problem
from newsletter.delivery.outcome import REFUSED_LOGIN, counts_against_sender
from newsletter.domain.outcome import Fault, Outcome, OutcomeKind
from newsletter.messages import Message, Param, sending as messages

WINDOW = 200
AT_LEAST = 10
SHARE = 0.05

UNKNOWN_IN_A_ROW = 10
UNKNOWN_WINDOW = 1_000
UNKNOWN_AFTER = 200
UNKNOWN_SHARE = 0.02


class RecentShare:
    """How many of the last attempts were of one kind."""

    def __init__(self, window: int) -> None:
        self._last: deque[bool] = deque(maxlen=window)
        self.count = 0

    def __len__(self) -> int:
        """Return the number of attempts that are counted."""
        return len(self._last)

    def add(self, counts: bool) -> None:
        """Count an attempt, in place of the oldest one if there are more than the window."""
        if len(self._last) == self._last.maxlen:
            self.count -= self._last[0]
        self._last.append(counts)
        self.count += counts


class Circuit:
    """The outcomes of the last attempts for one edition.

    `bounce_limit` is the percentage of bounces above which the edition pauses, 0 for none, and `minimum` the number of
    emails from which it is compared with the share itself.
    """

    def __init__(self, bounce_limit: float = 0.0, minimum: int = 0) -> None:
        self.bounce_limit = bounce_limit
        self._minimum = minimum
        self._ours = RecentShare(WINDOW)
        self._unknown = RecentShare(UNKNOWN_WINDOW)
        self._unknown_in_a_row = self._mailboxes_in_a_row = 0
        self._tried = self._bounced = 0

    def record(self, outcome: Outcome) -> Message | None:
        """Count an attempt, and return the reason if the edition must be paused, otherwise None."""
        self._tried += 1
        unknown = outcome.kind is OutcomeKind.UNKNOWN
        self._unknown.add(unknown)
        self._unknown_in_a_row = self._unknown_in_a_row + 1 if unknown else 0
        self._mailboxes_in_a_row = self._mailboxes_in_a_row + 1 if _names_mailbox(outcome) else 0
        if unknown:
            self._ours.add(False)
            return self._too_many_unknown(outcome)
        if outcome.kind is OutcomeKind.ACCEPTED:
            self._ours.add(False)
            return None
        if outcome.code in REFUSED_LOGIN:
            return messages.LOGIN_REFUSED(reply=_words(outcome))
        self._ours.add(counts_against_sender(outcome))
        if self._ours.count >= AT_LEAST and self._ours.count > SHARE * len(self._ours):
            return messages.TOO_MANY_REFUSALS(refused=self._ours.count, tried=len(self._ours), reply=_words(outcome))
        if self._mailboxes_in_a_row >= AT_LEAST:
            count = self._mailboxes_in_a_row
            return messages.TOO_MANY_REFUSALS(refused=count, tried=count, reply=_words(outcome))
        if is_bounce(outcome):
            self._bounced += 1
            return bounce_problem(self._bounced, self._tried, self.bounce_limit, self._minimum)
        return None

    def _too_many_unknown(self, outcome: Outcome) -> Message | None:
        if self._unknown_in_a_row >= UNKNOWN_IN_A_ROW:
            count, tried = self._unknown_in_a_row, self._unknown_in_a_row
        elif len(self._unknown) >= UNKNOWN_AFTER and self._unknown.count > UNKNOWN_SHARE * len(self._unknown):
            count, tried = self._unknown.count, len(self._unknown)
        else:
            return None
        return messages.REPLIES_LOST(unknown=count, tried=tried, problem=_words(outcome))


def _names_mailbox(outcome: Outcome) -> bool:
    """Return whether an email was refused since a mailbox that may exist can't take it."""
    return outcome.kind is OutcomeKind.REFUSED and outcome.fault is Fault.MAILBOX


def is_bounce(outcome: Outcome) -> bool:
    """Return whether a server said that the mailbox does not exist."""
    return outcome.kind is OutcomeKind.REFUSED and outcome.fault is Fault.RECIPIENT and outcome.code > 0


def _words(outcome: Outcome) -> Param:
    if outcome.problem:
        return outcome.problem
    return " ".join(part for part in (str(outcome.code or ""), outcome.status, outcome.text) if part)
