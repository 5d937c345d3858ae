"""Queries for public editions."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet, Subquery, TextField, Value, Window
from django.db.models.functions import Concat, RowNumber

from newsletter.editions.public_editions import in_archive, in_archives, public
from newsletter.models import Edition
from subscribers.models import Folded, fold

MOST_WORDS = 6
"""So many words of a search count, since each reads every edition's text."""


@dataclass(frozen=True, slots=True)
class ListedEdition:
    """An edition as the archive lists it. `at` is when its first email was accepted, `content` the key of its text."""

    newsletter: str
    period: str
    subject: str
    preheader: str
    at: datetime
    content: int

    @property
    def path(self) -> str:
        """Return the path of its page."""
        return f"/n/{self.newsletter}/{self.period}/"


_FIELDS = (
    "newsletter",
    "period",
    "approved_content__subject",
    "approved_content__preheader",
    "published_at",
    "approved_content__pk",
)


def listed(newsletter: str, words: str = "", *, start: int = 0, count: int = 50) -> list[ListedEdition]:
    """Return a newsletter's public editions that contain all the words, newest first."""
    rows = in_archive(newsletter).order_by("-until", "-pk")
    return _listed((_with_words(rows, words) if words else rows)[start : start + count])


def _with_words(rows: QuerySet[Edition], words: str) -> QuerySet[Edition]:
    fields = ("subject", "preheader", "text")
    whole = Concat(*(part for field in fields for part in (F(f"approved_content__{field}"), Value(" ", TextField()))))
    folded = rows.alias(folded=Folded(whole))
    for word in fold(words).split()[:MOST_WORDS]:
        folded = folded.filter(folded__contains=word)
    return folded


def number_of_editions(newsletter: str) -> int:
    """Return how many public editions a newsletter has."""
    return in_archive(newsletter).count()


def latest(newsletter: str) -> ListedEdition | None:
    """Return the newest public edition of a newsletter, which the sign-up page shows as an example."""
    return next(iter(listed(newsletter, count=1)), None)


def latest_of_each() -> dict[str, ListedEdition]:
    """Return the newest public edition of each newsletter that has one, by the newsletter's name."""
    newest = Window(RowNumber(), partition_by="newsletter", order_by=["-until", "-pk"])
    rows = in_archives().alias(place=newest).filter(place=1)
    return {edition.newsletter: edition for edition in _listed(rows)}


def _listed(rows: QuerySet[Edition]) -> list[ListedEdition]:
    return [ListedEdition(*row) for row in rows.values_list(*_FIELDS)]


def neighbours(newsletter: str, edition: int) -> tuple[ListedEdition | None, ListedEdition | None]:
    """Return the public editions before and after one: older, newer."""
    until = Edition.objects.filter(pk=edition).values("until")[:1]
    rows = in_archive(newsletter)
    older = rows.filter(Q(until__lt=Subquery(until)) | Q(until=Subquery(until), pk__lt=edition))
    newer = rows.filter(Q(until__gt=Subquery(until)) | Q(until=Subquery(until), pk__gt=edition))
    nearest = (older.order_by("-until", "-pk")[:1], newer.order_by("until", "pk")[:1])
    before, after = (next(iter(_listed(rows)), None) for rows in nearest)
    return before, after


def public_edition(newsletter: str, period: str) -> tuple[int, int, datetime] | None:
    """Return what an edition's page depends on: its number, revision and first accepted email; None if it is not
    public.
    """
    row = public().filter(newsletter=newsletter, period=period)
    values = row.values_list("pk", "approved_content__revision", "published_at").first()
    return (values[0], values[1], values[2]) if values and values[2] else None


def was_removed(newsletter: str, period: str) -> bool:
    """Return whether an editor removed this edition from the archive."""
    return Edition.objects.filter(newsletter=newsletter, period=period, removed_from_archive_at__isnull=False).exists()
