"""DNS lookups, each made once for a report.

A name or a type without records is an empty answer. A lookup without an answer raises `LookupFailed`, which is neither:
whether there are records is not known then.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import dns.exception
import dns.name
import dns.resolver
import dns.reversename

from newsletter.messages import Message, Problem
from newsletter.messages.deliverability import records as messages

SECONDS = 5.0

Question = tuple[str, str]
"""A name in small letters and a type."""


class LookupFailed(Problem):
    """A lookup without an answer; the message names the domain and the cause, without the resolver's words."""


class Lookups:
    """Answers of a resolver, kept while a report is made."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self._resolver = resolver
        self._answers: dict[Question, tuple[str, ...]] = {}
        self._failures: dict[Question, LookupFailed] = {}
        self._set: dict[Question, tuple[str, ...]] = {}

    def with_texts(self, texts: Mapping[str, Iterable[str]]) -> "Lookups":
        """Return lookups that answer as if these names had these TXT records, and no others."""
        changed = Lookups(self._resolver)
        changed._answers, changed._failures = self._answers, self._failures
        changed._set = self._set | {(name.lower(), "TXT"): tuple(records) for name, records in texts.items()}
        return changed

    def ask(self, name: str, kind: str) -> tuple[str, ...]:
        """Return the records of a name and a type as text; the strings of a TXT record are joined."""
        question = name.lower().rstrip("."), kind
        if question in self._set:
            return self._set[question]
        if question in self._failures:
            raise self._failures[question]
        if question not in self._answers:
            try:
                self._answers[question] = self._resolve(*question)
            except dns.exception.DNSException as failure:
                self._failures[question] = LookupFailed(messages.NOT_LOOKED_UP(name=question[0], cause=_cause(failure)))
                raise self._failures[question] from failure
        return self._answers[question]

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of a name."""
        return self.ask(name, "TXT")

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the IPv4 and IPv6 addresses of a name."""
        return (*self.ask(name, "A"), *self.ask(name, "AAAA"))

    def mail_servers(self, name: str) -> tuple[str, ...]:
        """Return the hosts of the MX records of a domain, most preferred first; "." refuses all email (RFC 7505)."""
        servers = sorted((int(preference), host) for preference, host in map(str.split, self.ask(name, "MX")))
        return tuple(host.rstrip(".").lower() or "." for _, host in servers)

    def pointers(self, address: str) -> tuple[str, ...]:
        """Return the names of an IP address."""
        return tuple(
            pointer.rstrip(".").lower() for pointer in self.ask(str(dns.reversename.from_address(address)), "PTR")
        )

    def _resolve(self, name: str, kind: str) -> tuple[str, ...]:
        try:
            domain = dns.name.from_text(name)
        except (dns.exception.DNSException, UnicodeError):
            return ()  # no name, so it has no records (RFC 7208 4.3)
        resolver = self._resolver or dns.resolver.get_default_resolver()
        try:
            answer = resolver.resolve(domain, kind, search=False, lifetime=SECONDS)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()
        return tuple(_text(record, kind) for record in answer)


def _text(record: Any, kind: str) -> str:
    return b"".join(record.strings).decode("utf-8", "replace") if kind == "TXT" else record.to_text()


def _cause(failure: dns.exception.DNSException) -> Message:
    if isinstance(failure, dns.exception.Timeout):
        return messages.NO_ANSWER()
    if isinstance(failure, dns.resolver.NoResolverConfiguration):
        return messages.NO_RESOLVER()
    return messages.SERVER_FAILURE()
