"""Sending an edition to a part of the subscribers only."""

from datetime import datetime

from django.db import transaction

from newsletter.editions import history
from newsletter.editions.states import NotAllowed, state_message
from newsletter.messages import editions as messages
from newsletter.messages import history as acts
from newsletter.models import Edition, Segment, State

CHOOSING = (State.DRAFT, State.APPROVED)


def choose(edition: Edition, segment: Segment | None, *, by: str, now: datetime) -> Edition:
    """Send an edition only to a segment as it is now defined, or to everyone.

    The audience is fixed when sending begins. Raises NotAllowed unless it is a draft or approved.
    """
    with transaction.atomic():
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        if locked.state not in CHOOSING:
            raise NotAllowed(messages.RECIPIENTS_FIXED(name=locked.name, state=state_message(locked.state)))
        before = locked.segment
        locked.segment, locked.segment_where = (segment.name, segment.where) if segment else ("", "")
        locked.save(update_fields=["segment", "segment_where"])
        history.log(by, acts.RECIPIENTS_CHANGED(), locked.name, now, before or None, locked.segment or None)
    return locked
