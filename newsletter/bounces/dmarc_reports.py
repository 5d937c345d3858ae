"""Stores DMARC aggregate reports from the bounce mailbox.

Anyone can send such a report, so it only is shown. One about a domain that is not ours is ignored. The receiver's name
and its identifier stand for a report, so that a copy of it adds nothing.
"""

from datetime import datetime

from newsletter.config import Config
from newsletter.delivery.dmarc.aggregate import AggregateReport, InvalidReport, read_reports
from newsletter.mime.headers import ascii_domain
from newsletter.models import DmarcReport, DmarcResult

_SIGNS = (b"application/", b"text/xml")


def take_reports(configuration: Config, raw: bytes, now: datetime) -> bool | None:
    """Store the reports in an email, in a transaction.

    Returns whether it has any, and None if it has one that can't be read.
    """
    if not any(sign in raw[:100_000].lower() for sign in _SIGNS):
        return False
    try:
        found = read_reports(raw)
    except InvalidReport:
        return None
    for report in found:
        if _is_ours(report.domain, configuration):
            _store(report, now)
    return bool(found)


def _is_ours(domain: str, configuration: Config) -> bool:
    """Return whether a domain is in From, or above one that is."""
    ours = {ascii_domain(each.sender.domain).lower() for each in configuration.newsletters.values()}
    return "." in domain and any(each == domain or each.endswith(f".{domain}") for each in ours)


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
