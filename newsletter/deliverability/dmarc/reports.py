"""Stores DMARC aggregate reports from the bounce mailbox.

Anyone can send such a report, so it only is shown. One about a domain that is not ours is ignored. The receiver's name
and its identifier stand for a report, so that a copy of it adds nothing. Of those about a domain that arrive in a day,
the newest are kept, so that many forged ones fill no disk.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count

from newsletter.config import Config
from newsletter.deliverability.dmarc.aggregate import AggregateReport
from newsletter.mime.headers import ascii_domain
from newsletter.models import DmarcReport, DmarcResult

AHEAD = timedelta(days=2)
"""How far a report's period may end ahead of our clock; one further ahead would be shown for years."""

MOST_REPORTS, MOST_RESULTS = 1_000, 20_000
"""Reports about a domain that arrive in a day (UTC) and are kept, and their servers in all."""


def store(configuration: Config, reports: Sequence[AggregateReport], now: datetime) -> None:
    """Store reports about our domains, each in a transaction of its own, so that others can write between them.

    One whose period lies ahead is forged, or its receiver's clock is wrong.
    """
    for report in reports:
        if _is_ours(report.domain, configuration) and report.ends <= now + AHEAD:
            _store(report, now)


def _is_ours(domain: str, configuration: Config) -> bool:
    """Return whether a domain is in From, or above one that is."""
    ours = {ascii_domain(newsletter.sender.domain).lower() for newsletter in configuration.newsletters.values()}
    return "." in domain and any(own_domain == domain or own_domain.endswith(f".{domain}") for own_domain in ours)


@transaction.atomic
def _store(report: AggregateReport, now: datetime) -> None:
    row, new = DmarcReport.objects.get_or_create(
        receiver=report.receiver,
        identifier=report.identifier,
        domain=report.domain,
        defaults={"policy": report.policy, "begins_at": report.begins, "ends_at": report.ends, "read_at": now},
    )
    if new:
        DmarcResult.objects.bulk_create(
            DmarcResult(
                report=row,
                address=result.address,
                count=result.count,
                dkim=result.dkim,
                spf=result.spf,
                disposition=result.disposition,
            )
            for result in report.results
        )
        _drop_oldest(report.domain, now)


def _drop_oldest(domain: str, now: datetime) -> None:
    """Delete the oldest reports about a domain that arrived today beyond what is kept; the newest always stays."""
    today = datetime.combine(now.astimezone(UTC), time(), UTC)
    arrived = DmarcReport.objects.filter(domain=domain, read_at__gte=today)
    results = DmarcResult.objects.filter(report__domain=domain, report__read_at__gte=today)
    if arrived.count() <= MOST_REPORTS and results.count() <= MOST_RESULTS:
        return
    dropped, total = [], 0
    newest_first = arrived.annotate(servers=Count("results")).order_by("-pk").values_list("pk", "servers")
    for place, (key, servers) in enumerate(newest_first):
        total += servers
        if place and (place >= MOST_REPORTS or total > MOST_RESULTS):
            dropped.append(key)
    DmarcReport.objects.filter(pk__in=dropped).delete()
