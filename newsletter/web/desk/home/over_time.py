"""A newsletter over time: its subscribers, and the bounces of each edition. Opens are not tracked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Q
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.models import Bounce, Edition
from newsletter.web.desk import charts, formatting
from newsletter.web.desk.subscribers.queries import growth
from newsletter.web.desk.subscribers.unsubscribes import unsubscribed

EDITIONS = 12
SHOWN = timedelta(days=365)
ROWS = 12


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: what it is about, and its numbers with their shares."""

    name: str
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrendFigure:
    """A chart with its heading."""

    heading: str
    chart: SafeString


@dataclass(frozen=True, slots=True)
class OverTime:
    """Charts, and the same as tables."""

    subscribers: SafeString
    growth: tuple[Row, ...]
    engagement: tuple[TrendFigure, ...]
    editions: tuple[Row, ...]


def over_time(newsletter: Newsletter, now: datetime) -> OverTime:
    """Return a year of subscribers, and the last editions."""
    points = _recent(growth(newsletter.name), now)
    editions = _sent(newsletter)
    return OverTime(
        subscribers=charts.curve(points, newsletter.zone, _("Subscribers over time")),
        growth=_growth_rows(points, newsletter),
        engagement=_engagement(editions),
        editions=tuple(_edition_row(each) for each in reversed(editions)),
    )


def _recent(points: Sequence[tuple[datetime, int]], now: datetime) -> list[tuple[datetime, int]]:
    """Return the points of the last year, with the number that it began with and today's."""
    oldest = now - SHOWN
    before = [count for at, count in points if at < oldest]
    recent = [point for point in points if point[0] >= oldest]
    if before:
        recent.insert(0, (oldest, before[-1]))
    return [*recent, (now, recent[-1][1])] if recent else []


def _growth_rows(points: Sequence[tuple[datetime, int]], newsletter: Newsletter) -> tuple[Row, ...]:
    """Return the newest number of each month, newest month first."""
    months = {at.astimezone(newsletter.zone).strftime("%Y-%m"): (at, count) for at, count in points}
    newest = sorted(months.values(), reverse=True)[:ROWS]
    return tuple(Row(formatting.day(at, newsletter.zone), (formatting.number(count),)) for at, count in newest)


@dataclass(frozen=True, slots=True)
class _SentEdition:
    period: str
    began: str
    audience: int
    unsubscribed: int
    bounced: int
    complained: int


def _sent(newsletter: Newsletter) -> list[_SentEdition]:
    """Return the last editions that were sent, oldest first."""
    begun = Edition.objects.filter(newsletter=newsletter.name, began_at__isnull=False, audience__gt=0, welcome=None)
    editions = list(begun.order_by("-until", "-pk")[:EDITIONS])[::-1]
    left = unsubscribed(editions)
    of = Bounce.objects.filter(edition__in=editions).values("edition_id").order_by()
    counted = of.annotate(
        bounced=Count("number", distinct=True, filter=Q(kind=Bounce.Kind.HARD)),
        complained=Count("number", distinct=True, filter=Q(kind=Bounce.Kind.COMPLAINT)),
    )
    back = {row["edition_id"]: (row["bounced"], row["complained"]) for row in counted}
    return [
        _SentEdition(
            formatting.period(e, newsletter.zone),
            _day(e, newsletter),
            e.audience or 0,
            left.get(e.pk, 0),
            *back.get(e.pk, (0, 0)),
        )
        for e in editions
    ]


def _day(edition: Edition, newsletter: Newsletter) -> str:
    return formatting.day(edition.began_at, newsletter.zone) if edition.began_at else ""


def _engagement(editions: Sequence[_SentEdition]) -> tuple[TrendFigure, ...]:
    """Return a chart of each number that is not always zero; the table has all of them."""
    ends = (editions[0].began, editions[-1].began) if editions else ("", "")
    counts = {key: [getattr(each, key) for each in editions] for key in ("unsubscribed", "bounced", "complained")}
    return tuple(
        TrendFigure(heading, charts.columns(counts[key], ends, title))
        for key, heading, title in (
            ("unsubscribed", _("Unsubscribed"), _("Unsubscribed after each edition")),
            ("bounced", _("Bounced"), _("Hard bounces of each edition")),
            ("complained", _("Marked as spam"), _("Spam complaints about each edition")),
        )
        if any(counts[key])
    )


def _edition_row(each: _SentEdition) -> Row:
    counts = (each.unsubscribed, each.bounced, each.complained)
    shares = (f"{formatting.number(n)} ({formatting.share(n, each.audience)})" for n in counts)
    return Row(each.period, (formatting.number(each.audience), *shares))
