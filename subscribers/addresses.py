"""Email addresses, and the key by which two spellings of an address are compared.

The domain is lower-cased and in punycode; the local part is kept as written (including plus addresses and SMTPUTF8) and
compared case-insensitively.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from newsletter.config.email_addresses import fault
from newsletter.messages import Problem, subscriptions as messages

LONGEST, LONGEST_LOCAL = 254, 64  # octets (RFC 5321 4.5.3.1)
_WIDTHLESS = "\xad\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_AROUND = _WIDTHLESS + "".join(character for character in map(chr, range(0x3001)) if character.isspace())
_AFTER = _AROUND + ".,;"
_SCHEME = "mailto:"
_HALF_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""The ASCII characters of the wide ones that Japanese and Chinese keyboards write."""
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


class AddressProblem(Problem):
    """The text is not a valid email address; the message says why."""


@dataclass(frozen=True, slots=True)
class Address:
    """A valid address, as written and as a key for comparison."""

    written: str
    key: str

    @property
    def domain(self) -> str:
        """The part after the `@`, lower-cased, in punycode."""
        return self.key.rpartition("@")[2]


def bare_address(text: str) -> str:
    """Return the address in `Kari <kari@…>`, `mailto:kari@…`, `kari@….` and wide letters, also beside characters of no
    width.

    A text with several people is returned as it is, so that none of them is taken for the others.
    """
    text = text.strip(_AROUND).translate(_HALF_WIDTH).rstrip(_AFTER)
    name, bracket, inside = text.rpartition("<")
    another_ends = ">" in name or not set(",;").isdisjoint(name.partition("@")[2])
    if bracket and inside.endswith(">") and not another_ends:
        text = inside[:-1].strip(_AROUND)
    return text[len(_SCHEME) :] if text[: len(_SCHEME)].lower() == _SCHEME else text


def whole(key: str) -> str:
    """Return a regular expression for an address that is no part of another one, for Python and for databases."""
    return rf"(?<![\w.+-]){re.escape(key)}(?![\w-]|\.\w)"


def read_address(text: str) -> Address:
    """Validate the syntax of an address, as people paste it; nothing is looked up. Raises AddressProblem."""
    text = bare_address(text)
    local, at, domain = text.rpartition("@")
    if not at or len(text) > 4 * LONGEST:
        raise AddressProblem(messages.TOO_LONG() if at else messages.NO_AT())
    if len(local) <= LONGEST_LOCAL and _PLAIN.fullmatch(local):
        written = f"{local}@{_checked_domain(domain)}"
        if len(written) <= LONGEST:
            return Address(written, written.lower())
    return _read_slowly(text)


@lru_cache(maxsize=50_000)
def _checked_domain(domain: str) -> str:
    """Return the domain in ASCII. Cached, since validating one takes 30 µs and imports repeat a few domains."""
    return _read_slowly(f"a@{domain}").domain


def _read_slowly(text: str) -> Address:
    # Imported here, because its expressions take 25 ms to compile, which most commands need not.
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(text, check_deliverability=False)
    except EmailNotValidError as e:
        raise AddressProblem(fault(text)) from e
    written = f"{address.local_part}@{address.ascii_domain.lower()}"
    if len(address.local_part.encode()) > LONGEST_LOCAL:
        raise AddressProblem(messages.LOCAL_TOO_LONG(most=LONGEST_LOCAL))
    if len(written.encode()) > LONGEST:
        raise AddressProblem(messages.TOO_LONG())
    return Address(written, written.lower())
