"""Sending an edition to those of its audience who were missed: skipped, or refused for no reason of their mailbox."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from newsletter.config import Config
from newsletter.editions.local_links import check_edition
from newsletter.editions.problems import Impossible, refuse_inactive
from newsletter.editions.states import NotAllowed, change, state_message
from newsletter.messages import acts, delivery, sending as messages
from newsletter.models import Act, Chunk, DeliveryStatus, Edition, State
from newsletter.sending import progress, refusals
from newsletter.sending.results import first_again, rest_again

_WITHOUT_POSTS = (delivery.NOTHING_NEW().to_text(), delivery.OFF_TOPIC().to_text())
"""The texts of results of subscribers for whom an edition has no posts."""


class MissedCountChanged(Impossible):
    """The number of missed deliveries is not the one that was shown."""


@dataclass(frozen=True, slots=True)
class Missed:
    """How many subscribers were skipped for whom the edition has posts, and how many refused for no reason of their
    mailbox.
    """

    skipped: int = 0
    refused: int = 0

    @property
    def count(self) -> int:
        """Return how many were missed."""
        return self.skipped + self.refused


def can_send_to_missed(edition: Edition) -> bool:
    """Return whether an edition was sent, or cancelled after sending began; others may still be sent to everyone."""
    return edition.began_at is not None and edition.state in (State.SENT, State.CANCELLED)


def missed(edition: Edition) -> Missed:
    """Return to how many `send_to_missed` sends the edition."""
    if not can_send_to_missed(edition):
        return Missed()
    without_posts = progress.not_accepted(DeliveryStatus.SKIPPED).filter(edition=edition, text__in=_WITHOUT_POSTS)
    skipped = progress.counts(edition).skipped - without_posts.count()
    return Missed(skipped, refusals.refused_to_send(edition))


def send_to_missed(
    configuration: Config, edition: Edition, *, by: str = "", now: datetime | None = None, expected: int | None = None
) -> int:
    """Resume sending to those who were skipped, by a cancellation or at the last check, and to those whose refusal no
    mailbox caused; return their number.

    Only deliveries that certainly did not happen are made. Accepted, deferred and unknown ones keep their results, and
    so do refusals of mailboxes; unknown ones are decided about separately. Whoever may not receive the edition now is
    skipped again. Raises NotAllowed unless the edition was sent or cancelled and none of its messages is in flight, and
    MissedCountChanged if there aren't `expected` of them.
    """
    now = now or datetime.now(UTC)
    refuse_inactive(configuration.newsletters[edition.newsletter])
    with transaction.atomic():
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        if not can_send_to_missed(locked):
            raise NotAllowed(messages.MISSED_NOT_SENT(name=locked.name, state=state_message(locked.state)))
        if Chunk.objects.filter(edition=locked, closed_at=None).exists():
            raise NotAllowed(messages.STILL_IN_FLIGHT(name=locked.name))
        count = missed(locked).count
        if expected is not None and count != expected:
            raise MissedCountChanged(messages.OTHER_MISSED(name=locked.name, found=count, expected=expected))
        if not count:
            raise NotAllowed(messages.NOBODY_MISSED(name=locked.name))
        check_edition(configuration, locked.newsletter, locked.approved_content)
        with_posts = progress.not_accepted(DeliveryStatus.SKIPPED).filter(edition=locked)
        # Numbers that were never claimed need no retry.
        skipped = with_posts.exclude(text__in=_WITHOUT_POSTS)
        _count, others = first_again(locked, skipped, DeliveryStatus.SKIPPED, now)
        refusals.make_again(locked, now)
        change(locked, State.SENDING, ended_at=None, reason=None, fallback_reason=None)
        Act.objects.log(by, acts.SKIPPED_RESENT(), locked.name, after={"count": count}, now=now)
    rest_again(locked, others, DeliveryStatus.SKIPPED, now)
    return count
