"""The small languages of `config.toml`: durations, sizes, rates, moments of the week, mailboxes.

Each `parse_…` takes what stands in the file and raises `ValueError` with a sentence that says what is wanted.
"""

import re
from dataclasses import dataclass
from datetime import time, timedelta
from difflib import get_close_matches
from email.utils import formataddr, parseaddr
from functools import cache
from math import isinf
from zoneinfo import available_timezones

from babel import Locale, UnknownLocaleError
from email_validator import EmailNotValidError, validate_email

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZES = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "KIB": 1024, "MIB": 1024**2}
_PER = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Rate:
    """Mails over a time; `count` 0 means: as fast as it goes."""

    count: int
    seconds: int

    @property
    def per_second(self) -> float:
        """Mails a second; 0.0 where there is no limit."""
        return self.count / self.seconds


@dataclass(frozen=True, slots=True)
class Moment:
    """A repeating local time: of each day, of a weekday (`weekday`, Monday 0) or of a day of the month."""

    at: time
    weekday: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A name and an address (RFC 5322 3.4, `mailbox`); the domain is lower-cased, the local part kept."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """What stands after the last `@`."""
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        return formataddr((self.name, self.address)) if self.name else self.address


def nearest(word: str, words: list[str]) -> str:
    """` did you mean '…'?` with the word most like `word`, or nothing where none is like it."""
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    return f"; did you mean '{close[0]}'?" if close else ""


def parse_duration(value: object) -> timedelta:
    """A duration such as `30m`, `6h`, `30d`."""
    if isinstance(value, timedelta):
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)", value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"{value!r} is no duration; write a number and a unit, such as '20s', '30m', '6h' or '30d'")
    try:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    except OverflowError as e:
        raise ValueError(f"{value!r} is no duration that a calendar can hold") from e


def parse_size(value: object) -> int:
    """Octets, from a number or from text such as `100 KB` (1 KB is 1,000 octets, 1 KiB 1,024)."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    found = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", value.strip()) if isinstance(value, str) else None
    if not found or found[2].upper() not in _SIZES:
        raise ValueError(f"{value!r} is no size; write a number of octets, or such as '100 KB' or '8 MB'")
    size = float(found[1]) * _SIZES[found[2].upper()]
    if isinf(size):
        raise ValueError(f"{value!r} is no size that a computer can hold")
    return int(size)


def parse_rate(value: object) -> Rate:
    """A rate: `0` (no limit), `20/s`, `300/m`, `5000/h`, `50000/d`; a bare number is per second."""
    if isinstance(value, Rate):
        return value
    text = str(value).replace(" ", "").replace("_", "") if isinstance(value, int | str) else ""
    found = re.fullmatch(r"(\d+)(?:/(s|m|min|h|d))?", text)
    if not found or isinstance(value, bool):
        raise ValueError(f"{value!r} is no rate; write '0' for no limit, or such as '20/s', '300/m' or '5000/h'")
    return Rate(int(found[1]), _PER[found[2] or "s"])


def parse_moment(value: object) -> Moment:
    """A moment: `fri 15:00` (weekly), `15:00` (daily), `1 15:00` (monthly, day 1 to 28)."""
    if isinstance(value, Moment):
        return value
    found = re.fullmatch(r"(?:(\S+)\s+)?(\d{1,2}):(\d{2})", value.strip().lower()) if isinstance(value, str) else None
    if not found or int(found[2]) > 23 or int(found[3]) > 59:
        raise ValueError(
            f"{value!r} is no moment; write such as 'fri 15:00', '15:00' (each day) or '1 15:00' (each month)"
        )
    at, on = time(int(found[2]), int(found[3])), found[1]
    if on is None:
        return Moment(at)
    if on.isdigit():
        if not 1 <= int(on) <= 28:
            raise ValueError(f"{value!r}: a day of the month is 1 to 28, so that every month has it")
        return Moment(at, day=int(on))
    if on[:3] not in WEEKDAYS:
        raise ValueError(f"{value!r}: '{on}' is no weekday; write one of {', '.join(WEEKDAYS)}")
    return Moment(at, weekday=WEEKDAYS.index(on[:3]))


def parse_address(value: object) -> str:
    """A mail address, its domain lower-cased."""
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no mail address")  # noqa: TRY004 - the validator reports ValueError
    try:
        found = validate_email(value.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as e:
        raise ValueError(f"{value!r} is no mail address: {str(e).rstrip('.')}") from e
    return found.normalized


def parse_mailbox(value: object) -> Mailbox:
    """`Name <address>`, or a bare address."""
    if isinstance(value, Mailbox):
        return value
    if not isinstance(value, str) or re.search(r"[\r\n\x00]", value):
        raise ValueError(f"{value!r} is no sender; write such as 'Kinaforum <brev@example.org>'")
    name, address = parseaddr(value)
    if not address:
        raise ValueError(f"{value!r} is no sender; write such as 'Kinaforum <brev@example.org>'")
    return Mailbox(name, parse_address(address))


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


def parse_timezone(value: object) -> str:
    """A name of the IANA time zone database."""
    if not isinstance(value, str) or value not in _zones():
        raise ValueError(f"{value!r} is no time zone{nearest(str(value), sorted(_zones()))}")
    return value


def parse_language(value: object) -> str:
    """A language tag (BCP 47) that CLDR knows, such as `nb` or `pt-BR`."""
    try:
        Locale.parse(str(value), sep="-")
    except (ValueError, UnknownLocaleError) as e:
        raise ValueError(f"{value!r} is no language; write a tag such as 'nb', 'en' or 'pt-BR'") from e
    return str(value)


def parse_colour(value: object) -> str:
    """A colour as `#rrggbb` or `#rgb`, given back as `#rrggbb`."""
    found = re.fullmatch(r"#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(f"{value!r} is no colour; write such as '#b3261e'")
    digits = found[1].lower()
    return "#" + ("".join(c * 2 for c in digits) if len(digits) == 3 else digits)
