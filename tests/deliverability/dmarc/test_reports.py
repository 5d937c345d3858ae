"""DMARC reports in the bounce mailbox: each is stored once, those of other domains and broken ones are not."""

import gzip
from datetime import datetime, timedelta

import pytest

from newsletter import config
from newsletter.bounces.processing import BounceEffect, process
from newsletter.deliverability.dmarc import reports as dmarc_reports
from newsletter.models import DmarcReport, DmarcResult
from newsletter.scheduling import housekeeping
from tests.deliverability.dmarc_samples import email, record, report, xml
from tests.sending.outbox_samples import NOW

pytestmark = pytest.mark.django_db


def test_a_report_is_stored() -> None:
    raw = report(record(), record("2001:db8::1", 3, "fail", "fail", "quarantine"))
    assert process(config.current(), raw, NOW) == (BounceEffect.DMARC, 0)
    stored = DmarcResult.objects.values_list("address", "count", "dkim", "spf", "disposition")
    assert set(stored) == {("203.0.113.1", 12, True, True, "none"), ("2001:db8::1", 3, False, False, "quarantine")}


def test_a_copy_of_a_report_adds_nothing() -> None:
    for message_id in ("<1@receiver.example>", "<1@receiver.example>", "<2@receiver.example>"):
        assert process(config.current(), report(message_id=message_id), NOW) == (BounceEffect.DMARC, 0)
    assert (DmarcReport.objects.count(), DmarcResult.objects.count()) == (1, 1)


def test_a_report_about_the_domain_above_ours_is_stored_and_another_one_is_not() -> None:
    given = config.current()
    assert {each.sender.domain for each in given.newsletters.values()} == {"example.org"}
    for number, domain in enumerate(("example.org", "org", "other.example", "notexample.org")):
        raw = report(domain=domain, identifier=f"r-{number}")
        assert process(given, raw, NOW) == (BounceEffect.DMARC, 0)
    assert list(DmarcReport.objects.values_list("domain", flat=True)) == ["example.org"]


def test_a_broken_report_is_not_understood() -> None:
    assert process(config.current(), email(gzip.compress(xml())[:-12]), NOW) == (BounceEffect.UNKNOWN, 0)
    assert DmarcReport.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_old_reports_are_deleted() -> None:
    process(config.current(), report(), NOW)
    ends = DmarcReport.objects.get().ends_at
    housekeeping.tidy(config.current(), ends + timedelta(days=399))
    assert DmarcReport.objects.count() == 1
    housekeeping.tidy(config.current(), ends + timedelta(days=401))
    assert (DmarcReport.objects.count(), DmarcResult.objects.count()) == (0, 0)


def arrive(count: int, now: datetime = NOW, first: int = 0, domain: str = "example.org") -> None:
    """Take reports with two servers each."""
    for number in range(first, first + count):
        raw = report(record(), record("2001:db8::1"), identifier=f"r-{number}", domain=domain)
        process(config.current(), raw, now)


@pytest.mark.parametrize(("reports", "results"), [(3, 100), (100, 7)])
def test_of_many_reports_in_a_day_the_newest_are_kept(
    reports: int, results: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dmarc_reports, "MOST_REPORTS", reports)
    monkeypatch.setattr(dmarc_reports, "MOST_RESULTS", results)
    arrive(1, NOW - timedelta(days=1), first=90)
    arrive(5)
    kept = DmarcReport.objects.order_by("pk").values_list("identifier", flat=True)
    assert list(kept) == ["r-90", "r-2", "r-3", "r-4"]
    assert DmarcResult.objects.count() == 8


def test_a_report_with_more_servers_than_are_kept_in_a_day_stays_while_it_is_the_newest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(dmarc_reports, "MOST_RESULTS", 1)
    arrive(2)
    assert list(DmarcReport.objects.values_list("identifier", flat=True)) == ["r-1"]


def test_a_report_on_days_to_come_is_not_stored() -> None:
    ahead = int((NOW + timedelta(days=30)).timestamp())
    assert process(config.current(), report(begin=ahead), NOW) == (BounceEffect.DMARC, 0)
    assert not DmarcReport.objects.exists()
