"""Refused deliveries that no mailbox caused: they are made again once their cause is gone.

A reply that a mailbox does not exist, or can't take the email, is about the subscriber. Every other refusal is about
the sender, the content or a server, and the subscriber would have had the email without it. Replies about mailboxes
are a server's fault, too, if more of an edition's emails were refused with them than were accepted. No server accepted
any of these emails, so nobody gets one twice.
"""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from newsletter.domain.outcome import Fault
from newsletter.models import Bounce, DeliveryStatus, Edition, Result, State
from newsletter.sending import progress
from newsletter.sending.results import ROWS_AT_ONCE, attempt_again

ABOUT_MAILBOXES = (Fault.RECIPIENT, Fault.MAILBOX)

SUSPICIOUS = 10
"""So many refusals that name mailboxes, and more than emails were accepted, say nothing about the subscribers."""

OUR_RELAYS = "5.6.7"
"""The status of a refused address beyond ASCII (RFC 6531): the next server can't carry it, whoever it belongs to."""


def blames_everyone(edition: Edition, faults: Collection[Fault] = ABOUT_MAILBOXES) -> bool:
    """Return whether more of an edition's emails were refused for these faults than were accepted.

    While it is being sent, a few refusals may be the first of many.
    """
    enough = 1 if edition.state in (State.SENDING, State.PAUSED) else SUSPICIOUS
    blamed = _refused(edition).filter(fault__in=faults).count()
    return blamed >= enough and blamed > progress.counts(edition).accepted


def without_mailbox(edition: Edition) -> QuerySet[Result]:
    """Return the refusals that no mailbox caused, and that are not settled."""
    refused = _refused(edition).filter(settled=False)
    return refused if blames_everyone(edition) else refused.exclude(fault__in=ABOUT_MAILBOXES)


def refused_to_send(edition: Edition) -> int:
    """Return how many refused deliveries are made again if the edition is resumed, or sent to those who were missed."""
    return without_mailbox(edition).count()


def make_again(edition: Edition, now: datetime) -> int:
    """Make these deliveries pending, in a transaction that has locked the edition, and return their number.

    What was counted against their mailboxes is forgotten.
    """
    refused = without_mailbox(edition)
    numbers = list(refused.values_list("number", flat=True))
    for start in range(0, len(numbers), ROWS_AT_ONCE):
        soft = Bounce.objects.filter(edition=edition, mail=Bounce.REFUSED, kind=Bounce.Kind.SOFT)
        soft.filter(number__in=numbers[start : start + ROWS_AT_ONCE]).delete()
    return attempt_again(edition, refused, DeliveryStatus.REFUSED, now)


def _refused(edition: Edition) -> QuerySet[Result]:
    return progress.not_accepted(DeliveryStatus.REFUSED).filter(edition=edition).exclude(status=OUR_RELAYS)
