"""Judgement on DNS: each finding of a set-up that needs it, and the record that is offered."""

from dataclasses import replace
from functools import cache

import dns.resolver
import pytest

from newsletter.config import Dkim, NamedAddress
from newsletter.deliverability.report import report
from newsletter.domain.check import Check
from tests.deliverability import setups
from tests.deliverability.judgements import JUDGEMENTS
from tests.deliverability.setups import Setup
from tests.deliverability.test_requirements import configured, found_by
from tests.doubles import nsd
from tests.doubles.names import Names

DOMAIN, ADDRESS = "harbour.example", "203.0.113.9"
RELAY = (("smtp.relay.example", "A", "198.51.100.7"), ("mailgun.org", "TXT", nsd.txt("v=spf1 ip4:192.0.2.0/24 ~all")))


def resolver(setup: Setup) -> dns.resolver.Resolver:
    """A resolver with the records of a set-up, and those that all share."""
    zone = setups.zone(setup, DOMAIN, ADDRESS)
    return Names(nsd.table([*zone, *setups.SHARED, *RELAY]), servfail=["broken.example"], timeout=["slow.example"])


@cache
def checks_of(name: str) -> list[Check]:
    """The findings of a set-up."""
    setup = next(each for each in JUDGEMENTS if each.name == name)
    return report(configured(setup, DOMAIN), resolver(setup))


@pytest.mark.parametrize("setup", JUDGEMENTS, ids=lambda each: each.name)
def test_findings_and_records_are_right(setup: Setup) -> None:
    checks = checks_of(setup.name)
    found = {name: each[0] for name, each in found_by(checks).items()}
    assert {name: found.get(name) for name in setup.finds} == dict(setup.finds)
    if setup.record is not None:
        requirement, text = setup.record
        record = next(each.record for each in checks if each.requirement == requirement)
        assert record == text.replace("{d}", DOMAIN).replace("{a}", ADDRESS)


def test_no_words_of_a_library_reach_the_publisher() -> None:
    foreign = ("Do53", "Exception", "lifetime", "RFC", "position", "nameservers", "dnspython", "IN TXT")
    said = [str(each.message) for setup in JUDGEMENTS for each in checks_of(setup.name)]
    assert [sentence for sentence in said for word in foreign if word in sentence] == []


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("thirteen lookups", ("13", "include:i0.{d}: 2", "include:i5.{d}: 2", "a:mail.{d}: 1")),
        ("three hosts that don't exist", ("a:x.{d}", "a:y.{d}", "a:z.{d}")),
        ("an include of the domain itself", ("include:{d}",)),
        ("an include with a mistake", ("include:i.{d}",)),
        ("an include that can't be looked up", ("i.broken.example",)),
        ("a wrong prefix", ("/33",)),
        ("all of the internet as networks", ("ip4:0.0.0.0/1",)),
    ],
)
def test_the_terms_at_fault_are_named(name: str, words: tuple[str, ...]) -> None:
    setup = next(each for each in JUDGEMENTS if each.name == name)
    said = next(
        str(each.message) for each in report(configured(setup, DOMAIN), resolver(setup)) if each.requirement == "spf"
    )
    for word in words:
        assert word.replace("{d}", DOMAIN) in said


def test_a_second_newsletter_with_another_domain_uses_the_same_server() -> None:
    setup = next(each for each in JUDGEMENTS if each.name == "a network")
    first = configured(setup, DOMAIN)
    second = replace(first.newsletters["weekly"], sender=NamedAddress("News", "news@second.example"))
    delivery = replace(
        first.delivery, dkim=(*first.delivery.dkim, Dkim(domain="second.example", selector="s1", key=setups.RSA.pem))
    )
    given = replace(first, newsletters={"weekly": first.newsletters["weekly"], "second": second}, delivery=delivery)
    checks = report(given, resolver(setup))
    assert found_by(checks)["spf"] == ("good check.spf", "good check.spf")
    offered = [each.record for each in checks if each.record]
    assert not [each for each in offered if "v=spf1" in each]
    assert offered[0].splitlines() == [
        f'_dmarc.second.example. IN TXT "v=DMARC1; p=none; rua=mailto:bounce+dmarc@{DOMAIN}"',
        f'second.example._report._dmarc.{DOMAIN}. IN TXT "v=DMARC1"',
    ]


def test_what_is_offered_is_for_no_other_zone() -> None:
    for setup in JUDGEMENTS:
        for each in checks_of(setup.name):
            for line in each.record.splitlines():
                name = line.partition(". IN ")[0]
                own = (DOMAIN, "blåbær.example", "xn--blbr-roah.example", ".arpa", "other.example")
                assert name.endswith(own) or setup.domain.endswith(("broken.example", "slow.example")), line
