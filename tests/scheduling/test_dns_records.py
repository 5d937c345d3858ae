"""What is said of a domain's records: SPF, DKIM, DMARC by the tree walk of RFC 9989, and alignment."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import dns.exception
import dns.resolver
import pytest

from newsletter import config
from newsletter.config import Bounces, Dkim
from newsletter.delivery.dkim import new_key
from newsletter.scheduling.check import Verdict
from newsletter.scheduling.dns_records import dns_checks, organizational_domain

KEY = new_key("example.org", "s1", "ed25519")
SPF, DMARC = "v=spf1 mx -all", "v=DMARC1; p=reject"
Zone = Mapping[str, tuple[str, ...]]


class Answer:
    """A TXT record as dnspython has it: strings of at most 255 octets."""

    def __init__(self, text: str) -> None:
        octets = text.encode()
        self.strings = [octets[at : at + 255] for at in range(0, len(octets), 255)]


@pytest.fixture
def zone(monkeypatch: pytest.MonkeyPatch) -> Callable[[Zone], None]:
    """Serve these TXT records. A name with no text can't be looked up."""

    def serve(records: Zone) -> None:
        def resolve(name: str, kind: str, **given: Any) -> list[Answer]:
            assert kind == "TXT"
            if name not in records:
                raise dns.resolver.NXDOMAIN
            if not records[name]:
                raise dns.exception.Timeout
            return [Answer(text) for text in records[name]]

        monkeypatch.setattr(dns.resolver, "resolve", resolve)

    return serve


Said = tuple[str, Verdict, str]


def said(domain: str = "example.org", *, dkim: Dkim | None = None, return_path: str = "") -> list[Said]:
    """What the checks say: about what, the verdict, and the sentence."""
    given = config.current()
    delivery = replace(given.delivery, dkim=(dkim,) if dkim else ())
    given = replace(given, delivery=delivery, bounces=Bounces(return_path=return_path))
    return [(str(c.about).partition(": ")[2], c.verdict, str(c.message)) for c in dns_checks(given, domain)]


SIGNED = Dkim(domain="example.org", selector="s1", key=KEY.pem)


def test_records_that_are_all_there_pass(zone: Callable[[Zone], None]) -> None:
    zone({"example.org": (SPF, "something else"), KEY.name: (KEY.record,), "_dmarc.example.org": (DMARC,)})
    assert said(dkim=SIGNED) == [
        ("SPF", Verdict.GOOD, SPF),
        ("DKIM", Verdict.GOOD, KEY.record),
        ("DMARC", Verdict.GOOD, DMARC),
        ("DMARC", Verdict.GOOD, "DKIM for example.org belongs to the same organization as From"),
    ]


def test_spf_is_looked_up_for_the_envelope_sender(zone: Callable[[Zone], None]) -> None:
    zone({"bounces.example.org": (SPF,), "_dmarc.example.org": (DMARC,)})
    found = said(return_path="b@bounces.example.org")
    assert found[0] == ("SPF", Verdict.GOOD, SPF)
    assert found[-1] == ("DMARC", Verdict.GOOD, "SPF for bounces.example.org belongs to the same organization as From")


def test_a_subdomain_inherits_the_policy_of_its_organization(zone: Callable[[Zone], None]) -> None:
    zone({"brev.example.org": (SPF,), "_dmarc.example.org": (DMARC,)})
    assert ("DMARC", Verdict.GOOD, f"inherited from example.org: {DMARC}") in said("brev.example.org")


def test_what_belongs_to_another_organization_does_not_align(zone: Callable[[Zone], None]) -> None:
    zone({"relay.example": (SPF,), "_dmarc.example.org": (DMARC,), "_dmarc.relay.example": (DMARC,)})
    *_, (about, verdict, sentence) = said(return_path="b@relay.example")
    assert (about, verdict) == ("DMARC", Verdict.BAD)
    assert sentence.startswith("neither DKIM nor the envelope sender belongs to the organization of example.org")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (new_key("example.org", "s1", "ed25519").record, "s1._domainkey.example.org publishes a different key"),
        ("v=DKIM1; k=ed25519; p=", "s1._domainkey.example.org publishes a different key"),
        ("no record", "s1._domainkey.example.org has no DKIM record"),
    ],
    ids=["another key", "a revoked key", "something else"],
)
def test_a_published_key_is_compared_with_ours(text: str, sentence: str, zone: Callable[[Zone], None]) -> None:
    zone({"example.org": (SPF,), KEY.name: (text,), "_dmarc.example.org": (DMARC,)})
    (_, verdict, words) = said(dkim=SIGNED)[1]
    assert verdict is Verdict.BAD
    assert words.startswith(sentence)


def test_a_long_key_in_several_strings_and_with_blanks_is_the_same_key(zone: Callable[[Zone], None]) -> None:
    made = new_key("example.org", "s1")
    spaced = made.record.replace("p=", "p= ").replace("; k", " ;  k")
    zone({"example.org": (SPF,), made.name: (spaced,), "_dmarc.example.org": (DMARC,)})
    assert said(dkim=Dkim(domain="example.org", selector="s1", key=made.pem))[1][1] is Verdict.GOOD


def test_what_is_missing_or_there_twice_is_said(zone: Callable[[Zone], None]) -> None:
    zone({"example.org": (SPF, "v=spf1 -all"), "_dmarc.example.org": (DMARC, DMARC)})
    assert [verdict for _, verdict, _ in said()[:2]] == [Verdict.BAD, Verdict.BAD]
    zone({})
    assert [words for _, _, words in said()[:2]] == [
        "example.org has no SPF record; add one",
        "_dmarc.example.org has no DMARC record; add one",
    ]


def test_a_name_that_can_not_be_looked_up_is_a_warning(zone: Callable[[Zone], None]) -> None:
    zone({"example.org": (), "_dmarc.example.org": ()})
    assert {verdict for _, verdict, _ in said()} == {Verdict.WARNING}


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
def test_the_organizational_domain_is_found_by_a_tree_walk(
    records: tuple[str, ...], domain: str, organization: str
) -> None:
    zone = {"_dmarc." + name.partition(";")[0]: "v=DMARC1; p=none;" + name.partition(";")[2] for name in records}
    asked: list[str] = []

    def look_up(name: str) -> tuple[str, ...]:
        asked.append(name)
        return (zone[name],) if name in zone else ()

    assert organizational_domain(domain, look_up) == organization
    assert len(asked) <= 8
