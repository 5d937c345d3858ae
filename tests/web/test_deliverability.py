"""The page of deliverability: DNS is checked in the background, and the result is kept with its time."""

from collections.abc import Iterator

import dns.resolver
import pytest
from django.test import Client

from newsletter import config
from newsletter.models import DnsCheck, Job
from newsletter.web.desk.jobs import work
from tests.doubles import nsd

pytestmark = pytest.mark.django_db

RECORDS = [
    ("example.org", "TXT", '"v=spf1 mx -all"'),
    ("example.org", "MX", "10 mail.example.org."),
    ("mail.example.org", "A", "203.0.113.1"),
    ("_dmarc.example.org", "TXT", '"v=DMARC1; p=none"'),
]


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The system's resolver asks a name server of the test."""
    with nsd.running(RECORDS) as resolver:
        monkeypatch.setattr(dns.resolver, "default_resolver", resolver)
        yield


def page(admin: Client) -> str:
    return " ".join(admin.get("/desk/deliverability/").content.decode().split())


@pytest.fixture
def waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Jobs wait until the test does them."""
    monkeypatch.setattr(work, "enqueue", lambda *_, **__: True)


def check(admin: Client) -> Job:
    """Ask for a check and do it."""
    admin.post("/desk/deliverability/check/")
    job = Job.objects.get()
    work.RUN.run(config.current(), job=str(job.pk))
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
    assert "v=spf1 mx -all (DNS lookups: 1 of at most 10)." in shown
    assert "Gmail, Yahoo, Microsoft, Apple" in shown


def test_the_record_to_paste_is_shown(admin: Client, waiting: None, names: None) -> None:
    check(admin)
    assert "_dmarc.example.org. IN TXT &quot;v=DMARC1; p=none; rua=mailto:postmaster@example.org&quot;" in page(admin)


def test_the_job_leads_back_to_the_page(admin: Client, waiting: None, names: None) -> None:
    assert admin.get(f"/desk/jobs/{check(admin).pk}/")["Location"] == "/desk/deliverability/"


def test_a_new_check_takes_the_place_of_the_old_one(admin: Client, waiting: None, names: None) -> None:
    check(admin)
    Job.objects.all().delete()
    first = DnsCheck.objects.get().at
    check(admin)
    assert DnsCheck.objects.get().at > first


def test_a_check_is_asked_for_by_post_only(admin: Client) -> None:
    assert admin.get("/desk/deliverability/check/").status_code == 405
