"""Macros in the domains of SPF terms (RFC 7208 7)."""

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import quote

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_MACRO = re.compile(r"%(?:\{([A-Za-z])([0-9]*)([rR]?)([.\-+,/_=]*)\}|([%_\-]))")
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}
LONGEST_NAME = 253
MOST_DIGITS = 4


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose email is evaluated: the server's address, and the envelope sender's domain.

    The address None is that of any server that no term names. The local part and the server's greeting are None if they
    aren't known: each of our emails has another local part, and a provider's servers have many names.
    """

    address: Address | None
    domain: str
    local: str | None = None
    greeting: str | None = None


class NotKnown(Exception):
    """A macro whose value differs from email to email, or isn't known."""

    def __init__(self, letter: str) -> None:
        super().__init__(letter)
        self.letter = letter


def expand(text: str, sender: Sender, domain: str) -> str:
    """Return a domain-spec with its macros replaced, without labels at the left that make it too long (7.3).

    Raises `NotKnown`.
    """
    if "%" not in text:
        return text.rstrip(".").lower()
    expanded = _MACRO.sub(lambda match: _value(match, sender, domain), text).rstrip(".").lower()
    while len(expanded) > LONGEST_NAME and "." in expanded:
        expanded = expanded.partition(".")[2]
    return expanded


def _value(match: re.Match[str], sender: Sender, domain: str) -> str:
    letter, digits, reverse, delimiters, escape = match.groups()
    if escape:
        return _ESCAPES[escape]
    value = _raw(letter.lower(), sender, domain)
    parts = re.split(f"[{re.escape(delimiters or '.')}]", value)
    if reverse:
        parts.reverse()
    if digits:
        parts = parts[-int(digits[-MOST_DIGITS:] if not digits[:-MOST_DIGITS].strip("0") else "9999") :]
    joined = ".".join(parts)
    return quote(joined, safe="-._~") if letter.isupper() else joined


def _raw(letter: str, sender: Sender, domain: str) -> str:
    address = sender.address
    values = {
        "d": domain,
        "o": sender.domain,
        "h": sender.greeting,
        "l": sender.local,
        "s": None if sender.local is None else f"{sender.local}@{sender.domain}",
    }
    if address is not None:
        values["v"] = "in-addr" if address.version == 4 else "ip6"
        values["i"] = str(address) if address.version == 4 else ".".join(address.exploded.replace(":", ""))
    value = values.get(letter)
    if value is None:
        raise NotKnown(letter)
    return value
