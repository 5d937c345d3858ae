"""Value types of `config.toml`: durations, sizes, rates, recurring times, addresses.

Each `parse_…` function takes the value in the file, and raises `InvalidValue`, which says what is expected.
"""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from email.utils import formataddr, getaddresses
from ipaddress import ip_network
from math import isinf
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError

from newsletter.config.email_addresses import fault
from newsletter.config.time_zones import known_time_zones, suggested_time_zone
from newsletter.messages import Message, Problem, configuration as messages

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
_SIZES = {"": 1, "B": 1, "KB": 1000, "MB": 1000**2, "KIB": 1024, "MIB": 1024**2}
LONGEST_SOURCE = 2_000
_PER = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400}


class InvalidValue(Problem, ValueError):
    """A value that can't be understood; as a ValueError, pydantic reports it with its key."""


@dataclass(frozen=True, slots=True)
class Rate:
    """A number of messages per time; a `count` of 0 means no limit."""

    count: int
    seconds: int

    @property
    def per_second(self) -> float:
        """Messages per second; 0.0 means no limit."""
        return self.count / self.seconds


@dataclass(frozen=True, slots=True)
class Moment:
    """A recurring local time: daily, weekly (`weekday`, Monday is 0) or monthly (`day`)."""

    at: time
    weekday: int | None = None
    day: int | None = None


@dataclass(frozen=True, slots=True)
class NamedAddress:
    """A name and an address (RFC 5322 3.4, `mailbox`); the domain is lower-cased, the local part kept."""

    name: str
    address: str

    @property
    def domain(self) -> str:
        """The part after the last `@`."""
        return self.address.rpartition("@")[2]

    def __str__(self) -> str:
        return formataddr((self.name, self.address)) if self.name else self.address


def nearest(word: str, words: list[str]) -> str | None:
    """Return the word that is most similar to `word`; None if none is similar."""
    close = get_close_matches(word, words, n=1, cutoff=0.6)
    return close[0] if close else None


def suggested(problem: Message, word: str, words: list[str]) -> Message:
    """Return the problem with a word, followed by the most similar of the right ones, if any is similar."""
    close = nearest(word, words)
    return messages.DID_YOU_MEAN(problem=problem, word=close) if close else problem


def source_address(value: str) -> str:
    """Return the address or folder of a source, which is no longer than addresses of the web are."""
    if len(value) > LONGEST_SOURCE:
        raise InvalidValue(messages.LONG_SOURCE(length=len(value), most=LONGEST_SOURCE))
    return value


def parse_duration(value: object) -> timedelta:
    """Parse a duration such as `30m`, `6h`, `30d`."""
    if isinstance(value, timedelta):
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)", value.strip()) if isinstance(value, str) else None
    if not match:
        raise InvalidValue(messages.DURATION(value=repr(value)))
    try:
        return timedelta(seconds=float(match[1]) * _UNITS[match[2]])
    except OverflowError as e:
        raise InvalidValue(messages.LONG_DURATION(value=repr(value))) from e


def parse_months(value: object) -> str:
    """Parse a time such as `24 months` or `2 years`, and return it in months; empty stays empty."""
    text = value.strip() if isinstance(value, str) else None
    if text == "":
        return ""
    match = re.fullmatch(r"(\d{1,3})\s*(month|year)s?", text, re.ASCII) if text else None
    months = int(match[1]) * (12 if match[2] == "year" else 1) if match else 0
    if not 6 <= months <= 120:
        raise InvalidValue(messages.MONTHS(value=repr(value)))
    return f"{months} months"


def parse_size(value: object) -> int:
    """Parse a size in bytes: a number, or text such as `100 KB` (1 KB is 1,000 bytes, 1 KiB 1,024)."""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([A-Za-z]*)", value.strip()) if isinstance(value, str) else None
    if not match or match[2].upper() not in _SIZES:
        raise InvalidValue(messages.SIZE(value=repr(value)))
    size = float(match[1]) * _SIZES[match[2].upper()]
    if isinf(size):
        raise InvalidValue(messages.LARGE_SIZE(value=repr(value)))
    return int(size)


def parse_rate(value: object) -> Rate:
    """Parse a rate: `0` (no limit), `20/s`, `300/m`, `5000/h`, `50000/d`; a bare number is per second."""
    if isinstance(value, Rate):
        return value
    text = str(value).replace(" ", "").replace("_", "") if isinstance(value, int | str) else ""
    match = re.fullmatch(r"(\d+)(?:/(s|m|min|h|d))?", text)
    if not match or isinstance(value, bool):
        raise InvalidValue(messages.RATE(value=repr(value)))
    return Rate(int(match[1]), _PER[match[2] or "s"])


