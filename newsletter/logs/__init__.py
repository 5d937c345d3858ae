"""The log: events with fields, written as text for people or as JSON for machines.

Promises: no address above debug, whatever a message or a traceback holds; nobody's token in a path.
"""

from newsletter.logs.events import log_event

__all__ = ["log_event"]
