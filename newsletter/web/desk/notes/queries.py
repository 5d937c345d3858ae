"""The notes of an edition, with the names of their authors."""

from collections.abc import Collection
from dataclasses import dataclass

from django.db.models import Count

from newsletter.config import Newsletter
from newsletter.models import Edition
from newsletter.web.desk import formatting, users


@dataclass(frozen=True, slots=True)
class NoteLine:
    """A note as the page shows it; `to` is "" if it is for everybody, `mine` if whoever asks wrote it."""

    pk: int
    by: str
    to: str
    for_me: bool
    mine: bool
    when: str
    text: str
    done: bool


def notes(edition: Edition, newsletter: Newsletter, me: str) -> list[NoteLine]:
    """Return the notes of an edition: open ones first, newest first."""
    rows = sorted(edition.notes.order_by("-at", "-pk"), key=lambda note: note.done_at is not None)
    names = users.names(address for note in rows for address in (note.by, note.to))
    return [
        NoteLine(
            pk=note.pk,
            by=names[note.by],
            to=names[note.to] if note.to else "",
            for_me=note.to == me,
            mine=note.by == me,
            when=formatting.moment(note.at, newsletter.zone),
            text=note.text,
            done=note.done_at is not None,
        )
        for note in rows
    ]


def editions_with_notes_for(me: str, newsletters: Collection[str]) -> list[tuple[Edition, int]]:
    """Return the editions with open notes for a person, and how many each has; newest first."""
    editions = Edition.objects.filter(newsletter__in=newsletters, notes__to=me, notes__done_at=None)
    counted = editions.annotate(count=Count("notes")).order_by("-until", "-pk")
    return [(edition, edition.count) for edition in counted]
