"""How each configured source is doing."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count
from django.utils import timezone

from newsletter import config
from newsletter.collecting import gaps
from newsletter.config import Config
from newsletter.messages import Message
from newsletter.models import Source, SourceDay, SourceGap
from newsletter.web.desk.settings import catalogue


@dataclass(frozen=True, slots=True)
class SourceHealth:
    """One source; `state` is ok, failed, or pending where it was never read."""

    newsletter: str
    settings: config.SourceSettings
    state: str
    kind: str
    title: str
    read_at: datetime | None
    tried_at: datetime | None
    retry_at: datetime | None
    problem: Message | None
    notes: tuple[Message, ...]
    posts: int

    @property
    def name(self) -> str:
        """What people call it: its name in the configuration, its own title, or its address."""
        return self.settings.name or self.title or self.settings.url


def kind_name(kind: str) -> str:
    """Return the name of a source's kind, as its settings page has it; "" as long as it is to be detected."""
    names = next(field.choices for field in catalogue.SOURCE.fields if field.key == "type")
    return "" if kind == "auto" else str(dict(names).get(kind, kind))


def health(configuration: Config) -> list[SourceHealth]:
    """Return all sources in the order of the configuration, without those of archived newsletters, which are not
    read.
    """
    rows = {(s.newsletter, s.url): s for s in Source.objects.annotate(posts=Count("listings"))}
    open_gaps = gaps.recent(timezone.now())
    return [
        _health(newsletter.name, settings, rows.get((newsletter.name, settings.url), Source()), open_gaps)
        for newsletter in configuration.newsletters.values()
        if newsletter.status != "archived"
        for settings in newsletter.sources
    ]


def days_read(since: date) -> dict[tuple[str, str], list[SourceDay]]:
    """Return the days on which each source was read, by its newsletter and address; oldest first."""
    days: dict[tuple[str, str], list[SourceDay]] = {}
    for row in SourceDay.objects.filter(day__gte=since).select_related("source").order_by("day"):
        days.setdefault((row.source.newsletter, row.source.url), []).append(row)
    return days


def _health(
    newsletter: str, settings: config.SourceSettings, row: Source, open_gaps: Mapping[int, SourceGap]
) -> SourceHealth:
    """Return how a source is doing; the row is a new one if the source was never read."""
    gap = open_gaps.get(row.pk)
    return SourceHealth(
        newsletter=newsletter,
        settings=settings,
        state="failed" if row.problem or row.stopped else "ok" if row.read_at else "pending",
        kind=row.kind or settings.type,
        title=row.title,
        read_at=row.read_at,
        tried_at=row.tried_at,
        retry_at=row.retry_at,
        problem=row.problem,
        notes=(*row.notes, *((gaps.message(gap),) if gap else ())),
        posts=int(getattr(row, "posts", 0)),
    )
