"""DMARC of a domain in From (RFC 9989): its policy, where reports go, and alignment.

checkdmarc finds the policy and parses it. The organizational domain of signers and envelope senders is found here,
because checkdmarc looks it up in a list of public suffixes instead of in DNS.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import dns.exception
from checkdmarc import dmarc as parser

from newsletter.messages import Problem
from newsletter.messages.deliverability import checks as messages
from newsletter.scheduling.check import Verdict
from newsletter.scheduling.deliverability.check_result import CheckResult
from newsletter.scheduling.deliverability.lookups import Lookups, listed, txt
from newsletter.scheduling.deliverability.tags import tags

MOST_LABELS = 8
"""A tree walk asks for at most this many names (RFC 9989 4.10)."""


class InvalidPolicy(Problem):
    """A domain without a valid DMARC policy; the message says why."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A domain's policy: its record, the domain that has it, and its tags with their defaults."""

    record: str
    location: str
    action: str
    strict_dkim: bool = False
    strict_spf: bool = False
    reports: tuple[str, ...] = ()


def policy(domain: str, lookups: Lookups) -> Policy:
    """Return the policy of a domain. Raises InvalidPolicy and dns.exception.DNSException."""
    name = f"_dmarc.{domain}"
    lookups.texts(name)  # a failure to look it up is told apart from a record that is not there
    try:
        found = parser.query_dmarc_record(domain, resolver=lookups.resolver, ignore_unrelated_records=True)
        location = found["location"]
        parsed = parser.parse_dmarc_record(found["record"], location, resolver=lookups.resolver)["tags"]
    except parser.MultipleDMARCRecords as problem:
        count = sum(map(_is_dmarc, lookups.texts(name)))
        raise InvalidPolicy(messages.SEVERAL_RECORDS(name=name, count=count, type="DMARC")) from problem
    except parser.DMARCRecordNotFound as problem:
        raise InvalidPolicy(messages.NO_RECORD(name=name, type="DMARC")) from problem
    except parser.DMARCRecordInWrongLocation as problem:
        raise InvalidPolicy(messages.DMARC_MISPLACED(name=domain)) from problem
    except parser.DMARCError as problem:
        raise InvalidPolicy(messages.DMARC_INVALID(name=name, cause=_one_line(problem))) from problem
    given = tags(found["record"])
    return Policy(
        found["record"],
        location,
        (given.get("sp") or given.get("p", "none")) if location != domain else given.get("p", "none"),
        given.get("adkim") == "s",
        given.get("aspf") == "s",
        tuple(uri["address"] for uri in parsed.get("rua", {}).get("value", ()) if uri["scheme"] == "mailto"),
    )


def judged(domain: str, found: Policy | InvalidPolicy, own_address: str) -> CheckResult:
    """Return whether a domain has a policy."""
    if isinstance(found, InvalidPolicy):
        record = txt(f"_dmarc.{domain}", f"v=DMARC1; p=none; rua=mailto:{own_address or f'postmaster@{domain}'}")
        return CheckResult(
            Verdict.BAD, found.message, "" if messages.SEVERAL_RECORDS.matches(found.message) else record
        )
    if found.location != domain:
        return CheckResult(Verdict.GOOD, messages.DMARC_INHERITED(domain=found.location, record=found.record))
    return CheckResult(Verdict.GOOD, messages.DMARC_FOUND(policy=found.action, record=found.record))


def reports(found: Policy, own_address: str, lookups: Lookups) -> CheckResult:
    """Return where aggregate reports go, and whether they may. Raises dns.exception.DNSException."""
    record = f"{found.record.rstrip('; ')}; rua=mailto:{own_address or f'postmaster@{found.location}'}"
    if not found.reports:
        message = messages.NO_REPORTS(name=f"_dmarc.{found.location}")
        return CheckResult(Verdict.NOTE, message, txt(f"_dmarc.{found.location}", record))
    here = organizational_domain(found.location, lookups)
    for address in found.reports:
        to = address.rpartition("@")[2].lower()
        agreed = f"{found.location}._report._dmarc.{to}"
        if organizational_domain(to, lookups) != here and not any(map(_is_dmarc, lookups.texts(agreed))):
            message = messages.REPORTS_REFUSED(destination=to, domain=found.location)
            return CheckResult(Verdict.WARNING, message, txt(agreed, "v=DMARC1"))
    if own_address.lower() in {each.lower() for each in found.reports}:
        return CheckResult(Verdict.GOOD, messages.REPORTS_READ(address=own_address))
    if own_address:
        message = messages.REPORTS_ELSEWHERE(addresses=listed(found.reports), own=f"mailto:{own_address}")
        return CheckResult(Verdict.NOTE, message)
    return CheckResult(Verdict.GOOD, messages.REPORTS_SENT(addresses=listed(found.reports)))


def alignment(
    domain: str, signers: Sequence[str], envelope: str, found: Policy | None, lookups: Lookups
) -> CheckResult:
    """Return whether a signer or the envelope sender belongs to a domain (RFC 9989 4.4), strictly if it asks for that.

    Raises dns.exception.DNSException.
    """
    here = organizational_domain(domain, lookups)
    strict = {"DKIM": bool(found and found.strict_dkim), "SPF": bool(found and found.strict_spf)}
    near = ""
    for other, kind in (*((each, "DKIM") for each in signers), *([(envelope, "SPF")] if envelope else [])):
        if other != domain and organizational_domain(other, lookups) != here:
            continue
        if strict[kind] and other != domain:
            near = near or other
        elif kind == "SPF":
            return CheckResult(Verdict.WARNING, messages.ALIGNED_BY_SPF(domain=other))
        else:
            return CheckResult(Verdict.GOOD, messages.ALIGNED(type=kind, domain=other))
    if near:
        return CheckResult(Verdict.BAD, messages.NOT_STRICTLY_ALIGNED(domain=domain, other=near))
    return CheckResult(Verdict.BAD, messages.NOT_ALIGNED(domain=domain))


def organizational_domain(domain: str, lookups: Lookups) -> str:
    """Return the organizational domain, found by a tree walk of DMARC records (RFC 9989 4.10)."""
    found = [(name, records[0]) for name in _walk(domain) if len(records := _records(name, lookups)) == 1]
    for name, record in found:
        declared = tags(record).get("psd", "").lower()
        if declared == "n":
            return name
        if declared == "y" and name != domain:
            return ".".join(domain.split(".")[-name.count(".") - 2 :])
    return found[-1][0] if found else domain


def _walk(domain: str) -> Iterator[str]:
    """Yield a domain and those above it."""
    labels = domain.split(".")
    yield domain
    for count in range(min(len(labels) - 1, MOST_LABELS - 1), 0, -1):
        yield ".".join(labels[-count:])


def _records(domain: str, lookups: Lookups) -> list[str]:
    try:
        return [text for text in lookups.texts(f"_dmarc.{domain}") if _is_dmarc(text)]
    except dns.exception.DNSException:
        if "." in domain:
            raise
        return []  # a top-level domain that can't be looked up decides nothing


def _is_dmarc(text: str) -> bool:
    return text.split(";")[0].replace(" ", "") == "v=DMARC1"


def _one_line(problem: Exception) -> str:
    return " ".join(str(problem).split()).rstrip(".")
