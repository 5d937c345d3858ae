"""Undo imports of subscribers, until the next edition is sent to those whom they added."""

from collections.abc import Callable, Collection

from django.utils import timezone

from newsletter.messages import Message, subscriptions as messages
from newsletter.models import Edition, WelcomeMail
from subscribers.importing import UndoRefused, later_import, undo_import
from subscribers.models import Import


def find(number: int) -> Import:
    """Return an import by its number. Raises UndoRefused if the number is unknown."""
    record = Import.objects.filter(pk=number).first()
    if record is None:
        raise UndoRefused(messages.NO_IMPORT(number=number))
    return record


def sent_since(record: Import) -> Edition | None:
    """Return an edition that was sent since an import: of its newsletter, or of any if it blocked addresses for all."""
    editions = Edition.objects.filter(began_at__gt=record.at, welcome=None)
    if record.newsletter:
        editions = editions.filter(newsletter=record.newsletter)
    return editions.order_by("began_at").first()


def obstacle(record: Import) -> Message | None:
    """Return why an import can't be undone; None if it can, or the rest of it where an undo was interrupted."""
    if later := later_import(record):
        return messages.LATER_IMPORT(number=later.pk)
    if record.undo_began_at is None and (edition := sent_since(record)):
        return messages.IMPORT_SENT(edition=edition.name)
    return None


def check(record: Import) -> None:
    """Raise UndoRefused if an import can't be undone."""
    if why := obstacle(record):
        raise UndoRefused(why)


def undo(record: Import, step: Callable[[int], None] = lambda done: None) -> Import:
    """Undo an import; subscribers who got an email of the welcome series stay. Raises UndoRefused."""
    if record.undone_at is None:
        check(record)
    return undo_import(record, timezone.now(), _welcomed, step)


def _welcomed(numbers: Collection[int]) -> Collection[int]:
    sent = WelcomeMail.objects.filter(subscription__in=numbers)
    return set(sent.values_list("subscription", flat=True))


__all__ = ["UndoRefused", "check", "find", "obstacle", "sent_since", "undo"]
