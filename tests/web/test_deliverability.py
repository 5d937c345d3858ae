"""The page of deliverability: DNS is checked in the background, and the result is kept with its time."""

import gzip
import re
from collections.abc import Iterator
from typing import Any

import dns.resolver
import pytest
from django.test import Client
from django.utils import timezone

from newsletter import config
from newsletter.bounces.processing import BounceEffect, process
from newsletter.messages import failures
from newsletter.models import DnsCheck, DomainRate, Edition, Job, Tally
from newsletter.web.desk import jobs
from tests.deliverability.dmarc_samples import email, record, report, xml
from tests.doubles import nsd
from tests.sending import outbox_samples as samples

pytestmark = pytest.mark.django_db

RECORDS = [
    ("example.org", "TXT", '"v=spf1 mx -all"'),
    ("example.org", "MX", "10 mail.example.org."),
    ("mail.example.org", "A", "203.0.113.1"),
    ("_dmarc.example.org", "TXT", '"v=DMARC1; p=none"'),
]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch, processes: None) -> Iterator[None]:
    """The system's resolver asks a name server of the test."""
    with nsd.running(RECORDS) as resolver:
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        yield


def page(admin: Client) -> str:
    return " ".join(admin.get("/desk/deliverability/").content.decode().split())


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait until the test does them."""
    monkeypatch.setattr(jobs, "enqueue", lambda *_, **__: True)


def check(admin: Client) -> Job:
    """Ask for a check and do it."""
    admin.post("/desk/deliverability/check/")
    job = Job.objects.get()
    jobs.RUN.run(config.current(), job=str(job.pk))
    job.refresh_from_db()
    return job


def test_before_the_first_check_the_page_says_so(admin: Client) -> None:
    assert "DNS hasn’t been checked yet." in page(admin)


def test_a_check_runs_in_the_background(admin: Client, waiting: None) -> None:
    response = admin.post("/desk/deliverability/check/")
    assert response["Location"] == f"/desk/jobs/{Job.objects.get().pk}/"
    assert "View progress" in page(admin)
    assert DnsCheck.objects.count() == 0


def test_a_second_check_is_the_one_that_runs(admin: Client, waiting: None) -> None:
    addresses = {admin.post("/desk/deliverability/check/")["Location"] for _ in range(2)}
    assert len(addresses) == Job.objects.count() == 1


def test_the_result_is_kept_with_its_time(admin: Client, waiting: None, names: None) -> None:
    job = check(admin)
    assert (job.state, job.done, job.total) == ("done", 1, 1)
    shown = page(admin)
    assert "Checked" in shown
    assert "has no address in DNS, so whether the SPF record of example.org covers it is not known" in shown
    assert "Not known" in shown
    assert "Gmail, Yahoo, Microsoft, Apple" in shown


def test_the_record_to_paste_is_shown(admin: Client, waiting: None, names: None) -> None:
    check(admin)
    assert "_dmarc.example.org. IN TXT &quot;v=DMARC1; p=none; rua=mailto:postmaster@example.org&quot;" in page(admin)


def test_the_job_leads_back_to_the_page(admin: Client, waiting: None, names: None) -> None:
    assert admin.get(f"/desk/jobs/{check(admin).pk}/")["Location"] == "/desk/deliverability/"


def test_a_check_that_failed_says_why(admin: Client) -> None:
    job = Job.objects.create(kind="dns", state="failed", by="", order={}, problem=failures.JOB_INTERRUPTED())
    assert "The program was stopped before this" in admin.get(f"/desk/jobs/{job.pk}/", follow=True).content.decode()


def test_a_new_check_takes_the_place_of_the_old_one(admin: Client, waiting: None, names: None) -> None:
    check(admin)
    Job.objects.all().delete()
    first = DnsCheck.objects.get().at
    check(admin)
    assert DnsCheck.objects.get().at > first


def test_a_check_is_asked_for_by_post_only(admin: Client) -> None:
    assert admin.get("/desk/deliverability/check/").status_code == 405


def test_what_was_sent_minutes_ago_is_said_before_it_is_counted(admin: Client) -> None:
    assert "Nothing has been sent in recent weeks." in page(admin)
    edition = samples.sending(4)
    now = timezone.now()
    Edition.objects.filter(pk=edition.pk).update(began_at=now)
    Tally.objects.create(edition=edition, at=now, accepted=4)
    sentence = "4 emails have been sent since these figures were last counted, which is done every few minutes."
    assert sentence in page(admin)
    assert "Nothing has been sent" not in page(admin)


def take_reports(*mails: bytes) -> None:
    for mail in mails:
        assert process(config.current(), mail, timezone.now())[0] is BounceEffect.DMARC


def today(**given: Any) -> bytes:
    """A report of today."""
    return report(begin=int(timezone.now().timestamp()) - 3_600, **given)


def test_without_a_bounce_mailbox_the_page_says_how_to_get_reports(admin: Client) -> None:
    assert "Reports are read from the bounce mailbox, which isn’t set up yet" in page(admin)


def test_servers_in_our_name_are_shown_with_what_passed(admin: Client) -> None:
    forged = record("198.51.100.9", 1_200, "fail", "fail", "quarantine")
    raw = xml(record(), record("203.0.113.2", 5, "pass", "fail"), forged, begin=int(timezone.now().timestamp()) - 3_600)
    take_reports(email(gzip.compress(raw)))
    shown = page(admin)
    assert re.findall(r'scope="row" class="lead">([\d.]+)<', shown) == ["198.51.100.9", "203.0.113.1", "203.0.113.2"]
    assert re.findall(r'data-label="Failed">([\d,]+)<', shown) == ["1,200", "0", "0"]
    assert re.findall(r'data-label="SPF">([\d,]+)<', shown) == ["0", "12", "0"]
    assert "receiver.example" in shown
    assert re.findall(r"<dd>([\d,]+)</dd>", shown) == ["1,217", "17", "1,200", "1"]


def test_the_chart_has_a_column_for_each_day(admin: Client) -> None:
    take_reports(today(), today(identifier="r-2"))
    heights = [float(each) for each in re.findall(r'<rect class="passed"[^>]*height="([\d.]+)"', page(admin))]
    assert (len(heights), len([each for each in heights if each])) == (31, 1)


def test_reports_of_older_days_are_left_out(admin: Client) -> None:
    take_reports(report())
    assert "203.0.113.1" not in page(admin)


def test_at_most_fifty_servers_are_shown(admin: Client) -> None:
    records = [record(f"203.0.113.{number}", number + 1) for number in range(53)]
    raw = xml(*records, begin=int(timezone.now().timestamp()) - 3_600)
    take_reports(email(gzip.compress(raw)))
    assert "3 more servers with fewer emails are not shown." in page(admin)


def test_without_emails_the_rates_say_so(admin: Client) -> None:
    assert "Nothing has been sent in recent weeks." in page(admin)


def test_bounces_and_complaints_are_shown_by_domain_and_week(admin: Client) -> None:
    edition = samples.sending(2)
    Edition.objects.filter(pk=edition.pk).update(began_at=timezone.now())
    DomainRate.objects.create(
        edition=edition, domain="gmail.com", sent=10_000, bounced=120, complained=31, counted_at=timezone.now()
    )
    shown = page(admin)
    assert "Bounces and spam complaints by week" in shown
    assert re.search(r"gmail\.com.*10,000.*1\.2%.*state failed\">31.*0\.31%", shown)
    assert "Too many spam complaints" in shown
