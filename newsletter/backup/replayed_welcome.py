"""Restores from the recovery log who was added to the letters of welcome series since the backup."""

from collections.abc import Iterable
from datetime import UTC, datetime

from newsletter.models import Delivery, Edition, State, WelcomeMail
from newsletter.recovery import entries, log
from subscribers.models import Subscription

AT_ONCE = 1_000


def replay_welcomed(records: Iterable[log.Record]) -> set[int]:
    """Repeat what the records say, in their order; return the primary keys of the letters' editions.

    An edition that is newer than the backup is lost with its letter, so that nobody gets it again.
    """
    return {key for record in records if record.kind == entries.WELCOMED if (key := _welcomed(record)) is not None}


def _welcomed(record: log.Record) -> int | None:
    name, before, packed = record.values
    newsletter, _, period = name.partition("/")
    edition = Edition.objects.filter(newsletter=newsletter, period=period, welcome__isnull=False).first()
    if edition is None or edition.welcome is None or (edition.audience or 0) != before:
        return edition.pk if edition else None  # the backup has them
    letter, numbers = edition.welcome, dict(enumerate(entries.unpacked_numbers(packed), before + 1))
    at = datetime.fromtimestamp(record.at, UTC)
    edition.state, edition.began_at, edition.audience = State.SENDING, at, before + len(numbers)
    edition.ended_at = edition.reason = edition.waiting = edition.rolled_up_at = None
    edition.save()
    Delivery.objects.bulk_create(
        (Delivery(edition=edition, number=n, subscription_id=s) for n, s in numbers.items()), batch_size=AT_ONCE
    )
    known = set(Subscription.objects.filter(pk__in=numbers.values()).values_list("pk", flat=True))
    rows = (
        WelcomeMail(letter=letter, subscription_id=s, edition=edition, number=n, at=at)
        for n, s in numbers.items()
        if s in known
    )
    WelcomeMail.objects.bulk_create(rows, batch_size=AT_ONCE, ignore_conflicts=True)
    return edition.pk
