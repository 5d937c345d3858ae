"""How long each step of an SMTP session may take (RFC 5321 4.5.3.2)."""

from newsletter.config import Timeouts
from newsletter.delivery.outcome import Phase

QUIT_SECONDS = 2.0
"""Seconds for the reply to QUIT, on which nothing depends."""


def seconds_for(timeouts: Timeouts) -> dict[Phase, float]:
    """Return the configured seconds for the reply in each phase; phases that the RFC doesn't name use those of a
    command.
    """
    seconds = dict.fromkeys(Phase, timeouts.command.total_seconds())
    seconds[Phase.CONNECT] = timeouts.connect.total_seconds()
    seconds[Phase.GREETING] = timeouts.greeting.total_seconds()
    seconds[Phase.DATA] = timeouts.data.total_seconds()
    seconds[Phase.DOT] = timeouts.dot.total_seconds()
    seconds[Phase.QUIT] = QUIT_SECONDS
    return seconds
