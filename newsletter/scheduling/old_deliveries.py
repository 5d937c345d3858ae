"""Deletes the deliveries of old editions that were accepted; the counts of their reports are stored apart and stay.

What was refused, skipped or is unknown stays with its number, so that a report still says who did not get the edition.
"""

from datetime import datetime

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from newsletter.config import Config
from newsletter.models import Chunk, DeliveryStatus, Edition, Result, Retry, State

NUMBERS = 20_000
"""The numbers of a transaction, so that other writers never wait long."""

DELIVERIES = (
    "DELETE FROM newsletter_delivery WHERE edition_id = %s AND number BETWEEN %s AND %s AND EXISTS ("
    "SELECT 1 FROM newsletter_result r WHERE r.edition_id = newsletter_delivery.edition_id"
    " AND r.number = newsletter_delivery.number AND r.kind = 'accepted')"
)
RESULTS = "DELETE FROM newsletter_result WHERE edition_id = %s AND number BETWEEN %s AND %s AND kind = 'accepted'"
CORRECTABLE = (State.DRAFT, State.APPROVED, State.QUEUED, State.SENDING, State.PAUSED)


def roll_up(configuration: Config, now: datetime) -> int:
    """Roll up the editions that ended longer ago than `delivery.keep_deliveries`; return their number."""
    keep = configuration.delivery.keep_deliveries
    if not keep:
        return 0
    old = list(_finished().filter(ended_at__lt=now - keep))
    for edition in old:
        _roll_up(edition, now)
    return len(old)


def _finished() -> QuerySet[Edition]:
    """Return sent editions of which nothing is left to do or to decide, with all of their deliveries."""
    retries = Retry.objects.filter(edition=OuterRef("pk"))
    chunks = Chunk.objects.filter(edition=OuterRef("pk"), closed_at=None)
    unknown = Result.objects.filter(edition=OuterRef("pk"), kind=DeliveryStatus.UNKNOWN, settled=False)
    corrections = Edition.objects.filter(corrects=OuterRef("pk"), state__in=CORRECTABLE)
    left = Exists(retries) | Exists(chunks) | Exists(unknown) | Exists(corrections)
    return Edition.objects.filter(~left, state=State.SENT, rolled_up_at=None).order_by("pk")


def _roll_up(edition: Edition, now: datetime) -> None:
    """Delete in several transactions; after an interruption, the next call goes on."""
    for number in range(1, (edition.audience or 0) + 1, NUMBERS):
        values = [edition.pk, number, number + NUMBERS - 1]
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(DELIVERIES, values)
            cursor.execute(RESULTS, values)
    Edition.objects.filter(pk=edition.pk).update(rolled_up_at=now)
