"""The log: events with fields, written as text for people or as JSON for machines.

Promises: no address above debug, whatever a message or a traceback holds; nobody's token in a path.
"""

import logging
from typing import Literal

Value = str | int | float | list[str] | None

Event = Literal[
    "started",
    "stopped",
    "crashed",
    "collected",
    "source-failing",
    "source-recovered",
    "posts-missing",
    "drafted",
    "approved",
    "reopened",
    "queued",
    "began",
    "paused",
    "resumed",
    "fell-back",
    "stalled",
    "stall-ended",
    "frozen",
    "lost",
    "back",
    "unknown",
    "sent",
    "cancelled",
    "skipped",
    "letters",
    "login-failed",
    "configuration-changed",
]
"""The names of events, which docs/operations.md explains."""


def log_event(
    logger: logging.Logger, event: Event, message: str, *, level: int = logging.INFO, **fields: Value
) -> None:
    """Log an event: a sentence for people, and its fields for machines. Nothing in them may name a person."""
    logger.log(level, "%s", message, extra={"event": event, "fields": fields})
