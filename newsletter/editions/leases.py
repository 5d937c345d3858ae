"""Who is writing in which text of a draft: one person at a time, until they stop.

A page renews its leases every few seconds (static/desk/writers.js); one that is closed loses them soon. They keep two
people from writing in the same text; that nothing is overwritten unseen does not depend on them (conflicts.py).
"""

from collections.abc import Collection
from datetime import datetime, timedelta

from newsletter.editions.history import FIELDS, field
from newsletter.editions.problems import Impossible
from newsletter.messages import Message, editions as messages
from newsletter.messages.general import TEXT
from newsletter.models import Edition, TextLease

LASTS = timedelta(seconds=20)


def of_others(edition: Edition, by: str, now: datetime) -> dict[str, str]:
    """Return who is writing, by the keys of the texts; without the person `by`."""
    rows = TextLease.objects.filter(edition=edition, until__gt=now).exclude(by=by)
    return dict(rows.values_list("text", "by"))


def take(edition: Edition, keys: Collection[str], by: str, now: datetime) -> None:
    """Give the texts to a person, whoever was writing there. The caller holds the draft's row."""
    for key in keys:
        TextLease.objects.update_or_create(edition=edition, text=key, defaults={"by": by, "until": now + LASTS})


def renew(edition: Edition, keys: Collection[str], by: str, now: datetime) -> None:
    """Renew a person's leases, and take those texts in which nobody is writing. The caller holds the draft's row."""
    TextLease.objects.filter(edition=edition, until__lte=now).delete()
    taken = of_others(edition, by, now)
    take(edition, [key for key in keys if key not in taken], by, now)


class BeingWritten(Impossible):
    """A person is writing in a text at the desk that a program or a command would change."""


def refuse_if_written(edition: Edition, keys: Collection[str], now: datetime) -> None:
    """Raise BeingWritten if a person is writing in one of the texts of a draft."""
    for key, who in sorted(of_others(edition, "", now).items()):
        if key in keys:
            raise BeingWritten(messages.BEING_WRITTEN(name=edition.name, who=who, field=_field(edition, key)))


def _field(edition: Edition, key: str) -> Message:
    """Return what a text is called: of a post, its headline."""
    if key in FIELDS:
        return field(edition, key)
    entry = edition.entries.select_related("post").filter(post_id=key.rpartition("-")[2]).first()
    return TEXT(words=(entry.title or entry.post.title) if entry else key)