def parse_moment(value: object) -> Moment:
    """Parse a recurring time: `fri 15:00` (weekly), `15:00` (daily), `1 15:00` (monthly, day 1 to 28)."""
    if isinstance(value, Moment):
        return value
    match = re.fullmatch(r"(?:(\S+)\s+)?(\d{1,2}):(\d{2})", value.strip().lower()) if isinstance(value, str) else None
    if not match or int(match[2]) > 23 or int(match[3]) > 59:
        raise InvalidValue(messages.MOMENT(value=repr(value)))
    at, on = time(int(match[2]), int(match[3])), match[1]
    if on is None:
        return Moment(at)
    if on.isdigit():
        if not 1 <= int(on) <= 28:
            raise InvalidValue(messages.DAY_OF_MONTH(value=repr(value)))
        return Moment(at, day=int(on))
    if on[:3] not in WEEKDAYS:
        raise InvalidValue(messages.WEEKDAY(value=repr(value), word=on, days=WEEKDAYS))
    return Moment(at, weekday=WEEKDAYS.index(on[:3]))


def parse_network(value: object) -> str:
    """Parse an IP address or network, such as `127.0.0.1` or `10.0.0.0/8`; host bits are cleared."""
    try:
        network = ip_network(value, strict=False) if isinstance(value, str) else None
    except ValueError:
        network = None
    if network is None:
        raise InvalidValue(messages.NETWORK(value=repr(value)))
    return str(network if network.num_addresses > 1 else network.network_address)


_PLAIN_ADDRESS = re.compile(
    r"(?=.{1,64}@)[A-Za-z0-9]+(?:[._+-][A-Za-z0-9]+)*@"
    r"(?:(?=[a-z0-9-]{1,30}\.)[a-z0-9]+(?:-[a-z0-9]+)*\.){1,4}(?!(?:arpa|invalid|local|localhost|onion)$)[a-z]{2,20}"
)
"""The form of most addresses, which need neither be normalized nor be validated further."""


def parse_address(value: object) -> str:
    """Validate an email address and normalize its domain."""
    if not isinstance(value, str):
        raise InvalidValue(messages.EMAIL(value=repr(value)))
    if _PLAIN_ADDRESS.fullmatch(value):
        return value
    # Imported here, because its expressions take 25 ms to compile.
    from email_validator import EmailNotValidError, validate_email

    try:
        address = validate_email(value.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as e:
        raise InvalidValue(messages.EMAIL_BECAUSE(value=repr(value), cause=fault(value))) from e
    return address.normalized


def parse_mailbox(value: object) -> NamedAddress:
    """Parse `Name <address>`, or an address alone."""
    if isinstance(value, NamedAddress):
        return value
    if not isinstance(value, str) or re.search(r"[\r\n\x00]", value):
        raise InvalidValue(messages.SENDER(value=repr(value)))
    mailboxes = getaddresses([value])
    # Newer versions of Python refuse some lists as a whole.
    refused = mailboxes == [("", "")] and value.count("@") > 1
    if (len(mailboxes) > 1 or refused) and re.search("[<,]", value):
        raise InvalidValue(messages.SEVERAL_SENDERS(value=repr(value)))
    name, address = mailboxes[0] if mailboxes else ("", "")
    if not address:
        raise InvalidValue(messages.SENDER(value=repr(value)))
    return NamedAddress(name, parse_address(address))


def parse_timezone(value: object) -> str:
    """Validate a name of the IANA time zone database."""
    if isinstance(value, str) and value in known_time_zones():
        return value
    meant = suggested_time_zone(value) if isinstance(value, str) else None
    if meant is None:
        raise InvalidValue(messages.NO_TIME_ZONE(value=repr(value)))
    raise InvalidValue(messages.DID_YOU_MEAN(problem=messages.TIME_ZONE(value=repr(value)), word=meant))


def parse_language(value: object) -> str:
    """Validate a language tag (BCP 47) that CLDR knows, such as `nb` or `pt-BR`."""
    try:
        Locale.parse(str(value), sep="-")
    except (ValueError, UnknownLocaleError) as e:
        raise InvalidValue(messages.LANGUAGE(value=repr(value))) from e
    return str(value)


def parse_colour(value: object) -> str:
    """Parse a colour, `#rrggbb` or `#rgb`, also without its sign, and return it as `#rrggbb`."""
    match = re.fullmatch(r"#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})", value.strip()) if isinstance(value, str) else None
    if not match:
        raise InvalidValue(messages.COLOUR(value=repr(value)))
    digits = match[1].lower()
    return "#" + ("".join(c * 2 for c in digits) if len(digits) == 3 else digits)


def next_moment(moment: Moment, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first occurrence of a recurring local time after `after`, in UTC.

    A time that clocks skip in spring is moved forward by as much; one that they repeat in autumn occurs the first time.
    """
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        if _falls_on(moment, day):
            at = datetime.combine(day, moment.at, zone).astimezone(UTC)
            if at > after:
                return at
        day += timedelta(days=1)


def _falls_on(moment: Moment, day: date) -> bool:
    if moment.weekday is not None:
        return day.weekday() == moment.weekday
    return moment.day is None or day.day == moment.day
