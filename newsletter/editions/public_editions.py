"""The public editions: from the first accepted email on, until an editor removes them from the archive."""

from datetime import UTC, datetime

from django.db import transaction
from django.db.models import Q, QuerySet

from newsletter.domain.cadence import CADENCES
from newsletter.editions.states import NotAllowed
from newsletter.messages import acts, editions as messages
from newsletter.models import Act, Edition
from newsletter.recovery import entries


def public() -> QuerySet[Edition]:
    """Return the editions that anyone may read.

    A letter of the welcome series has a page, to which its email links, but is in no list.
    """
    return Edition.objects.filter(
        published_at__isnull=False, removed_from_archive_at=None, approved_content__isnull=False
    )


def in_archive(newsletter: str) -> QuerySet[Edition]:
    """Return the public editions that the archive, its search and the feeds list: the posts of other cadences are the
    same, and letters of the welcome series are for new subscribers.
    """
    return in_archives().filter(newsletter=newsletter)


def in_archives() -> QuerySet[Edition]:
    """Return the editions that the archives of all newsletters list."""
    of_cadence = Q(*(("period__startswith", f"{cadence}-") for cadence in CADENCES), _connector=Q.OR)
    return public().filter(welcome=None).exclude(of_cadence)


def remove(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Remove an edition from the archive: its page and the images that no other edition uses are gone, and no list or
    feed has it. Emails keep what they have. Raises NotAllowed unless the edition is public.
    """
    now = now or datetime.now(UTC)
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.removed_from_archive_at is not None:
            raise NotAllowed(messages.REMOVED_ALREADY(name=edition.name))
        if edition.published_at is None:
            raise NotAllowed(messages.NOT_PUBLIC(name=edition.name))
        _set(edition, now)
        Act.objects.log(by, acts.REMOVED_FROM_ARCHIVE(), edition.name, now=now)
    return edition


def restore(edition: Edition, *, by: str = "", now: datetime | None = None) -> Edition:
    """Return a removed edition to the archive. Raises NotAllowed if it was not removed."""
    now = now or datetime.now(UTC)
    with transaction.atomic():
        edition = Edition.objects.select_for_update().get(pk=edition.pk)
        if edition.removed_from_archive_at is None:
            raise NotAllowed(messages.NOT_REMOVED(name=edition.name))
        _set(edition, None)
        Act.objects.log(by, acts.RESTORED_TO_ARCHIVE(), edition.name, now=now)
    return edition


def _set(edition: Edition, removed_at: datetime | None) -> None:
    edition.removed_from_archive_at = removed_at
    edition.save(update_fields=["removed_from_archive_at"])
    entries.archive_changed(edition.name, removed_at)
