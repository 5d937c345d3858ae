"""Dates as tools export them and as people type them into spreadsheets.

No date is guessed: a consent with a guessed date would be a wrong record.
"""

import re
import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

from newsletter.messages import Problem, subscriptions as messages
from subscribers.importing import vocabulary

DateOrder = Literal["", "day", "month"]
"""Whether the day or the month comes first in a date such as 01/02/2025; "" if unknown."""

EARLIEST = datetime(1970, 1, 2, tzinfo=UTC)
_TIME = (
    r"(?:,?[ T]{1,2}(?:kl\.? ?|um |à |at )?(?P<hour>\d{1,2})[:.](?P<minute>\d{2})(?:[:.](?P<seconds>\d{2}))?"
    r"(?: ?(?P<half>[AaPp][Mm])| Uhr)?)?"
)
_PARTS = re.compile(r"(?P<first>\d{1,2})(?P<mark>[./-])\s?(?P<second>\d{1,2})(?P=mark)\s?(?P<year>\d{4})" + _TIME)
_YEAR_FIRST = re.compile(r"(?P<year>\d{4})(?P<mark>[./-])(?P<month>\d{1,2})(?P=mark)(?P<day>\d{1,2})" + _TIME)
_IN_WORDS = re.compile(r"(?P<date>.*?\d{4})" + _TIME)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:$|[ T]\d{2}:)")
_OFFSET = re.compile(r" ([+-]\d{4})(?: (?:[A-Z]{3,5}|[+-]\d{4}))?$")
"""An offset behind a space, maybe with the name of its zone, as programs in Go write it: `+0000 UTC`."""
_WORDS_OF_DATES = re.compile(r"\d+|[^\W\d_]+")
_LONGEST = 64
_FEWEST_DIGITS = 3
"""The digits of `1 Jan 25`; with fewer, the text may be a yes or a no."""
_NO_YEAR = re.compile(r"(?<!\d)0\d{3}(?!\d)")
_OF_TIMES = frozenset(("am", "pm", "utc", "gmt", "kl", "um", "uhr"))


class BadDate(Problem):
    """The text is not an unambiguous date. It may say that something never was: "no", 0000-00-00, 1970-01-01."""


class UnreadableDate(BadDate):
    """The text is a date, but which one can't be read, or can be read in two ways."""


def moment(cell: str, order: DateOrder = "", *, future: bool = False, past: bool = False) -> datetime | None:
    """Parse a date or time: ISO 8601, `31.12.2025`, with `/` or `-` if day and month can be distinguished, or with the
    name of the month in one of the languages that we know, such as `31. desember 2025`.

    UTC without an offset; None for an empty cell. Raises UnreadableDate, or BadDate for other texts and for a date
    before 1970, unless `past`, or after tomorrow, unless `future`.
    """
    text = cell.strip()
    if not text:
        return None
    excerpt = text[:40]
    try:
        moment = None if _ISO.match(text) else _parts(text, order, excerpt) or _year_first(text) or _in_words(text)
        moment = moment or datetime.fromisoformat(_OFFSET.sub(r"\1", text).replace(" UTC", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        if not past and moment.year <= EARLIEST.year and moment.astimezone(UTC) < EARLIEST:
            raise BadDate(messages.EARLY_DATE(text=excerpt))
        if not future and moment > _tomorrow(int(time.time())):
            raise BadDate(messages.FUTURE_DATE(text=excerpt))
    except (ValueError, OverflowError):
        kind = UnreadableDate if _is_like_a_date(text) else BadDate
        raise kind(messages.NOT_A_DATE(text=excerpt)) from None
    return moment


def _is_like_a_date(text: str) -> bool:
    """Return whether a text has digits as a date has, no year such as 0000 or 0001, and no words but those of dates."""
    parts = [vocabulary.folded(part) for part in _WORDS_OF_DATES.findall(text[:_LONGEST])]
    words = {part for part in parts if not part.isdecimal() and len(part) > 1} - _OF_TIMES
    return (
        len(text) <= _LONGEST
        and sum(map(str.isdecimal, text)) >= _FEWEST_DIGITS
        and not _NO_YEAR.search(text)
        and words <= vocabulary.months().keys() | vocabulary.weekdays() | vocabulary.FILLERS
    )


@lru_cache(maxsize=1)
def _tomorrow(now: int) -> datetime:
    """Return the time in a day; cached, since files have many dates."""
    return datetime.fromtimestamp(now, UTC) + timedelta(days=1)


def _parts(text: str, order: DateOrder, excerpt: str) -> datetime | None:
    """Parse a numeric date with the year last; return None if it is not one."""
    match = _PARTS.fullmatch(text)
    if match is None:
        return None
    first, second = int(match["first"]), int(match["second"])
    if match["mark"] == ".":
        order = "day"
    if not order and first != second and max(first, second) <= 12:
        raise UnreadableDate(messages.AMBIGUOUS_DATE(text=excerpt))
    if not order:
        order = "day" if first > 12 else "month"
    day, month = (first, second) if order == "day" else (second, first)
    return _at(match, int(match["year"]), month, day)


def _year_first(text: str) -> datetime | None:
    """Parse `2025/12/31`, `2025.12.31` and `2025-1-2`; return None for any other text."""
    match = _YEAR_FIRST.fullmatch(text)
    return _at(match, int(match["year"]), int(match["month"]), int(match["day"])) if match else None


def _in_words(text: str) -> datetime | None:
    """Parse a date with the name of its month, which may have the weekday in front; return None if it is not one."""
    match = _IN_WORDS.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None:
        return None
    parts = [vocabulary.folded(part) for part in _WORDS_OF_DATES.findall(match["date"])]
    month_numbers = [number for part in parts if (number := vocabulary.months().get(part))]
    numbers = [part for part in parts if part.isdecimal()]
    words = {part for part in parts if not part.isdecimal() and part not in vocabulary.months()}
    if (
        len(month_numbers) != 1
        or len(numbers) != 2
        or len(numbers[0]) > 2
        or words - vocabulary.weekdays() - vocabulary.FILLERS
    ):
        return None
    return _at(match, int(numbers[1]), month_numbers[0], int(numbers[0]))


def _at(match: re.Match[str], year: int, month: int, day: int) -> datetime:
    """Return the day with the time that was matched."""
    minute, seconds = int(match["minute"] or 0), int(match["seconds"] or 0)
    return datetime(year, month, day, _hour(match), minute, seconds, tzinfo=UTC)


def _hour(match: re.Match[str]) -> int:
    hour, half = int(match["hour"] or 0), (match["half"] or "").lower()
    if not half:
        return hour
    if not 1 <= hour <= 12:
        raise ValueError("no hour of a half day")
    return hour % 12 + (12 if half == "pm" else 0)
