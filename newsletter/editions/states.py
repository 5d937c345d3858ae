"""State transitions of editions, as compare-and-set over a table. No other module changes the state.

Transitions outside the table never happen, and of two concurrent ones exactly one does.
"""

import logging
from collections.abc import Collection
from functools import partial
from typing import Any

from django.db import transaction

from newsletter.domain.english import counted
from newsletter.editions.problems import Impossible
from newsletter.logs import Event, log_event
from newsletter.messages import Message, MessageType, editions as messages
from newsletter.models import Edition, State

log = logging.getLogger("newsletter.editions")

# The transitions. An approved letter of the welcome series is sent without being queued. Further conditions (an
# audience, a due time, no open chunk) are checked by the caller in the same transaction.
LIFE: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.APPROVED, State.CANCELLED, State.SKIPPED}),
    State.APPROVED: frozenset({State.QUEUED, State.DRAFT, State.CANCELLED, State.SENDING}),
    State.QUEUED: frozenset({State.SENDING, State.DRAFT, State.CANCELLED, State.APPROVED}),
    State.SENDING: frozenset({State.PAUSED, State.SENT, State.CANCELLED}),
    State.PAUSED: frozenset({State.SENDING, State.CANCELLED}),
    State.SENT: frozenset({State.PAUSED, State.SENDING, State.CANCELLED}),
    State.CANCELLED: frozenset({State.SENDING}),
    State.SKIPPED: frozenset({State.DRAFT}),
    State.IMPORTED: frozenset(),
}


STATES = {
    State.DRAFT: messages.DRAFT,
    State.APPROVED: messages.APPROVED,
    State.QUEUED: messages.QUEUED,
    State.SENDING: messages.SENDING,
    State.PAUSED: messages.PAUSED,
    State.SENT: messages.SENT,
    State.CANCELLED: messages.CANCELLED,
    State.SKIPPED: messages.SKIPPED,
    State.IMPORTED: messages.IMPORTED,
}


EVENTS: dict[State, Event] = {
    State.APPROVED: "approved",
    State.DRAFT: "reopened",
    State.QUEUED: "queued",
    State.SENDING: "began",
    State.PAUSED: "paused",
    State.CANCELLED: "cancelled",
    State.SKIPPED: "skipped",
}
"""What the log calls a change to each state; newsletter/sending logs `sent`, with its counts."""

RESUMED = {(State.PAUSED, State.SENDING), (State.SENT, State.SENDING), (State.CANCELLED, State.SENDING)}


class NotAllowed(Impossible):
    """The edition's state doesn't allow the action."""


def state_message(state: str | None) -> Message:
    """Return a state as part of a sentence; None stands for an edition that is no longer there."""
    return messages.GONE() if state is None else STATES[State(state)]()


def locked_in(edition: Edition, states: Collection[str], refusal: MessageType) -> Edition:
    """Return an edition as it is now, locked until the transaction ends.

    Raises NotAllowed with the message `refusal` unless it is in one of these states.
    """
    row = Edition.objects.select_for_update().get(pk=edition.pk)
    if row.state not in states:
        raise NotAllowed(refusal(name=row.name, state=state_message(row.state)))
    return row


def change(edition: Edition, to: State, *, where: dict[str, Any] | None = None, **fields: Any) -> None:
    """Change the state of `edition` from the one it was read in to `to`, with `fields`, in one UPDATE.

    `where` has further conditions, such as a revision. The object is updated too.
    Raises NotAllowed if the table has no such transition, or if another change came first.
    """
    was = State(edition.state)
    if to not in LIFE[was]:
        raise NotAllowed(messages.CANNOT_BECOME(name=edition.name, state=state_message(was), to=state_message(to)))
    met = Edition.objects.filter(pk=edition.pk, state=was, **(where or {})).update(state=to, **fields)
    if not met:
        now = Edition.objects.filter(pk=edition.pk).values_list("state", flat=True).first()
        raise NotAllowed(
            messages.CHANGED_BY_OTHERS(name=edition.name, state=state_message(was), now=state_message(now))
        )
    edition.refresh_from_db()
    if event := "resumed" if (was, to) in RESUMED else EVENTS.get(to):
        transaction.on_commit(partial(_log, event, edition), robust=True)


def _log(event: Event, edition: Edition) -> None:
    reason = str(edition.reason or "")
    to = f"to {counted(edition.audience or 0, 'subscriber')}" if event == "began" else ""
    sentence = ", ".join(filter(None, (event, to, reason)))
    name, audience = edition.name, edition.audience
    log_event(log, event, f"{name}: {sentence}", edition=name, audience=audience, reason=reason or None)
