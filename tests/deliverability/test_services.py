"""What is known of email services: the documents say the same."""

import re
from pathlib import Path

from newsletter.config.schema import PROVIDER_NAMES
from newsletter.deliverability.services import RELAYS, SERVICES, service_of_server
from newsletter.providers import PROVIDERS

WHOLE = (Path(__file__).parents[2] / "docs" / "providers.md").read_text(encoding="utf-8")
DOCUMENT = WHOLE.partition("## DNS records\n")[2].partition("\n## ")[0]
ROW = re.compile(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \| ([^|]*) \|$", re.MULTILINE)


def test_the_document_has_each_provider_with_its_records() -> None:
    rows = {name: (spf, keys) for name, _path, spf, keys in ROW.findall(DOCUMENT)}
    assert list(rows) == sorted(name for name in PROVIDER_NAMES if name not in ("smtp", "file"))
    for name, (spf, keys) in rows.items():
        service = SERVICES[name]
        assert (spf == "none needed") == bool(service.return_path), name
        assert re.findall(r"`include:([\w.]+)`", spf) == ([service.include] if service.include else []), name
        assert tuple(re.findall(r"`([\w]+)`", keys)) == service.selectors, name


def test_the_document_has_the_includes_of_other_services() -> None:
    for name in ("google", "microsoft", "fastmail"):
        assert SERVICES[name].include in DOCUMENT


def test_each_server_belongs_to_a_service() -> None:
    domains = [*RELAYS, *(server for provider in PROVIDERS.values() for server in provider.servers)]
    assert {service_of_server(f"smtp.{domain}") for domain in domains} <= set(SERVICES)
    assert service_of_server("email-smtp.eu-north-1.amazonaws.com") == "amazon_ses"
    assert service_of_server("ec2-203-0-113-1.compute.amazonaws.com") == ""
    assert service_of_server("notsendgrid.net") == ""
