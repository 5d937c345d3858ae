"""Runs the long-lived services of a process, restarts those that end, and knows the state of each.

A service that raises, returns or dies is logged with its traceback and restarted after a pause that doubles; one that
stops reporting is shown as stuck. Nothing here depends on Django or on what the services do.
"""

from newsletter.supervision.service import Periods, Service, Status
from newsletter.supervision.signals import on_signals
from newsletter.supervision.supervisor import Supervisor, current, use

__all__ = ["Periods", "Service", "Status", "Supervisor", "current", "on_signals", "use"]
