"""The report on deliverability: forty set-ups of a domain, each finding as expected."""

from dataclasses import replace

import dns.resolver
import pytest

from newsletter import config
from newsletter.config import Bounces, Config, Dkim, Imap, NamedAddress, Smtp
from newsletter.deliverability.report import report
from newsletter.deliverability.requirements import MAILBOX_PROVIDERS
from newsletter.domain.check import Check
from tests.deliverability import setups
from tests.deliverability.setups import SETUPS, Setup
from tests.doubles import nsd
from tests.doubles.names import Names

DOMAINS = {setup.name: f"d{number}.example" for number, setup in enumerate(SETUPS)}
ADDRESSES = {setup.name: f"203.0.113.{number + 1}" for number, setup in enumerate(SETUPS)}


@pytest.fixture(scope="module")
def resolver() -> dns.resolver.Resolver:
    """A resolver with the records of all set-ups."""
    records = [record for each in SETUPS for record in setups.zone(each, DOMAINS[each.name], ADDRESSES[each.name])]
    return Names(nsd.table([*records, *setups.SHARED]), servfail=["broken.example"], timeout=["slow.example"])


def configured(setup: Setup, domain: str = "") -> Config:
    """The configuration of a set-up."""
    domain = domain or DOMAINS[setup.name]

    def filled(text: str) -> str:
        return text.replace("{d}", domain)

    given = config.current()
    smtp = {"host": "mail.{d}", **setup.smtp}
    newsletter = replace(
        next(iter(given.newsletters.values())),
        sender=NamedAddress("News", f"news@{filled(setup.domain)}"),
        reply_to=setup.reply_to,
        provider="",
    )
    services = {"mailgun": {key: filled(value) for key, value in setup.service.items()}}
    return replace(
        given,
        site=replace(given.site, url=filled(setup.site)),
        newsletters={"weekly": newsletter},
        delivery=replace(
            given.delivery,
            provider=setup.provider,
            smtp=Smtp(**{key: filled(value) for key, value in smtp.items()}),
            **services,
            dkim=tuple(Dkim(domain=filled(domain), selector=name, key=key) for domain, name, key in setup.keys),
        ),
        bounces=Bounces(return_path=filled(setup.return_path), imap=Imap(host="imap.example" if setup.mailbox else "")),
    )


def found_by(checks: list[Check]) -> dict[str, tuple[str, ...]]:
    """The findings of each requirement: the verdict and the code."""
    found: dict[str, tuple[str, ...]] = {}
    for each in checks:
        found[each.requirement] = (*found.get(each.requirement, ()), f"{each.verdict} {each.message.code}")
    return found


def test_there_are_forty_setups_or_more() -> None:
    assert len(DOMAINS) == len(SETUPS) >= 40


@pytest.mark.parametrize("setup", SETUPS, ids=lambda each: each.name)
def test_each_finding_is_as_expected(setup: Setup, resolver: dns.resolver.Resolver) -> None:
    checks = report(configured(setup), resolver)
    wanted = {**setups.GOOD, **setup.finds}
    if not setup.mailbox and "dmarc-reports" not in setup.finds:
        wanted["dmarc-reports"] = "good check.dmarc-reports-sent"
    pairs = {name: (each,) if isinstance(each, str) else each for name, each in wanted.items()}
    assert found_by(checks) == {name: each for name, each in pairs.items() if each}


@pytest.mark.parametrize("setup", [each for each in SETUPS if each.record], ids=lambda each: each.name)
def test_the_record_to_paste_is_given(setup: Setup, resolver: dns.resolver.Resolver) -> None:
    assert setup.record is not None
    requirement, text = setup.record
    record = next(each.record for each in report(configured(setup), resolver) if each.requirement == requirement)
    reverse = ".".join(reversed(ADDRESSES[setup.name].split("."))) + ".in-addr.arpa"
    assert record == text.replace("{d}", DOMAINS[setup.name]).replace("{ptr}", reverse)


def test_each_mailbox_provider_requires_something(resolver: dns.resolver.Resolver) -> None:
    checks = report(configured(SETUPS[0]), resolver)
    assert {each for check in checks for each in check.required_by} == set(MAILBOX_PROVIDERS)


def test_a_second_domain_in_from_without_a_key_does_not_align(resolver: dns.resolver.Resolver) -> None:
    given = configured(SETUPS[0])
    second = replace(given.newsletters["weekly"], sender=NamedAddress("News", "news@d1.example"))
    checks = report(replace(given, newsletters={**given.newsletters, "second": second}), resolver)
    aligned = {
        str(each.about).partition(":")[0]: str(each.verdict) for each in checks if each.requirement == "alignment"
    }
    assert aligned == {"d0.example": "good", "d1.example": "bad"}


def test_progress_is_told_by_domain(resolver: dns.resolver.Resolver) -> None:
    steps: list[tuple[int, int]] = []
    report(configured(SETUPS[0]), resolver, step=lambda done, total: steps.append((done, total)))
    assert steps == [(0, 1), (1, 1)]


def test_a_corrected_record_is_seen_at_once(processes: None, resolver: dns.resolver.Resolver) -> None:
    broken = report(configured(SETUPS[1]), resolver)
    assert found_by(broken)["spf"] == ("bad check.no-record",)
    repaired = setups.zone(SETUPS[0], DOMAINS[SETUPS[1].name], ADDRESSES[SETUPS[1].name])
    with nsd.running(repaired) as other:
        assert found_by(report(configured(SETUPS[1]), other))["spf"] == ("good check.spf",)
