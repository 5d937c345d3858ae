"""Mail addresses as people write them, and the key by which two of them are one.

The domain is lower-cased and in punycode; the local part is kept as written (plus addresses and SMTPUTF8 too), and
compared without case.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from email_validator import EmailNotValidError, validate_email

LONGEST, LONGEST_LOCAL = 254, 64  # octets, RFC 5321 4.5.3.1: the path without its angle brackets, and the local part
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_PLAIN = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")


class AddressProblem(ValueError):
    """What was given is no mail address that mail can go to; the message says why, in English."""


@dataclass(frozen=True, slots=True)
class Address:
    """An address that was checked: as it is written to, and its key."""

    written: str
    key: str

    @property
    def domain(self) -> str:
        """What stands after the `@`, lower-cased, in punycode."""
        return self.key.rpartition("@")[2]


def read_address(text: str) -> Address:
    """Check an address by its form; nothing is looked up. Raises AddressProblem."""
    text = text.strip()
    local, at, domain = text.rpartition("@")
    if not at or len(text) > 4 * LONGEST:
        raise AddressProblem("it is longer than an address may be" if at else "it has no @")
    if len(local) <= LONGEST_LOCAL and _PLAIN.fullmatch(local):
        written = f"{local}@{_checked_domain(domain)}"
        if len(written) <= LONGEST:
            return Address(written, written.lower())
    return _read_slowly(text)


@lru_cache(maxsize=50_000)
def _checked_domain(domain: str) -> str:
    """The domain in ASCII; most addresses of an import share a few domains, and checking one takes 30 µs."""
    return _read_slowly(f"a@{domain}").domain


def _read_slowly(text: str) -> Address:
    try:
        found = validate_email(text, check_deliverability=False)
    except EmailNotValidError as e:
        raise AddressProblem(str(e).rstrip(".").replace("\n", " ")) from e
    written = f"{found.local_part}@{found.ascii_domain.lower()}"
    if len(found.local_part.encode()) > LONGEST_LOCAL:
        raise AddressProblem(f"what stands before the @ is longer than {LONGEST_LOCAL} octets")
    if len(written.encode()) > LONGEST:
        raise AddressProblem("it is longer than an address may be")
    return Address(written, written.lower())
