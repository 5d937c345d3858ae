"""States of an SMTP connection and the transitions between them, its time limits, and errors that end it.

A connection has at most two messages: one whose content is queued or sent, and the next one, whose MAIL, RCPT and DATA
are pipelined behind it (RFC 2920 3.1). The state is that of the first of them.

| state | what happens in it | next states | if it breaks |
| --- | --- | --- | --- |
| SETUP | greeting, EHLO, STARTTLS, AUTH | IDLE, CLOSED | no message |
| IDLE | nothing | ENVELOPE, QUITTING, CLOSED | no message |
| ENVELOPE | MAIL, RCPT and DATA are sent (RFC 5321 3.3) | QUEUED, EMPTY_DATA, IDLE, CLOSED | not delivered |
| EMPTY_DATA | DATA was accepted after a refused RCPT (RFC 2920 3.1); its end is sent | IDLE, CLOSED | refused |
| QUEUED | the content waits until the journal has logged the intent to send it | SENT, CLOSED | not delivered |
| SENT | the content and its final dot are written | ENVELOPE, QUEUED, IDLE, CLOSED | unconfirmed |
| QUITTING | QUIT is sent (RFC 5321 4.1.1.10) | CLOSED | no message |
| CLOSED | nothing, ever | | |

From SENT, the reply to the final dot leads to ENVELOPE if another message was pipelined behind it, and directly to
QUEUED if that message's positive replies arrived together with it. A message in SENT counts as not delivered while the
final dot is still in the transport's buffer, and after the reply 421 to it.
"""

from enum import Enum, auto

from newsletter.config import Timeouts
from newsletter.delivery.outcome import Phase
from newsletter.messages import Problem


class ConnectionState(Enum):
    """The state of a connection."""

    SETUP = auto()
    IDLE = auto()
    ENVELOPE = auto()
    EMPTY_DATA = auto()
    QUEUED = auto()
    SENT = auto()
    QUITTING = auto()
    CLOSED = auto()

    __hash__ = object.__hash__  # Enum's own is Python code, and every message makes several transitions


_S = ConnectionState

TRANSITIONS: dict[ConnectionState, frozenset[ConnectionState]] = {
    _S.SETUP: frozenset((_S.IDLE, _S.CLOSED)),
    _S.IDLE: frozenset((_S.ENVELOPE, _S.QUITTING, _S.CLOSED)),
    _S.ENVELOPE: frozenset((_S.QUEUED, _S.EMPTY_DATA, _S.IDLE, _S.CLOSED)),
    _S.EMPTY_DATA: frozenset((_S.IDLE, _S.CLOSED)),
    _S.QUEUED: frozenset((_S.SENT, _S.CLOSED)),
    _S.SENT: frozenset((_S.ENVELOPE, _S.QUEUED, _S.IDLE, _S.CLOSED)),
    _S.QUITTING: frozenset((_S.CLOSED,)),
    _S.CLOSED: frozenset(),
}
"""The states that may follow each state."""


QUIT_SECONDS = 2.0
"""Seconds for the reply to QUIT, on which nothing depends."""


def seconds_for(timeouts: Timeouts) -> dict[Phase, float]:
    """Return the configured seconds for the reply in each phase; phases that the RFC doesn't name use those of a
    command.
    """
    return dict.fromkeys(Phase, timeouts.command.total_seconds()) | {
        Phase.CONNECT: timeouts.connect.total_seconds(),
        Phase.GREETING: timeouts.greeting.total_seconds(),
        Phase.DATA: timeouts.data.total_seconds(),
        Phase.DOT: timeouts.dot.total_seconds(),
        Phase.QUIT: QUIT_SECONDS,
    }


class ConnectionBroken(Problem):
    """The connection is closed, timed out, or the server broke the protocol."""


class UnexpectedReply(ConnectionBroken):
    """A reply can't be paired with a command."""


class ServerClosing(ConnectionBroken):
    """The server sent 421 on its own initiative (RFC 5321 3.8)."""
