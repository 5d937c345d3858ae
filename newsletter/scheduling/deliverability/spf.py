"""SPF of the envelope sender's domain (RFC 7208): one valid record that covers the way that emails take.

checkdmarc parses the record and counts its lookups, so that a record that receivers call invalid is called so here.
"""

import ipaddress
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from checkdmarc import spf as parser

from newsletter.messages import Message
from newsletter.messages.deliverability import checks as messages
from newsletter.scheduling.check import Verdict
from newsletter.scheduling.deliverability.check_result import CheckResult
from newsletter.scheduling.deliverability.lookups import Lookups, txt
from newsletter.scheduling.deliverability.route import Route

Json = dict[str, Any]


def spf(envelope: str, route: Route, lookups: Lookups) -> CheckResult:
    """Check the record of a domain. Raises dns.exception.DNSException."""
    found = [text for text in lookups.texts(envelope) if text.lower().split(" ")[0] == "v=spf1"]
    wanted = _term(route, lookups)
    if not found:
        if route.kind == "api":
            return CheckResult(Verdict.NOTE, messages.SPF_OF_PROVIDER(provider=route.service.name))
        return CheckResult(
            Verdict.BAD, messages.NO_RECORD(name=envelope, type="SPF"), txt(envelope, f"v=spf1 {wanted} ~all")
        )
    if len(found) > 1:
        return CheckResult(Verdict.BAD, messages.SEVERAL_RECORDS(name=envelope, count=len(found), type="SPF"))
    try:
        parsed = parser.get_spf_record(envelope, resolver=lookups.resolver)
    except parser.SPFError as problem:
        return CheckResult(Verdict.BAD, _problem(problem, envelope))
    return _judged(parsed, envelope, found[0], route, wanted, lookups)


def _judged(parsed: Any, envelope: str, record: str, route: Route, wanted: str, lookups: Lookups) -> CheckResult:
    """Return what a valid record says."""
    ending = _ending(parsed["parsed"])
    better = txt(envelope, _with_term(record, wanted))
    if ending == "pass":
        return CheckResult(Verdict.BAD, messages.SPF_OPEN(name=envelope), txt(envelope, _ended(record)))
    terms = list(_terms(parsed["parsed"]))
    if missing := _missing_address(terms, route, lookups):
        message = messages.SPF_ADDRESS(name=envelope, address=missing, server=route.server)
        return CheckResult(Verdict.BAD, message, better)
    include = wanted.partition("include:")[2]
    if include and include not in {str(each.get("value", "")).lower() for each in terms}:
        message = messages.SPF_WITHOUT(name=envelope, term=f"include:{include}")
        return CheckResult(Verdict.WARNING, message, better)
    if ending == "neutral":
        return CheckResult(Verdict.WARNING, messages.SPF_NEUTRAL(name=envelope), txt(envelope, _ended(record)))
    return CheckResult(Verdict.GOOD, messages.SPF_GOOD(record=record, count=parsed["dns_lookups"]))


def _problem(problem: parser.SPFError, envelope: str) -> Message:
    if isinstance(problem, parser.SPFTooManyDNSLookups):
        return messages.SPF_LOOKUPS(name=envelope)
    if isinstance(problem, parser.SPFTooManyVoidDNSLookups):
        return messages.SPF_VOID(name=envelope)
    if isinstance(problem, (parser.SPFRedirectLoop, parser.SPFIncludeLoop)):
        return messages.SPF_LOOP(name=envelope)
    if isinstance(problem, parser.SPFRecordNotFound):
        return messages.SPF_INCLUDE(name=envelope, included=problem.domain)
    return messages.SPF_INVALID(name=envelope, cause=str(problem))


def _term(route: Route, lookups: Lookups) -> str:
    """Return the term that covers a route."""
    if include := route.service.include or _include_of_relay(route, lookups):
        return f"include:{include}"
    return f"a:{route.server}" if route.server and lookups.addresses(route.server) else "mx"


def _include_of_relay(route: Route, lookups: Lookups) -> str:
    """Return the name where the owner of an unknown relay publishes SPF for customers; "" if there is none."""
    parent = route.service.name.partition(".")[2]
    if route.kind != "relay" or "." not in parent:
        return ""
    names = (f"_spf.{parent}", f"spf.{parent}", parent)
    return next((name for name in names if any(text.startswith("v=spf1") for text in lookups.texts(name))), "")


def _with_term(record: str, term: str) -> str:
    """Return a record with a term more, before what it says about all others."""
    words = record.split()
    ends = (at for at, word in enumerate(words) if word.lower().lstrip("+-~?") == "all" or "redirect=" in word.lower())
    at = next(ends, len(words))
    return " ".join([*words[:at], term, *words[at:]])


def _ended(record: str) -> str:
    """Return a record that ends with ~all."""
    return " ".join([*(word for word in record.split() if word.lower().lstrip("+-~?") != "all"), "~all"])


def _terms(parsed: Json | None) -> Iterator[Json]:
    """Yield the mechanisms of a record, and of those that it includes."""
    for each in (parsed or {}).get("mechanisms", ()):
        yield each
        yield from _terms(each.get("parsed"))
    redirect = (parsed or {}).get("redirect")
    if redirect:
        yield from _terms(redirect.get("parsed"))


def _ending(parsed: Json) -> str:
    """Return the result for all other servers."""
    redirect = parsed.get("redirect")
    if redirect and redirect.get("parsed"):
        return _ending(redirect["parsed"])
    return str(parsed.get("all") or "neutral")


def _missing_address(terms: list[Json], route: Route, lookups: Lookups) -> str:
    """Return an address of the own mail server that no term covers; "" if there is none."""
    if route.kind != "own":
        return ""
    networks = [network for each in terms if each.get("action") == "pass" for network in _networks(each, lookups)]
    for address in lookups.addresses(route.server):
        parsed = ipaddress.ip_address(address)
        if not any(parsed in network for network in networks if network.version == parsed.version):
            return address
    return ""


def _networks(term: Json, lookups: Lookups) -> Iterator[ipaddress.IPv4Network | ipaddress.IPv6Network]:
    """Yield the networks that a term covers."""
    texts = [term["value"]] if term["mechanism"] in ("ip4", "ip6") else list(term.get("addresses") or ())
    for host in term.get("hosts") or ():
        texts += lookups.addresses(host["hostname"])
    for text in texts:
        with suppress(ValueError):
            yield ipaddress.ip_network(text, strict=False)
