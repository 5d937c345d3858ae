"""What holds for every record that is offered, whatever a domain has.

It passes in the place of the present one, is valid, weakens nothing, keeps what is valid, and needs at most ten
lookups.
"""

import ipaddress
from dataclasses import replace

from hypothesis import given, strategies as st

from newsletter.deliverability.dmarc import policy as dmarc_policy
from newsletter.deliverability.dmarc.policy_record import POLICIES, is_dmarc, parse
from newsletter.deliverability.lookups import Lookups
from newsletter.deliverability.records import fields
from newsletter.deliverability.route import Route
from newsletter.deliverability.services import MailService
from newsletter.deliverability.spf.check import check_spf
from newsletter.deliverability.spf.evaluation import MOST_LOOKUPS, MOST_VOID, SpfResult, evaluate
from newsletter.deliverability.spf.macros import Sender
from newsletter.deliverability.spf.record import is_spf, parse as parse_spf
from newsletter.deliverability.spf.survey import Survey, survey
from newsletter.domain.check import CheckResult, Verdict
from tests.doubles.names import Names

DOMAIN, SERVER, ADDRESS, SIXTH = "harbour.example", "mail.harbour.example", "203.0.113.9", "2001:db8::9"
ELSEWHERE = {
    "good.example": "v=spf1 ip4:198.51.100.0/24 -all",
    "open.example": "v=spf1 +all",
    "broken.example": "v=spf1 ip4:nonsense -all",
    "deep.example": "v=spf1 include:good.example a:mail.harbour.example mx ?all",
    "back.example": "v=spf1 include:harbour.example ~all",
    "service.example": "v=spf1 ip4:192.0.2.0/25 ip6:2001:db8:1::/48 ~all",
}
ROUTES = (
    Route("own", MailService(SERVER), SERVER),
    Route("relay", MailService("Service", include="service.example"), key="service"),
    Route("relay", MailService("smtp.unknown.example")),
)
STRENGTH = {SpfResult.FAIL: 3, SpfResult.SOFT_FAIL: 2, SpfResult.NEUTRAL: 1, SpfResult.PASS: 0}

hosts = st.sampled_from([*ELSEWHERE, "gone.example", "lost.example", SERVER, DOMAIN])
addresses = st.sampled_from(["192.0.2.1", "198.51.100.0/24", "203.0.113.9", "0.0.0.0/0", "203.0.113.0/33", "x"])
bodies = st.one_of(
    st.builds("include:{}".format, hosts),
    st.builds("a:{}".format, hosts),
    st.builds("mx:{}".format, hosts),
    st.builds("ip4:{}".format, addresses),
    st.sampled_from(["a", "mx", "ptr", "ip6:2001:db8::/64", "exists:%{i}.l.example", "exists:%{l}.example", "foo:bar"]),
)
terms = st.builds("{}{}".format, st.sampled_from(["", "", "", "+", "-", "~", "?"]), bodies)
modifiers = st.builds("redirect={}".format, hosts)
endings = st.sampled_from(["-all", "~all", "?all", "+all", "all", ""])
words = st.tuples(st.lists(st.one_of(terms, terms, terms, modifiers), max_size=12), endings)
records = st.builds(lambda given: " ".join(filter(None, ["v=spf1", *given[0], given[1]])), words)


def zone(texts: list[str]) -> Lookups:
    """Lookups in a zone where the domain has these TXT records."""
    table = {(name, "TXT"): [text] for name, text in ELSEWHERE.items()}
    hosts_of = {(SERVER, "A"): [ADDRESS], (SERVER, "AAAA"): [SIXTH], (DOMAIN, "MX"): ["10 mx.harbour.example."]}
    return Lookups(Names({**table, **hosts_of, (DOMAIN, "TXT"): texts}, servfail=["lost.example"]))


def offered(record: str) -> str:
    """The text of an offered record."""
    return fields(record)["value"]


def sends_for(texts: list[str], address: str) -> SpfResult:
    """What receivers make of a server by these records."""
    return evaluate(Sender(ipaddress.ip_address(address), DOMAIN, greeting=SERVER), zone(texts)).result


def is_valid(needs: Survey) -> bool:
    """Return whether no receiver finds a permanent error."""
    wrong = needs.missing or needs.loops or needs.invalid
    return not wrong and needs.lookups <= MOST_LOOKUPS and len(needs.void) <= MOST_VOID


