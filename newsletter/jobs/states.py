"""The only place where an edition changes its state: a compare-and-set over the table of its life.

Promises: a change that the table does not allow never happens, and of two that race exactly one does.
"""

from typing import Any

from newsletter.jobs.problems import JobProblem
from newsletter.models import Edition, State

# The life of an edition. What else must hold for each change (an audience, a due time, no open chunk) is
# asked by whoever makes it, in the same transaction.
LIFE: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.APPROVED, State.CANCELLED, State.SKIPPED}),
    State.APPROVED: frozenset({State.QUEUED, State.DRAFT, State.CANCELLED}),
    State.QUEUED: frozenset({State.SENDING, State.DRAFT, State.CANCELLED}),
    State.SENDING: frozenset({State.PAUSED, State.SENT, State.CANCELLED}),
    State.PAUSED: frozenset({State.SENDING, State.CANCELLED}),
    State.SENT: frozenset({State.PAUSED, State.SENDING, State.CANCELLED}),
    State.CANCELLED: frozenset(),
    State.SKIPPED: frozenset(),
}


class NotAllowed(JobProblem):
    """What was asked does not fit the edition's state; the message is a sentence that names it."""


def change(edition: Edition, to: State, *, where: dict[str, Any] | None = None, **fields: Any) -> None:
    """Take `edition` from the state it was read in to `to`, with `fields`, in one UPDATE.

    `where` are further conditions (a revision, say). The object is brought up to date.
    Raises NotAllowed if the table does not know the change, or if somebody else was faster.
    """
    was = State(edition.state)
    if to not in LIFE[was]:
        raise NotAllowed(f"{edition.name} is {was}: it can't become {to}")
    met = Edition.objects.filter(pk=edition.pk, state=was, **(where or {})).update(state=to, **fields)
    if not met:
        now = Edition.objects.filter(pk=edition.pk).values_list("state", flat=True).first()
        raise NotAllowed(f"{edition.name} was {was} and is {now} now: somebody else changed it; look at it again")
    edition.refresh_from_db()
