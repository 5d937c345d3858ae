"""Bounces and complaints of each newsletter: by week, and by the readers' domain over the last days."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo

from django.db.models import Sum
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.deliverability.rates import RECENT, Alarm, Rates, added, by_domain
from newsletter.models import DomainRate
from newsletter.web.desk import charts, formatting

WEEKS, DOMAINS = 12, 15
STATES = {Alarm.NONE: "", Alarm.HIGH: "waiting", Alarm.TOO_HIGH: "failed"}
"""The class of the style sheet for each alarm."""


@dataclass(frozen=True, slots=True)
class RateLine:
    """A week or a domain with its numbers and shares as they are written; `state` is a class of the style sheet."""

    name: str
    sent: str
    bounced: str
    complained: str
    bounce_share: str
    complaint_share: str
    state: str


@dataclass(frozen=True, slots=True)
class NewsletterRates:
    """A newsletter's rates: the chart and the weeks, newest first, and the domains with the most emails first."""

    title: str
    total: RateLine
    chart: SafeString
    weeks: tuple[RateLine, ...]
    domains: tuple[RateLine, ...]
    more: int


def complaint_rates(configuration: Config, now: datetime, zone: tzinfo) -> list[NewsletterRates]:
    """Return the rates of each newsletter that has sent something in the last weeks."""
    lines = []
    for newsletter in configuration.newsletters.values():
        weeks = _weeks(newsletter.name, now, zone)
        if weeks:
            recent = by_domain(newsletter.name, now - RECENT)
            named = [_line(domain, rates) for domain, rates in recent.items() if domain]
            others = [_line(_("Other domains"), recent[""])] if "" in recent else []
            lines.append(
                NewsletterRates(
                    title=newsletter.title,
                    total=_line("", added(recent.values())),
                    chart=_chart(weeks),
                    weeks=tuple(_line(formatting.day(monday), rates) for monday, rates in reversed(weeks)),
                    domains=(*named[:DOMAINS], *others),
                    more=max(len(named) - DOMAINS, 0),
                )
            )
    return lines


def _line(name: str, rates: Rates) -> RateLine:
    return RateLine(
        name,
        formatting.number(rates.sent),
        formatting.number(rates.bounced),
        formatting.number(rates.complained),
        formatting.share(rates.bounced, rates.sent),
        formatting.share(rates.complained, rates.sent, decimals=2),
        STATES[rates.alarm],
    )


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
    return [(monday, added(rates)) for monday, rates in sorted(weeks.items())]


def _chart(weeks: list[tuple[date, Rates]]) -> SafeString:
    columns = [[("bounced", rates.bounced), ("complained", rates.complained)] for _monday, rates in weeks]
    ends = formatting.day(weeks[0][0]), formatting.day(weeks[-1][0])
    return charts.stacked(columns, ends, _("Bounces and spam complaints by week"))
