"""Stores DMARC aggregate reports from the bounce mailbox.

Anyone can send such a report, so it only is shown. One about a domain that is not ours is ignored. The receiver's name
and its identifier stand for a report, so that a copy of it adds nothing.
"""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from newsletter.config import Config
from newsletter.delivery.dmarc.aggregate import AggregateReport
from newsletter.mime.headers import ascii_domain
from newsletter.models import DmarcReport, DmarcResult


def store(configuration: Config, reports: Sequence[AggregateReport], now: datetime) -> None:
    """Store reports about our domains, each in a transaction of its own, so that others can write between them."""
    for report in reports:
        if _is_ours(report.domain, configuration):
            _store(report, now)


def _is_ours(domain: str, configuration: Config) -> bool:
    """Return whether a domain is in From, or above one that is."""
    ours = {ascii_domain(each.sender.domain).lower() for each in configuration.newsletters.values()}
    return "." in domain and any(each == domain or each.endswith(f".{domain}") for each in ours)


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
                address=each.address,
                count=each.count,
                dkim=each.dkim,
                spf=each.spf,
                disposition=each.disposition,
            )
            for each in report.results
        )
