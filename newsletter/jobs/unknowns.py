"""What becomes of the unknown ones: a person decides, for all of an edition at once.

Promises: each is decided about once; sent again under the next attempt, or left unknown, but settled.
"""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import QuerySet

from newsletter.jobs import history
from newsletter.jobs.states import NotAllowed, change
from newsletter.models import Became, Edition, Result, Retry, State, Tally


def resend(edition: Edition, *, by: str = "", now: datetime | None = None) -> int:
    """Try the unsettled unknown ones again, as pending ones; gives how many. Raises NotAllowed once it is cancelled."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        held = Edition.objects.select_for_update().get(pk=edition.pk)
        if held.state == State.CANCELLED:
            raise NotAllowed(f"{held.name} is cancelled: nothing of it is sent again; settle it with 'leave'")
        rows = _unsettled(held)
        again = [
            Retry(edition=held, number=n, attempt=a + 1, due=now) for n, a in rows.values_list("number", "attempt")
        ]
        if again:
            rows.delete()
            Retry.objects.bulk_create(again)
            Tally.objects.create(edition=held, at=now, unknown=-len(again))
            if held.state == State.SENT:
                change(held, State.SENDING, ended_at=None)
            history.log(by, "sent the unknown ones again", held.name, now, after={"count": len(again)})
    return len(again)


def leave(edition: Edition, *, by: str = "", now: datetime | None = None) -> int:
    """Keep the unknown ones unknown, and ask no more; gives how many."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        count = _unsettled(edition).update(settled=True)
        if count:
            history.log(by, "left the unknown ones", edition.name, now, after={"count": count})
    return count


def _unsettled(edition: Edition) -> QuerySet[Result]:
    return Result.objects.filter(edition=edition, kind=Became.UNKNOWN, settled=False)
