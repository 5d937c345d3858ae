"""A newsletter over time: its subscribers, and the bounces of each edition. Opens are not tracked."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.models import Bounce, Edition
from newsletter.web.desk import charts, formatting
from newsletter.web.desk.subscribers.queries import growth, unsubscribed

EDITIONS = 12
SHOWN = timedelta(days=365)
ROWS = 12


def over_time(newsletter: Newsletter, now: datetime) -> dict[str, Any]:
    """Return a year of subscribers, and the last editions, as charts and as rows of tables."""
    points = _recent(growth(newsletter.name), now)
    editions = _sent(newsletter)
    return {
        "subscribers": charts.curve(points, newsletter.zone, _("Subscribers over time")),
        "growth": _growth_rows(points, newsletter),
        "engagement": _engagement(editions),
        "editions": [_edition_row(edition) for edition in reversed(editions)],
    }


def _recent(points: Sequence[tuple[datetime, int]], now: datetime) -> list[tuple[datetime, int]]:
    """Return the points of the last year, with the number that it began with and today's."""
    oldest = now - SHOWN
    earlier = [count for at, count in points if at < oldest]
    recent = [point for point in points if point[0] >= oldest]
    if earlier:
        recent.insert(0, (oldest, earlier[-1]))
    return [*recent, (now, recent[-1][1])] if recent else []


def _growth_rows(points: Sequence[tuple[datetime, int]], newsletter: Newsletter) -> list[dict[str, object]]:
    """Return the newest number of each month, newest month first."""
    months = {at.astimezone(newsletter.zone).strftime("%Y-%m"): (at, count) for at, count in points}
    newest = sorted(months.values(), reverse=True)[:ROWS]
    return [{"name": formatting.day(at, newsletter.zone), "cells": (formatting.number(count),)} for at, count in newest]


def _sent(newsletter: Newsletter) -> list[dict[str, Any]]:
    """Return the last editions that were sent with their numbers, oldest first."""
    begun = Edition.objects.filter(newsletter=newsletter.name, began_at__isnull=False, audience__gt=0, welcome=None)
    editions = list(begun.order_by("-until", "-pk")[:EDITIONS])[::-1]
    left = unsubscribed(editions)
    counted = Bounce.objects.filter(edition__in=editions).values("edition_id").order_by()
    counted = counted.annotate(
        bounced=Count("number", distinct=True, filter=Q(kind=Bounce.Kind.HARD)),
        complained=Count("number", distinct=True, filter=Q(kind=Bounce.Kind.COMPLAINT)),
    )
    back = {row["edition_id"]: row for row in counted}
    return [
        {
            "period": formatting.period(edition, newsletter.zone),
            "began": formatting.day(edition.began_at, newsletter.zone) if edition.began_at else "",
            "audience": edition.audience,
            "unsubscribed": left.get(edition.pk, 0),
            **back.get(edition.pk, {"bounced": 0, "complained": 0}),
        }
        for edition in editions
    ]


def _engagement(editions: Sequence[Mapping[str, Any]]) -> list[dict[str, object]]:
    """Return a chart of each number that is not always zero, with its heading; the table has all of them."""
    ends = (editions[0]["began"], editions[-1]["began"]) if editions else ("", "")
    return [
        {"heading": heading, "chart": charts.columns([edition[key] for edition in editions], ends, title)}
        for key, heading, title in (
            ("unsubscribed", _("Unsubscribed"), _("Unsubscribed after each edition")),
            ("bounced", _("Bounced"), _("Hard bounces of each edition")),
            ("complained", _("Marked as spam"), _("Spam complaints about each edition")),
        )
        if any(edition[key] for edition in editions)
    ]


def _edition_row(edition: Mapping[str, Any]) -> dict[str, object]:
    audience, counts = edition["audience"], [edition[key] for key in ("unsubscribed", "bounced", "complained")]
    shares = (f"{formatting.number(n)} ({formatting.share(n, audience)})" for n in counts)
    return {"name": edition["period"], "cells": (formatting.number(audience), *shares)}
