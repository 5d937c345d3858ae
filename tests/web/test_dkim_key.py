"""A DKIM key that is made at the desk: its file, the configuration, and the record that the page shows."""

import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from newsletter import config
from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.delivery.dkim_keys import public_record
from newsletter.messages.deliverability.records import NO_ANSWER
from newsletter.models import Job
from newsletter.web.desk import jobs
from tests.web.settings_site import Site, serve

KEY = "/desk/deliverability/key/"


@pytest.fixture
def site(tmp_path: Path, admin: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Site]:
    """A site whose jobs wait until the test does them, and whose name servers don't answer."""

    def no_answer(_self: Lookups, name: str, _kind: str) -> tuple[str, ...]:
        raise LookupFailed(NO_ANSWER())

    monkeypatch.setattr(jobs, "enqueue", lambda *_, **__: True)
    monkeypatch.setattr(Lookups, "ask", no_answer)
    yield from serve(tmp_path / "config.toml", admin)


def checked(site: Site) -> str:
    """The page once DNS has been checked."""
    job = Job.objects.latest("pk")
    jobs.RUN.run(config.current(), job=str(job.pk))
    return " ".join(site.client.get("/desk/deliverability/").content.decode().split())


def dkim(site: Site) -> Any:
    """The setting as config.toml has it."""
    return site.tree["delivery"].get("dkim")


def test_a_key_is_made_and_its_record_shown_even_if_dns_does_not_answer(site: Site) -> None:
    site.client.post("/desk/deliverability/check/")
    assert '<input type="hidden" name="domain" value="example.org"><button>Make a key for example.org' in checked(site)
    answer = site.client.post(KEY, {"domain": "example.org"})
    assert answer["Location"] == f"/desk/jobs/{Job.objects.latest('pk').pk}/"
    file = site.file.with_name("dkim-example.org-s1.pem")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert dkim(site) == {"domain": "example.org", "selector": "s1", "key": {"file": file.name}}
    (key,) = config.current().delivery.dkim
    page = checked(site)
    assert "s1._domainkey.example.org</code>" in page
    assert public_record(key) in page
    assert "Emails are now signed with a key for example.org, which is in dkim-example.org-s1.pem." in page
    assert "Make a key for" not in page


def test_a_second_key_is_added_to_the_first(site: Site) -> None:
    for _ in range(2):
        site.client.post(KEY, {"domain": "example.org"})
    assert [(each["selector"], each["key"]["file"]) for each in dkim(site)] == [
        ("s1", "dkim-example.org-s1.pem"),
        ("s2", "dkim-example.org-s2.pem"),
    ]


def test_no_key_is_made_where_it_could_not_be_used(site: Site) -> None:
    assert site.client.post(KEY, {"domain": "example.net"}).status_code == 404, "nobody sends from there"
    site.file.write_text(site.file.read_text() + '\n[web]\nsettings = "read-only"\n')
    config.refresh()
    answer = site.client.post(KEY, {"domain": "example.org"}, follow=True)
    assert "Settings can only be read here." in answer.content.decode()
    assert list(site.file.parent.glob("*.pem")) == []


def test_a_key_that_could_not_be_saved_leaves_no_file(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER__DELIVERY__DKIM", "[]")
    assert site.client.post(KEY, {"domain": "example.org"})["Location"] == "/desk/deliverability/"
    assert (dkim(site), list(site.file.parent.glob("*.pem"))) == (None, [])
