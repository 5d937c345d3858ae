"""`newsletter check --dns`: its records can be copied whole, however wide the terminal is."""

import json
from dataclasses import replace

import dns.resolver
import pytest

from newsletter import config
from newsletter.config import Dkim
from tests.cli.conftest import Run
from tests.deliverability.setups import RSA
from tests.doubles.names import Names

pytestmark = pytest.mark.django_db

SPF = "v=spf1 " + " ".join(f"ip4:192.0.2.{number}" for number in range(20))


@pytest.fixture
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's resolver answers with two SPF records, and the configuration has a DKIM key."""
    records = {("example.org", "TXT"): [f"{SPF} -all", "v=spf1 mx -all"], ("example.org", "MX"): ["10 mx.example.org."]}
    monkeypatch.setattr(dns.resolver, "default_resolver", Names(records))
    load = config.load
    keys = (Dkim(domain="example.org", selector="s1", key=RSA.pem),)

    def with_key(*given: object, **more: object) -> config.Config:
        found = load(*given, **more)
        return replace(found, delivery=replace(found.delivery, dkim=keys))

    monkeypatch.setattr(config, "load", with_key)


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_records_are_whole_lines(command: Run, names: None, monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    shown = command("check", "--dns", status=1).out
    assert RSA.zone_line in shown.splitlines()
    assert f'example.org. IN TXT ( "{SPF}'[:200] in shown
    assert "…" not in shown.partition("Add these records where the domain's DNS is managed")[2] != ""


def test_records_are_in_the_document(command: Run, names: None) -> None:
    found = json.loads(command("check", "--dns", "--json", status=1).out)["checks"]
    assert RSA.zone_line in [each["record"] for each in found if each.get("requirement") == "dkim"]
