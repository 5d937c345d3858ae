"""How each configured source is doing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from newsletter import config
from newsletter.config import Config
from newsletter.models import Source


@dataclass(frozen=True, slots=True)
class Health:
    """One source; `state` is ok, failed, or pending where it was never read. `problem` and `notes` are sentences."""

    newsletter: str
    settings: config.Source
    state: str
    kind: str
    title: str
    read_at: datetime | None
    tried_at: datetime | None
    retry_at: datetime | None
    problem: str
    notes: tuple[str, ...]
    posts: int


def health(configuration: Config) -> list[Health]:
    """All sources in the order of the configuration; those of the database that it no longer has are left out."""
    rows = {(s.newsletter, s.url): s for s in Source.objects.annotate(posts=Count("listings"))}
    return list(_all(configuration, rows))


def _all(configuration: Config, rows: Mapping[tuple[str, str], Source]) -> Iterator[Health]:
    for name, newsletter in configuration.newsletters.items():
        for settings in newsletter.sources:
            row = rows.get((name, settings.url))
            yield _health(name, settings, row) if row else _unread(name, settings)


def _health(newsletter: str, settings: config.Source, row: Source) -> Health:
    return Health(
        newsletter=newsletter,
        settings=settings,
        state="failed" if row.problem or row.stopped else "ok" if row.read_at else "pending",
        kind=row.kind or settings.type,
        title=row.title,
        read_at=row.read_at,
        tried_at=row.tried_at,
        retry_at=row.retry_at,
        problem=row.problem,
        notes=tuple(row.notes),
        posts=int(getattr(row, "posts", 0)),
    )


def _unread(newsletter: str, settings: config.Source) -> Health:
    return Health(newsletter, settings, "pending", settings.type, settings.name, None, None, None, "", (), 0)
