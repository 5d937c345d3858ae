"""DMARC of a domain in From (RFC 9989): its policy, where reports go, and alignment."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from newsletter.config import Config
from newsletter.deliverability.dmarc.policy_record import (
    FULL,
    DmarcRecord,
    is_dmarc,
    is_meant_for_dmarc,
    merge,
    parse,
    with_reports,
)
from newsletter.deliverability.domains import registered_domain
from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.deliverability.records import txt
from newsletter.domain.check import CheckResult, Verdict
from newsletter.messages import Message
from newsletter.messages.deliverability import dmarc as messages, records as records_messages
from newsletter.mime.headers import ascii_domain

IsOwn = Callable[[str], bool]
"""Whether a domain is the publisher's, so that records can be added to it."""
MOST_LABELS = 8
"""A tree walk asks for at most this many names (RFC 9989 4.10)."""


@dataclass(frozen=True, slots=True)
class Policy:
    """A domain's policy: its record, the domain that has it, and the policy that receivers apply."""

    record: DmarcRecord
    location: str
    action: str


@dataclass(frozen=True, slots=True)
class NoPolicy:
    """A domain without a valid policy: why, and the records that are meant for one."""

    message: Message
    meant: tuple[str, ...] = ()


def find_policy(domain: str, lookups: Lookups) -> Policy | NoPolicy:
    """Return the policy of a domain, or why it has none (RFC 9989 4.10.1). Raises LookupFailed."""
    name = f"_dmarc.{domain}"
    texts = lookups.texts(name)
    records = tuple(filter(is_dmarc, texts))
    if len(records) > 1:
        return NoPolicy(records_messages.SEVERAL_RECORDS(name=name, count=len(records), type="DMARC"), records)
    location = domain if records else organizational_domain(domain, lookups)
    if not records and location != domain:
        records = tuple(_records(location, lookups))
    if records:
        record = parse(records[0])
        action = record.applied(inherited=location != domain, exists=location == domain or _exists(domain, lookups))
        if action:
            return Policy(record, location, action)
        mistakes = ", ".join((*record.mistakes, *record.repeated)) or "p="
        return NoPolicy(messages.DMARC_INVALID(name=f"_dmarc.{location}", mistakes=mistakes), records)
    if almost := tuple(filter(is_meant_for_dmarc, texts)):
        return NoPolicy(messages.DMARC_ALMOST(name=name, record=almost[0]), almost)
    if misplaced := tuple(filter(is_dmarc, lookups.texts(domain))):
        return NoPolicy(messages.DMARC_MISPLACED(name=domain), misplaced)
    return NoPolicy(records_messages.NO_RECORD(name=f"_dmarc.{registered_domain(domain)}", type="DMARC"))


def check_policy(
    domain: str, published: Policy | NoPolicy, own_address: str, lookups: Lookups, is_own: IsOwn
) -> CheckResult:
    """Return whether a domain has a policy, and the records that give it one. Raises LookupFailed."""
    if isinstance(published, NoPolicy):
        location = str(dict(published.message.params).get("name", domain)).removeprefix("_dmarc.")
        new = f"v=DMARC1; p=none; rua=mailto:{own_address or _postmaster(location)}"
        text = merge(published.meant) if published.meant else new
        return CheckResult(Verdict.BAD, published.message, _offered(location, text, lookups, is_own))
    record = published.record
    mistakes = [tag for tag in record.mistakes if tag.startswith(("p=", "sp=", "np="))]
    if mistakes:
        message = messages.DMARC_MISTAKE(name=f"_dmarc.{published.location}", mistakes=", ".join(mistakes))
        return CheckResult(
            Verdict.WARNING, message, _offered(published.location, merge([record.text]), lookups, is_own)
        )
    if published.action != "none" and (record.testing or record.percent < FULL):
        tag = "t=y" if record.testing else f"pct={record.percent}"
        return CheckResult(Verdict.GOOD, messages.DMARC_TESTED(policy=published.action, tag=tag, record=record.text))
    if published.location != domain:
        message = messages.DMARC_INHERITED(policy=published.action, domain=published.location, record=record.text)
        return CheckResult(Verdict.GOOD, message)
    return CheckResult(Verdict.GOOD, messages.DMARC_FOUND(policy=published.action, record=record.text))


def _offered(location: str, text: str, lookups: Lookups, is_own: IsOwn) -> str:
    """Return a record that is a policy in the place of the present ones, and agreements to receive its reports."""
    changed = lookups.with_texts({f"_dmarc.{location}": [text]})
    policy = find_policy(location, changed)
    if isinstance(policy, NoPolicy) or check_policy(location, policy, "", changed, is_own).verdict is not Verdict.GOOD:
        return ""
    agreements = [txt(agreed, "v=DMARC1") for to, agreed in _refusals(policy, changed) if is_own(to)]
    return "\n".join([txt(f"_dmarc.{location}", text), *agreements])


def _postmaster(domain: str) -> str:
    return f"postmaster@{domain}"


