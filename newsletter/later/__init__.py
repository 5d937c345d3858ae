"""Work that is done later: stored in the transaction of what causes it, and tried again until it is done.

A kind of it is a function with the decorator `later`, which says in one line when it is tried again:

    @later("webhook", gettext_noop("Event for a webhook"), pauses=PAUSES, queue="webhooks")
    def _tell(configuration: Config, work: LaterWork, now: datetime) -> None:
        ...

The function raises `NotNow` if it must be tried again, and `InVain` if that is of no use. Any package stores work of a
kind with `add`. Work whose program is killed is done again once its lease has ended: so the function must have no
effect that may not happen twice.
"""

from newsletter.later.attempts import KEEP, hand_out, later, run_due
from newsletter.later.kinds import InVain, NotNow, WorkKind
from newsletter.later.storing import add, add_all, failed, give_up, new, retry, unfinished

__all__ = [
    "KEEP",
    "InVain",
    "NotNow",
    "WorkKind",
    "add",
    "add_all",
    "failed",
    "give_up",
    "hand_out",
    "later",
    "new",
    "retry",
    "run_due",
    "unfinished",
]
