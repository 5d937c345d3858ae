"""Notes of the team about an edition, which subscribers never see."""

from datetime import datetime

from django.contrib.auth.models import User
from django.db import transaction

from newsletter.editions.problems import Impossible
from newsletter.messages import acts, editions as messages
from newsletter.models import Act, Edition, Note

LONGEST_NOTE = 5_000


def write(edition: Edition, by: str, text: str, now: datetime, to: str = "") -> Note:
    """Write a note, for one person or for everybody. Raises Impossible if it is empty or too long, or nobody's.

    The same note, sent again because its answer was lost, is written once.
    """
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Impossible(messages.NOTE_EMPTY())
    if len(text) > LONGEST_NOTE:
        raise Impossible(messages.NOTE_TOO_LONG())
    if to and not User.objects.filter(username=to).exists():
        raise Impossible(messages.NOTE_FOR_NOBODY())
    with transaction.atomic():
        Edition.objects.select_for_update().get(pk=edition.pk)
        if note := Note.objects.filter(edition=edition, by=by, to=to, text=text, done_at=None).first():
            return note
        note = Note.objects.create(edition=edition, at=now, by=by, to=to, text=text)
        Act.objects.log(by, acts.NOTE_WRITTEN(), edition.name, now=now)
    return note
