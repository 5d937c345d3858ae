"""Bounces and complaints of each newsletter: by week, and by the subscribers' domain over the last days."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime, timedelta, tzinfo

from django.db.models import Sum
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.deliverability.rates import RECENT, Alarm, Rates, by_domain, total
from newsletter.models import DomainRate
from newsletter.web.desk import charts, formatting

WEEKS, DOMAINS = 12, 15
STATES = {Alarm.NONE: "", Alarm.HIGH: "waiting", Alarm.TOO_HIGH: "failed"}
"""The class of the style sheet for each alarm."""


def complaint_rates(configuration: Config, now: datetime, zone: tzinfo) -> Iterator[dict[str, object]]:
    """Yield the rates of each newsletter that has sent something in the last weeks: the chart and the weeks, newest
    first, and the domains with the most emails first.
    """
    for newsletter in configuration.newsletters.values():
        if weeks := _weeks(newsletter.name, now, zone):
            recent = by_domain(newsletter.name, now - RECENT)
            domains = [_line(domain, rates) for domain, rates in recent.items() if domain]
            others = [_line(_("Other domains"), recent[""])] if "" in recent else []
            yield {
                "title": newsletter.title,
                "total": _line("", total(recent.values())),
                "chart": _chart(weeks),
                "weeks": [_line(formatting.day(monday), rates) for monday, rates in reversed(weeks)],
                "domains": [*domains[:DOMAINS], *others],
                "more": max(len(domains) - DOMAINS, 0),
            }


def _line(name: str, rates: Rates) -> dict[str, str]:
    """Return a week or a domain with its numbers and shares as they are written."""
    return {
        "name": name,
        "sent": formatting.number(rates.sent),
        "bounced": formatting.number(rates.bounced),
        "complained": formatting.number(rates.complained),
        "bounce_share": formatting.share(rates.bounced, rates.sent),
        "complaint_share": formatting.share(rates.complained, rates.sent, decimals=2),
        "state": STATES[rates.alarm],
    }


def _weeks(newsletter: str, now: datetime, zone: tzinfo) -> list[tuple[date, Rates]]:
    """Return the Monday of each week in which an edition began, and the rates of its editions."""
    rows = DomainRate.objects.filter(
        edition__newsletter=newsletter, edition__began_at__gt=now - timedelta(weeks=WEEKS)
    ).values("edition__began_at")
    weeks: defaultdict[date, list[Rates]] = defaultdict(list)
    for row in rows.annotate(s=Sum("sent"), b=Sum("bounced"), c=Sum("complained")).order_by():
        began: datetime = row["edition__began_at"]  # type: ignore[assignment] # the filter leaves no NULL
        day = began.astimezone(zone).date()
        weeks[day - timedelta(days=day.weekday())].append(Rates(row["s"], row["b"], row["c"]))
    return [(monday, total(rates)) for monday, rates in sorted(weeks.items())]


def _chart(weeks: list[tuple[date, Rates]]) -> SafeString:
    columns = [[("bounced", rates.bounced), ("complained", rates.complained)] for _monday, rates in weeks]
    ends = formatting.day(weeks[0][0]), formatting.day(weeks[-1][0])
    return charts.stacked(columns, ends, _("Bounces and spam complaints by week"))