def check_reports(policy: Policy, own_address: str, lookups: Lookups, is_own: IsOwn) -> CheckResult:
    """Return where aggregate reports go, and whether they may. Raises LookupFailed."""
    name, text = f"_dmarc.{policy.location}", policy.record.text
    report_to = own_address or _postmaster(policy.location)
    if policy.record.wrong_reports:
        message = messages.WRONG_REPORTS(name=name, addresses=", ".join(policy.record.wrong_reports))
        return CheckResult(Verdict.WARNING, message, _offered(policy.location, merge([text]), lookups, is_own))
    if not policy.record.reports:
        record = _offered(policy.location, with_reports(text, [report_to]), lookups, is_own)
        return CheckResult(Verdict.NOTE, messages.NO_REPORTS(name=name), record)
    for destination, agreed in _refusals(policy, lookups):
        about = {"destination": destination, "domain": policy.location}
        if is_own(destination):
            return CheckResult(Verdict.WARNING, messages.REPORTS_REFUSED_HERE(**about), txt(agreed, "v=DMARC1"))
        record = _offered(policy.location, with_reports(text, [report_to]), lookups, is_own)
        return CheckResult(Verdict.WARNING, messages.REPORTS_REFUSED(**about, agreed=agreed), record)
    if own_address.lower() in map(str.lower, policy.record.reports):
        return CheckResult(Verdict.GOOD, messages.REPORTS_READ(address=own_address))
    if own_address:
        addresses = ", ".join(policy.record.reports)
        message = messages.REPORTS_ELSEWHERE(addresses=addresses, own=f"mailto:{own_address}")
        return CheckResult(Verdict.NOTE, message)
    return CheckResult(Verdict.GOOD, messages.REPORTS_SENT(addresses=", ".join(policy.record.reports)))


def _refusals(policy: Policy, lookups: Lookups) -> list[tuple[str, str]]:
    """Return the other organizations that reports go to without having agreed, with the name where they must."""
    organization = organizational_domain(policy.location, lookups)
    refused = []
    for address in policy.record.reports:
        to = ascii_domain(address.rpartition("@")[2]).lower()
        agreed = f"{policy.location}._report._dmarc.{to}"
        if organizational_domain(to, lookups) != organization and not any(map(is_dmarc, lookups.texts(agreed))):
            refused.append((to, agreed))
    return refused


def check_alignment(
    domain: str, signers: Sequence[str], envelope: str, published: Policy | None, lookups: Lookups
) -> CheckResult:
    """Return whether a signer or the envelope sender belongs to a domain (RFC 9989 4.4), strictly if it asks for that.

    Domains are in ASCII. Raises LookupFailed.
    """
    organization = organizational_domain(domain, lookups)
    strict = {
        "DKIM": bool(published and published.record.strict_dkim),
        "SPF": bool(published and published.record.strict_spf),
    }
    unaligned = ""
    for other, kind in (*((signer, "DKIM") for signer in signers), *([(envelope, "SPF")] if envelope else [])):
        if other != domain and organizational_domain(other, lookups) != organization:
            continue
        if strict[kind] and other != domain:
            unaligned = unaligned or other
        elif kind == "SPF":
            return CheckResult(Verdict.WARNING, messages.ALIGNED_BY_SPF(domain=other))
        else:
            return CheckResult(Verdict.GOOD, messages.ALIGNED(type=kind, domain=other))
    if unaligned:
        return CheckResult(Verdict.BAD, messages.NOT_STRICTLY_ALIGNED(domain=domain, other=unaligned))
    return CheckResult(Verdict.BAD, messages.NOT_ALIGNED(domain=domain))


def organizational_domain(domain: str, lookups: Lookups) -> str:
    """Return the organizational domain, found by a tree walk of DMARC records (RFC 9989 4.10)."""
    candidates = [(name, records[0]) for name in _walk(domain) if len(records := _records(name, lookups)) == 1]
    for name, record in candidates:
        declared = parse(record).psd
        if declared == "n":
            return name
        if declared == "y" and name != domain:
            return ".".join(domain.split(".")[-name.count(".") - 2 :])
    return candidates[-1][0] if candidates else domain


def _walk(domain: str) -> Iterator[str]:
    """Yield a domain and those above it."""
    labels = domain.split(".")
    yield domain
    for count in range(min(len(labels) - 1, MOST_LABELS - 1), 0, -1):
        yield ".".join(labels[-count:])


def _records(domain: str, lookups: Lookups) -> list[str]:
    try:
        return list(filter(is_dmarc, lookups.texts(f"_dmarc.{domain}")))
    except LookupFailed:
        if "." in domain:
            raise
        return []  # a top-level domain that can't be looked up decides nothing


def _exists(domain: str, lookups: Lookups) -> bool:
    """Return whether a domain has an address or a mail server (RFC 9989 3.2.13)."""
    return bool(lookups.addresses(domain) or lookups.mail_servers(domain))


def report_address(configuration: Config) -> str:
    """Return the address for DMARC reports that are read here; "" without a bounce mailbox."""
    local, _, domain = configuration.bounces.return_path.rpartition("@")
    return f"{local}+dmarc@{domain}" if local and configuration.bounces.imap.host else ""
