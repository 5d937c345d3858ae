"""Checks of the DNS records that receivers look up: SPF (RFC 7208), DKIM (RFC 6376) and DMARC (RFC 9989).

Receivers look up SPF of the envelope sender's domain, DKIM of the domain that signs, and DMARC of the domain in From.
For DMARC, one of the first two must belong to the same organization as the third (alignment, RFC 9989 4.4).
"""

from collections.abc import Callable, Iterator
from functools import cache, partial

import dns.exception
import dns.resolver

from newsletter.config import Config, Dkim
from newsletter.delivery.dkim import public_record
from newsletter.messages import Message
from newsletter.messages import failures as messages
from newsletter.messages.general import TEXT
from newsletter.scheduling.check import Check, Verdict

SECONDS = 5.0
MOST_LABELS = 8
"""A tree walk asks for at most this many names (RFC 9989 4.10)."""

Lookup = Callable[[str], tuple[str, ...]]
"""Returns the TXT records of a name, () for none. Raises dns.exception.DNSException if they can't be looked up."""


def dns_checks(configuration: Config, domain: str) -> Iterator[Check]:
    """Check the records of a domain in From, and whether they align."""
    look_up = cache(_texts)
    envelope = configuration.bounces.return_path.rpartition("@")[2] or domain
    keys = configuration.delivery.dkim
    yield _looked_up(f"{domain}: SPF", envelope, partial(_spf, domain, envelope, look_up))
    for key in keys:
        name = f"{key.selector}._domainkey.{key.domain}"
        yield _looked_up(f"{domain}: DKIM", name, partial(_dkim, domain, key, name, look_up))
    yield _looked_up(f"{domain}: DMARC", f"_dmarc.{domain}", partial(_dmarc, domain, look_up))
    if configuration.delivery.provider == "smtp":
        signers = tuple(key.domain for key in keys)
        yield _looked_up(f"{domain}: DMARC", domain, partial(_alignment, domain, envelope, signers, look_up))


def _looked_up(about: str, name: str, check: Callable[[], Check]) -> Check:
    try:
        return check()
    except dns.exception.DNSException as e:
        return Check(TEXT(words=about), Verdict.WARNING, messages.NOT_LOOKED_UP(name=name, cause=str(e)))


def _texts(name: str) -> tuple[str, ...]:
    try:
        answers = dns.resolver.resolve(name, "TXT", lifetime=SECONDS)
    except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
        return ()
    return tuple(b"".join(answer.strings).decode("utf-8", "replace") for answer in answers)


def _spf(domain: str, envelope: str, look_up: Lookup) -> Check:
    about = TEXT(words=f"{domain}: SPF")
    found = [text for text in look_up(envelope) if text.lower().split(" ")[0] == "v=spf1"]
    record = f'{envelope}. IN TXT "v=spf1 mx -all"'
    return _only(about, envelope, "SPF", found, record)


def _only(about: Message, name: str, kind: str, found: list[str], record: str) -> Check:
    """Return a check that passes if there is exactly one record."""
    if not found:
        return Check(about, Verdict.BAD, messages.NO_RECORD(name=name, type=kind), record)
    if len(found) > 1:
        return Check(about, Verdict.BAD, messages.SEVERAL_RECORDS(name=name, count=len(found), type=kind))
    return Check(about, Verdict.GOOD, TEXT(words=found[0]))


def _dkim(domain: str, key: Dkim, name: str, look_up: Lookup) -> Check:
    about = TEXT(words=f"{domain}: DKIM")
    wanted = public_record(key)
    record = f'{name}. IN TXT "{wanted}"'
    found = [text for text in look_up(name) if "p" in _tags(text)]
    if not found:
        return Check(about, Verdict.BAD, messages.NO_DKIM_RECORD(name=name), record)
    if len(found) > 1:
        return Check(about, Verdict.BAD, messages.SEVERAL_RECORDS(name=name, count=len(found), type="DKIM"))
    if _tags(found[0])["p"] != _tags(wanted)["p"]:
        return Check(about, Verdict.BAD, messages.OTHER_DKIM_KEY(name=name), record)
    return Check(about, Verdict.GOOD, TEXT(words=found[0]))


def _dmarc(domain: str, look_up: Lookup) -> Check:
    about = TEXT(words=f"{domain}: DMARC")
    record = f'_dmarc.{domain}. IN TXT "v=DMARC1; p=none; rua=mailto:postmaster@{domain}"'
    own = _dmarc_records(domain, look_up)
    if len(own) > 1:
        name = f"_dmarc.{domain}"
        return Check(about, Verdict.BAD, messages.SEVERAL_RECORDS(name=name, count=len(own), type="DMARC"))
    if own:
        return Check(about, Verdict.GOOD, TEXT(words=own[0]))
    organization = organizational_domain(domain, look_up)
    inherited = _dmarc_records(organization, look_up)
    if len(inherited) == 1:
        return Check(about, Verdict.GOOD, messages.DMARC_INHERITED(domain=organization, record=inherited[0]))
    return Check(about, Verdict.BAD, messages.NO_RECORD(name=f"_dmarc.{domain}", type="DMARC"), record)


def _alignment(domain: str, envelope: str, signers: tuple[str, ...], look_up: Lookup) -> Check:
    about = TEXT(words=f"{domain}: DMARC")
    here = organizational_domain(domain, look_up)
    for other, kind in (*((each, "DKIM") for each in signers), (envelope, "SPF")):
        if organizational_domain(other, look_up) == here:
            return Check(about, Verdict.GOOD, messages.ALIGNED(type=kind, domain=other))
    return Check(about, Verdict.BAD, messages.NOT_ALIGNED(domain=domain))


def organizational_domain(domain: str, look_up: Lookup) -> str:
    """Return the organizational domain, found by a tree walk of DMARC records (RFC 9989 4.10)."""
    found = [(name, records[0]) for name in _walk(domain) if len(records := _dmarc_records(name, look_up)) == 1]
    for name, record in found:
        declared = _tags(record).get("psd", "").lower()
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


def _dmarc_records(domain: str, look_up: Lookup) -> list[str]:
    return [text for text in look_up(f"_dmarc.{domain}") if text.split(";")[0].replace(" ", "") == "v=DMARC1"]


def _tags(record: str) -> dict[str, str]:
    """Return the tags of a DKIM or DMARC record, without blanks in their values."""
    pairs = (part.partition("=") for part in record.split(";"))
    return {name.strip().lower(): "".join(value.split()) for name, equals, value in pairs if equals}
