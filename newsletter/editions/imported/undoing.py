"""Undoes an import of old issues: its editions are deleted, with their old addresses, and posts are free again."""

from datetime import datetime

from django.db import transaction

from newsletter.config import Config
from newsletter.editions.imported.archive_import import decide_drafts_again
from newsletter.editions.offers import sent_elsewhere
from newsletter.editions.problems import Impossible
from newsletter.messages import acts
from newsletter.messages import archives as messages
from newsletter.models import Act, ArchiveImport, Edition, Numbering


def find(number: int) -> ArchiveImport:
    """Return an import by its number. Raises Impossible for an unknown number."""
    record = ArchiveImport.objects.filter(pk=number).first()
    if record is None:
        raise Impossible(messages.NO_IMPORT(number=str(number)))
    return record


def undo(configuration: Config, record: ArchiveImport, *, now: datetime, by: str = "") -> int:
    """Delete the editions of an import, and return how many.

    What an approved edition decided about a post stays. Raises Impossible if it was undone before.
    """
    with transaction.atomic():
        Numbering.locked(record.newsletter)
        record = ArchiveImport.objects.select_for_update().get(pk=record.pk)
        if record.undone_at is not None:
            raise Impossible(messages.UNDONE())
        _total, deleted = Edition.objects.filter(imported__archive_import=record).delete()
        record.undone_at = now
        record.save(update_fields=["undone_at"])
        newsletter = configuration.newsletters.get(record.newsletter)
        sent_elsewhere.release(record.newsletter, now - newsletter.late_posts if newsletter else now)
        what = acts.ARCHIVE_IMPORT_UNDONE(file=record.file)
        if newsletter:
            decide_drafts_again(newsletter, what, now)
        Act.objects.log(by, what, record.newsletter, now=now)
    return deleted.get(Edition._meta.label, 0)