@given(st.lists(records, max_size=2), st.sampled_from(ROUTES))
def test_an_offered_spf_record_passes_and_weakens_nothing(present: list[str], route: Route) -> None:
    found = check_spf(DOMAIN, route, zone(present))
    if not found.record:
        return
    text = offered(found.record)
    assert is_spf(text)
    assert check_spf(DOMAIN, route, zone([text])).verdict in (
        (Verdict.GOOD,) if route.key or route.kind == "own" else (Verdict.GOOD, Verdict.UNKNOWN)
    )
    assert not parse_spf(text).mistakes
    needs = survey(text, DOMAIN, zone([text]))
    assert is_valid(needs)
    other, before = (evaluate(Sender(None, DOMAIN), zone(each)).result for each in ([text], present))
    assert other is not SpfResult.PASS
    assert STRENGTH.get(other, 0) >= STRENGTH.get(before, 0)
    if route.kind == "own":
        assert {sends_for([text], each) for each in (ADDRESS, SIXTH)} == {SpfResult.PASS}


@given(records, st.sampled_from(ROUTES))
def test_what_a_valid_record_lets_send_is_kept(present: str, route: Route) -> None:
    found = check_spf(DOMAIN, route, zone([present]))
    open_to_all = evaluate(Sender(None, DOMAIN), zone([present])).result is SpfResult.PASS
    valid = is_valid(survey(present, DOMAIN, zone([present]))) and not parse_spf(present).mistakes
    if not found.record or open_to_all or not valid:
        return
    kept = {replace(each, text="") for each in parse_spf(offered(found.record)).terms}
    assert {replace(each, text="") for each in parse_spf(present).mechanisms if each.name != "all"} <= kept
    for address in ("192.0.2.1", "198.51.100.7"):
        if sends_for([present], address) is SpfResult.PASS:
            assert sends_for([offered(found.record)], address) is SpfResult.PASS


policies = st.sampled_from([*POLICIES, "Reject", "rejct", "nothing", ""])
reports = st.sampled_from(
    ["", "rua=mailto:r@harbour.example", "rua=r@harbour.example", "rua=mailto:r@far.example", "rua=,,"]
)
tag = st.one_of(
    st.builds("sp={}".format, policies),
    st.builds("np={}".format, policies),
    st.sampled_from(["adkim=s", "aspf=s", "adkim=x", "t=y", "pct=50", "fo=1", "psd=n", "ruf=mailto:f@harbour.example"]),
)
versions = st.sampled_from(["v=DMARC1", "v=DMARC1", "v=DMARC1", "v=dmarc1", "V=DMARC1"])
separators = st.sampled_from(["; ", ";", " ; ", " "])
dmarc_records = st.builds(
    lambda version, policy, more, rua, between: between.join(filter(None, [version, f"p={policy}", *more, rua])),
    versions, policies, st.lists(tag, max_size=3), reports, separators,
)  # fmt: skip


def dmarc_zone(texts: list[str]) -> Lookups:
    """Lookups in a zone where the domain has these DMARC records."""
    return Lookups(Names({(f"_dmarc.{DOMAIN}", "TXT"): texts, ("far.example", "MX"): ["10 m.far.example."]}))


def judged(lookups: Lookups) -> list[CheckResult]:
    """What is found of a policy and its reports."""
    found = dmarc_policy.find_policy(DOMAIN, lookups)
    results = [dmarc_policy.check_policy(DOMAIN, found, "", lookups, DOMAIN.__eq__)]
    if isinstance(found, dmarc_policy.Policy):
        results.append(dmarc_policy.check_reports(found, "", lookups, DOMAIN.__eq__))
    return results


def strength(texts: list[str]) -> tuple[int, int, int]:
    """The policies that receivers apply to a domain, to one below it, and to one that doesn't exist."""
    found = dmarc_policy.find_policy(DOMAIN, dmarc_zone(texts))
    if not isinstance(found, dmarc_policy.Policy):
        return (0, 0, 0)
    applied = (
        found.action, found.record.applied(inherited=True), found.record.applied(inherited=True, exists=False),
    )  # fmt: skip
    return tuple(POLICIES.index(each) for each in applied)  # type: ignore[return-value]


@given(st.lists(dmarc_records, max_size=2))
def test_an_offered_dmarc_record_passes_and_weakens_nothing(present: list[str]) -> None:
    for at, found in enumerate(judged(dmarc_zone(present))):
        if not found.record:
            continue
        assert fields(found.record)["name"] == f"_dmarc.{DOMAIN}"
        text = offered(found.record)
        assert is_dmarc(text)
        assert judged(dmarc_zone([text]))[at].verdict is Verdict.GOOD
        assert all(new >= old for new, old in zip(strength([text]), strength(present), strict=True))
        before = parse(present[0]) if len(present) == 1 and is_dmarc(present[0]) else None
        if before:
            assert (parse(text).strict_dkim, parse(text).strict_spf) >= (before.strict_dkim, before.strict_spf)
            assert parse(text).percent >= before.percent
