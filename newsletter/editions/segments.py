"""Sending an edition to a part of the subscribers only: a segment or, of a letter, those who had none of its posts."""

from datetime import datetime

from django.db import transaction

from newsletter.editions.states import locked_in
from newsletter.messages import acts, editions as messages
from newsletter.models import Act, Edition, Segment, State

CHOOSING = (State.DRAFT, State.APPROVED)


def choose(edition: Edition, segment: Segment | None, *, by: str, now: datetime) -> Edition:
    """Send an edition only to a segment as it is now defined, or to everyone.

    The audience is fixed when sending begins. Raises NotAllowed unless it is a draft or approved.
    """
    with transaction.atomic():
        edition = locked_in(edition, CHOOSING, messages.RECIPIENTS_FIXED)
        earlier = edition.segment
        edition.segment, edition.segment_where = (segment.name, segment.where) if segment else ("", "")
        edition.save(update_fields=["segment", "segment_where"])
        Act.objects.log(by, acts.RECIPIENTS_CHANGED(), edition.name, earlier or None, edition.segment or None, now=now)
    return edition
