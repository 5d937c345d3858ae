"""Servers that send in our name, from the DMARC reports of the last days."""

from collections import defaultdict
from datetime import datetime, timedelta, tzinfo

from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce, TruncDate
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from newsletter.config import Config
from newsletter.deliverability.dmarc.policy import report_address
from newsletter.models import DmarcReport, DmarcResult
from newsletter.web.desk import charts, formatting

SHOWN = timedelta(days=30)
ROWS, RECEIVERS = 50, 5
PASSED = Q(dkim=True) | Q(spf=True)


def senders(configuration: Config, now: datetime, zone: tzinfo) -> dict[str, object]:
    """Return the chart and the sums of the last days, and the servers; `more` are not shown.

    `address` is where reports are read, "" without a bounce mailbox.
    """
    results = DmarcResult.objects.filter(report__ends_at__gt=now - SHOWN)
    sums = results.aggregate(emails=_sum(), passed=_sum(PASSED))
    servers = results.values("address", "report__domain").order_by()
    return {
        "chart": _chart(results, now, zone),
        "emails": formatting.number(sums["emails"]),
        "passed": formatting.number(sums["passed"]),
        "failed": formatting.number(sums["emails"] - sums["passed"]),
        "reports": formatting.number(DmarcReport.objects.filter(ends_at__gt=now - SHOWN).count()),
        "rows": _rows(results),
        "more": max(servers.distinct().count() - ROWS, 0),
        "address": report_address(configuration),
    }


def _sum(condition: Q | None = None) -> Coalesce:
    return Coalesce(Sum("count", filter=condition), 0)


def _rows(results: QuerySet[DmarcResult]) -> list[dict[str, object]]:
    """Return the servers with the most failed emails first, then those with the most."""
    grouped = results.values("address", "report__domain").order_by()
    counted = grouped.annotate(emails=_sum(), passed=_sum(PASSED), dkims=_sum(Q(dkim=True)), spfs=_sum(Q(spf=True)))
    failed = counted.annotate(failed=F("emails") - F("passed"))
    rows = list(failed.order_by("-failed", "-emails", "address")[:ROWS])
    receivers = _receivers(results, [row["address"] for row in rows])
    return [
        {
            "address": row["address"],
            "domain": row["report__domain"],
            "passed": formatting.number(row["passed"]),
            "failed": formatting.number(row["failed"]),
            "dkim": formatting.number(row["dkims"]),
            "spf": formatting.number(row["spfs"]),
            "receivers": receivers[(row["address"], row["report__domain"])][:RECEIVERS],
        }
        for row in rows
    ]


def _receivers(results: QuerySet[DmarcResult], addresses: list[str]) -> dict[tuple[str, str], list[str]]:
    """Return the receivers that reported each server and domain."""
    reported = results.filter(address__in=addresses).order_by("report__receiver")
    receivers: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for address, domain, receiver in reported.values_list("address", "report__domain", "report__receiver").distinct():
        receivers[(address, domain)].append(receiver)
    return receivers


def _chart(results: QuerySet[DmarcResult], now: datetime, zone: tzinfo) -> SafeString:
    """Return a column for each day, of emails that passed and that failed."""
    by_day = results.annotate(day=TruncDate("report__begins_at", tzinfo=zone)).values("day").order_by()
    counts = {row["day"]: row for row in by_day.annotate(emails=_sum(), passed=_sum(PASSED))}
    moments = [now - timedelta(days=back) for back in range(SHOWN.days, -1, -1)]
    columns = []
    for moment in moments:
        row = counts.get(moment.astimezone(zone).date(), {"emails": 0, "passed": 0})
        columns.append([("passed", row["passed"]), ("unproven", row["emails"] - row["passed"])])
    ends = formatting.day(moments[0], zone), formatting.day(now, zone)
    return charts.stacked(columns, ends, _("Emails that passed and failed DMARC, by day"))
