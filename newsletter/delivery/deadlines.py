"""How long each step of an SMTP session may take (RFC 5321 4.5.3.2)."""

from newsletter.config import Timeouts
from newsletter.delivery.outcome import Phase

FAREWELL = 2.0
"""Seconds that a server may take over its answer to QUIT: nothing hangs on it."""


def seconds_for(timeouts: Timeouts) -> dict[Phase, float]:
    """Seconds for the reply to each phase, as configured; what the RFC names no time for is a command like others."""
    seconds = dict.fromkeys(Phase, timeouts.command.total_seconds())
    seconds[Phase.CONNECT] = timeouts.connect.total_seconds()
    seconds[Phase.GREETING] = timeouts.greeting.total_seconds()
    seconds[Phase.DATA] = timeouts.data.total_seconds()
    seconds[Phase.DOT] = timeouts.dot.total_seconds()
    seconds[Phase.QUIT] = FAREWELL
    return seconds
