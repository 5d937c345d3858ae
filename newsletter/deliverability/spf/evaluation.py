"""What a receiver's server makes of an SPF record: check_host() of RFC 7208 4.

What depends on the single email, and what can't be looked up, is not known: such a result is `UNKNOWN`, with a reason.
"""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from newsletter.deliverability.lookups import LookupFailed, Lookups
from newsletter.deliverability.spf.macros import Address, NotKnown, Sender, expand
from newsletter.deliverability.spf.record import SpfRecord, Term, is_spf, parse
from newsletter.messages import Message, Problem
from newsletter.messages.deliverability import spf as messages

MOST_LOOKUPS = 10
"""The terms of one evaluation that need DNS (4.6.4)."""
MOST_VOID = 2
"""The lookups of one evaluation that may have no answer (4.6.4)."""
MOST_HOSTS = 10
"""The mail servers of mx, and the names of ptr, that are looked at (4.6.4)."""
WIDEST = {4: 8, 6: 16}
"""The prefixes below which a network has more addresses than any organization, so that it names no servers."""


class SpfResult(StrEnum):
    """The result of an evaluation (2.6). A temporary error is an unknown result."""

    PASS = "pass"  # noqa: S105
    FAIL = "fail"
    SOFT_FAIL = "softfail"
    NEUTRAL = "neutral"
    NONE = "none"
    INVALID = "permerror"
    UNKNOWN = "unknown"


OF_QUALIFIER = {"+": SpfResult.PASS, "-": SpfResult.FAIL, "~": SpfResult.SOFT_FAIL, "?": SpfResult.NEUTRAL}


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A result; `reason` is why it is unknown, and `by` the terms that decided, from the outermost record inwards."""

    result: SpfResult
    reason: Message | None = None
    by: tuple[str, ...] = ()


class _Invalid(Exception):
    """The evaluation ends with a permanent error."""


class _Unknown(Problem):
    """The evaluation can't be finished."""


class _Evaluator:
    """One evaluation, which counts its lookups."""

    def __init__(self, sender: Sender, lookups: Lookups) -> None:
        self.sender = sender
        self.lookups = lookups
        self.terms = 0
        self.void = 0

    def of_domain(self, domain: str, including: tuple[str, ...]) -> Evaluation:
        """Return the result for a domain, whose record is inside of those of others."""
        if domain in including:
            raise _Invalid
        records = [text for text in self._ask(domain, "TXT", counted=False) if is_spf(text)]
        if not records:
            return Evaluation(SpfResult.NONE)
        record = parse(records[0])
        if len(records) > 1 or record.mistakes:
            raise _Invalid
        return self._record(record, domain, (*including, domain))

    def _record(self, record: SpfRecord, domain: str, including: tuple[str, ...]) -> Evaluation:
        for term in record.mechanisms:
            match = self._matches(term, domain, including)
            if match is not None:
                return Evaluation(OF_QUALIFIER[term.qualifier or "+"], by=(term.text, *match.by))
        if record.redirect is None:
            return Evaluation(SpfResult.NEUTRAL)
        self._count()
        target = self._name(record.redirect, domain)
        evaluation = Evaluation(SpfResult.NEUTRAL) if target is None else self.of_domain(target, including)
        if evaluation.result is SpfResult.NONE:
            raise _Invalid
        return replace(evaluation, by=(record.redirect.text, *evaluation.by))

    def _matches(self, term: Term, domain: str, including: tuple[str, ...]) -> Evaluation | None:
        """Return the evaluation of an include, or one without terms for others; None if the term doesn't match."""
        match = Evaluation(SpfResult.PASS)
        if term.name == "all":
            return match
        if term.network is not None:
            return match if self._in([term.network]) else None
        self._count()
        if term.name == "ptr":
            return match if self._has_name(term, domain) else None
        name = self._name(term, domain)
        if name is None:
            return None
        if term.name == "include":
            evaluation = self.of_domain(name, including)
            if evaluation.result is SpfResult.NONE:
                raise _Invalid
            return evaluation if evaluation.result is SpfResult.PASS else None
        if term.name == "exists":
            return match if self._ask(name, "A") else None
        hosts = [name] if term.name == "a" else self._mail_servers(name)
        return match if any(self._in(self._networks(host, term)) for host in hosts) else None

    def _name(self, term: Term, domain: str) -> str | None:
        """Return the domain of a term; None for a list of servers, which any other server isn't in."""
        try:
            return expand(term.domain, self.sender, domain) if term.domain else domain
        except NotKnown as macro:
            if self.sender.address is None and macro.letter in "iv":
                return None
            raise _Unknown(messages.SPF_MACRO(term=term.text)) from macro

    def _in(self, networks: Iterable[ipaddress.IPv4Network | ipaddress.IPv6Network]) -> bool:
        address = self.sender.address
        if address is None:
            return any(network.prefixlen < WIDEST[network.version] for network in networks)
        return any(address.version == network.version and address in network for network in networks)

    def _networks(self, host: str, term: Term) -> list[ipaddress.IPv4Network | ipaddress.IPv6Network]:
        address = self.sender.address
        kinds = ("A", "AAAA") if address is None else ("A",) if address.version == 4 else ("AAAA",)
        return [
            ipaddress.ip_network((answer, term.prefix4 if kind == "A" else term.prefix6), strict=False)
            for kind in kinds
            for answer in self._ask(host, kind, counted=address is not None and term.name == "a")
        ]

    def _mail_servers(self, name: str) -> list[str]:
        hosts = [record.split()[-1].rstrip(".").lower() for record in self._ask(name, "MX")]
        if len(hosts) > MOST_HOSTS:
            raise _Invalid
        return [host for host in hosts if host]

    def _has_name(self, term: Term, domain: str) -> bool:
        """Return whether a confirmed name of the server is in a domain (5.5); a failed lookup is no match."""
        if self.sender.address is None:
            return False
        parent = self._name(term, domain)
        try:
            names = self.lookups.pointers(str(self.sender.address))[:MOST_HOSTS]
        except LookupFailed:
            return False
        return any(
            (name == parent or name.endswith(f".{parent}")) and self._leads_back(name, self.sender.address)
            for name in names
        )

    def _leads_back(self, name: str, address: Address) -> bool:
        try:
            return str(address) in self.lookups.ask(name, "A" if address.version == 4 else "AAAA")
        except LookupFailed:
            return False

    def _count(self) -> None:
        self.terms += 1
        if self.terms > MOST_LOOKUPS:
            raise _Invalid

    def _ask(self, name: str, kind: str, *, counted: bool = True) -> tuple[str, ...]:
        answers = self.lookups.ask(name, kind)
        if not answers and counted:
            self.void += 1
            if self.void > MOST_VOID:
                raise _Invalid
        return answers


def evaluate(sender: Sender, lookups: Lookups) -> Evaluation:
    """Return what receivers make of a sender by the SPF record of its domain."""
    try:
        return _Evaluator(sender, lookups).of_domain(sender.domain.lower().rstrip("."), ())
    except _Invalid:
        return Evaluation(SpfResult.INVALID)
    except (LookupFailed, _Unknown) as problem:
        return Evaluation(SpfResult.UNKNOWN, problem.message)
