"""DNS lookups, each made once for a report, and records as they are pasted into a zone.

A name or a type without records is an empty answer. Raises dns.exception.DNSException where a lookup fails.
"""

from collections.abc import Iterable
from functools import partial
from typing import Any

import dns.exception
import dns.resolver
import dns.reversename

SECONDS = 5.0
LONGEST_STRING = 255
"""A TXT record consists of strings of at most this many characters (RFC 1035 3.3.14)."""


class Lookups:
    """Answers of a resolver, kept while a report is made."""

    def __init__(self, resolver: dns.resolver.Resolver | None = None) -> None:
        self.resolver = resolver or dns.resolver.get_default_resolver()
        self._answers: dict[tuple[str, str], tuple[Any, ...]] = {}
        self._failures: dict[tuple[str, str], dns.exception.DNSException] = {}

    def texts(self, name: str) -> tuple[str, ...]:
        """Return the TXT records of a name, their strings joined."""
        return tuple(b"".join(each.strings).decode("utf-8", "replace") for each in self._ask(name, "TXT"))

    def addresses(self, name: str) -> tuple[str, ...]:
        """Return the IPv4 and IPv6 addresses of a name."""
        return tuple(each.address for kind in ("A", "AAAA") for each in self._ask(name, kind))

    def mail_servers(self, name: str) -> tuple[str, ...]:
        """Return the hosts of the MX records of a domain, most preferred first; "." refuses all email (RFC 7505)."""
        found = sorted(self._ask(name, "MX"), key=lambda each: each.preference)
        return tuple(str(each.exchange).rstrip(".").lower() or "." for each in found)

    def pointers(self, address: str) -> tuple[str, ...]:
        """Return the names of an IP address."""
        name = str(dns.reversename.from_address(address))
        return tuple(str(each.target).rstrip(".").lower() for each in self._ask(name, "PTR"))

    def _ask(self, name: str, kind: str) -> tuple[Any, ...]:
        asked = name.lower(), kind
        if asked in self._failures:
            raise self._failures[asked]
        if asked not in self._answers:
            try:
                self._answers[asked] = self._resolve(name, kind)
            except dns.exception.DNSException as failure:
                self._failures[asked] = failure
                raise
        return self._answers[asked]

    def _resolve(self, name: str, kind: str) -> tuple[Any, ...]:
        ask = partial(self.resolver.resolve, search=False, lifetime=SECONDS)
        try:
            return tuple(ask(name, kind))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return ()


def txt(name: str, text: str) -> str:
    """Return a TXT record as a line of a zone."""
    strings = [text[at : at + LONGEST_STRING] for at in range(0, len(text), LONGEST_STRING)]
    quoted = " ".join(f'"{each}"' for each in strings)
    return f"{name}. IN TXT ( {quoted} )" if strings[1:] else f"{name}. IN TXT {quoted}"


def listed(names: Iterable[str]) -> str:
    """Return several names on one line."""
    return ", ".join(names)
