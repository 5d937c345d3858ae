"""Decisions about unknown deliveries, for all of an edition at once: send them again, or leave them unknown.

Each delivery is decided about once.
"""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet

from newsletter.editions.problems import Impossible
from newsletter.editions.states import NotAllowed, change
from newsletter.messages import acts, sending as messages
from newsletter.models import Act, DeliveryStatus, Edition, Result, State
from newsletter.sending.progress import unknown_results
from newsletter.sending.results import first_again, rest_again


class CountChanged(Impossible):
    """The number of unknown deliveries is not the one that was shown."""


def resend(edition: Edition, *, by: str = "", now: datetime | None = None, expected: int | None = None) -> int:
    """Return unsettled unknown deliveries to the queue, many of them in portions, and return their number.

    Raises NotAllowed if the edition is cancelled, and CountChanged if there aren't `expected` of them.
    """
    now = now or datetime.now(UTC)
    with transaction.atomic():
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        if locked.state == State.CANCELLED:
            raise NotAllowed(messages.CANCELLED_NOT_RESENT(name=locked.name))
        unsettled = _expected(_unsettled(locked), locked, expected)
        all_of_them = unsettled.count()
        count, others = first_again(locked, unsettled, DeliveryStatus.UNKNOWN, now)
        if count:
            if locked.state == State.SENT:
                change(locked, State.SENDING, ended_at=None, reason=None)
            Act.objects.log(by, acts.UNKNOWN_RESENT(), locked.name, after={"count": all_of_them}, now=now)
    return count + rest_again(locked, others, DeliveryStatus.UNKNOWN, now)


def leave(edition: Edition, *, by: str = "", now: datetime | None = None, expected: int | None = None) -> int:
    """Settle unknown deliveries as unknown, and return their number.

    Raises CountChanged if there aren't `expected` of them.
    """
    now = now or datetime.now(UTC)
    with transaction.atomic():
        locked = Edition.objects.select_for_update().get(pk=edition.pk)
        count = _expected(_unsettled(locked), locked, expected).update(settled=True)
        if count:
            Act.objects.log(by, acts.UNKNOWN_LEFT(), edition.name, after={"count": count}, now=now)
    return count


def _expected(rows: QuerySet[Result], edition: Edition, number: int | None) -> QuerySet[Result]:
    count = rows.count() if number is not None else None
    if count != number:
        raise CountChanged(messages.OTHER_NUMBER(name=edition.name, found=count or 0, expected=number or 0))
    return rows


def _unsettled(edition: Edition) -> QuerySet[Result]:
    return unknown_results([edition.pk]).filter(settled=False)
