"""The organizational domain by the tree walk of RFC 9989 4.10, and the ways that emails take."""

from dataclasses import replace

import pytest

from newsletter import config
from newsletter.config import Smtp
from newsletter.config.schema import PROVIDER_NAMES
from newsletter.deliverability.dmarc.policy import organizational_domain
from newsletter.deliverability.lookups import Lookups
from newsletter.deliverability.records import txt
from newsletter.deliverability.route import route_of


class Zone(Lookups):
    """Lookups in a dictionary, which count what is asked for."""

    def __init__(self, records: dict[str, str]) -> None:
        super().__init__()
        self.records = records
        self.asked: list[str] = []

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the text of a name."""
        self.asked.append(name)
        return (self.records[name],) if name in self.records else ()


@pytest.mark.parametrize(
    ("records", "domain", "organization"),
    [
        (("example.org",), "a.b.example.org", "example.org"),
        (("a.b.example.org",), "a.b.example.org", "a.b.example.org"),
        (("b.example.org", "example.org"), "a.b.example.org", "example.org"),
        (("a.b.example.org; psd=n", "example.org"), "a.b.example.org", "a.b.example.org"),
        (("b.example.org; psd=n", "example.org"), "a.b.example.org", "b.example.org"),
        (("org; psd=y",), "a.b.example.org", "example.org"),
        (("co.example; psd=y",), "a.b.shop.co.example", "shop.co.example"),
        ((), "a.b.example.org", "a.b.example.org"),
        (("j.example.org",), "a.b.c.d.e.f.g.h.i.j.example.org", "j.example.org"),
        (("d.e.f.g.h.i.j.example.org",), "a.b.c.d.e.f.g.h.i.j.example.org", "a.b.c.d.e.f.g.h.i.j.example.org"),
    ],
)
def test_it_is_found_by_a_tree_walk(records: tuple[str, ...], domain: str, organization: str) -> None:
    zone = Zone({"_dmarc." + name.partition(";")[0]: "v=DMARC1; p=none;" + name.partition(";")[2] for name in records})
    assert organizational_domain(domain, zone) == organization
    assert len(zone.asked) <= 8


@pytest.mark.parametrize(
    ("host", "hello", "domain", "kind", "server"),
    [
        ("localhost", "", "example.org", "own", "machine.example.org"),
        ("127.0.0.1", "mail.example.org", "example.org", "own", "mail.example.org"),
        ("mail.example.org", "", "example.org", "own", "mail.example.org"),
        ("mail.example.org", "", "brev.example.org", "own", "mail.example.org"),
        ("example.org", "", "brev.example.org", "own", "example.org"),
        ("smtp.hosting.example", "", "example.org", "relay", ""),
        ("email-smtp.eu-west-1.amazonaws.com", "", "example.org", "relay", ""),
        ("notsendgrid.net", "", "example.org", "relay", ""),
    ],
)
def test_the_way_is_known_by_the_servers_name(host: str, hello: str, domain: str, kind: str, server: str) -> None:
    delivery = replace(config.current().delivery, smtp=Smtp(host=host, hello=hello))
    found = route_of(delivery, "smtp", domain, "machine.example.org")
    assert (found.kind, found.server) == (kind, server)


def test_every_provider_has_a_name() -> None:
    delivery = config.current().delivery
    providers = [name for name in PROVIDER_NAMES if name not in ("smtp", "file")]
    assert all(route_of(delivery, name, "example.org").service.name for name in providers)


def test_a_long_record_is_written_in_several_strings() -> None:
    assert txt("a.example", "x" * 300) == f'a.example. IN TXT ( "{"x" * 255}" "{"x" * 45}" )'
