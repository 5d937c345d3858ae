"""Dates, times and writing direction, as a language has them (CLDR through Babel, never strftime)."""

from datetime import date, datetime, timedelta
from functools import lru_cache
from unicodedata import bidirectional
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_time


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """The CLDR locale of a BCP 47 tag; its base language where the whole tag is unknown, else English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


def direction(language: str) -> str:
    """The writing direction of a language, "ltr" or "rtl"; "ltr" where it is unknown."""
    return locale_of(language).text_direction if language else "ltr"


def direction_of_text(text: str) -> str:
    """The direction of a text's first strong character (as `dir="auto"` would find it)."""
    for character in text:
        kind = bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return "ltr"


def day_heading(day: date, language: str) -> str:
    """A day in full: "fredag 6. februar 2026"."""
    return format_date(day, "full", locale=locale_of(language))


def last_day(until: datetime, zone: ZoneInfo) -> date:
    """The local day that holds the instant before `until` (windows are half-open)."""
    return (until - timedelta(microseconds=1)).astimezone(zone).date()


def date_range(since: datetime, until: datetime, zone: ZoneInfo, language: str) -> str:
    """The days of a window: "30. jan.–6. feb. 2026", or one day in full."""
    first, last = since.astimezone(zone).date(), last_day(until, zone)
    if first >= last:
        return day_heading(last, language)
    return format_interval(first, last, "yMMMMd", locale=locale_of(language))


def short_date(day: date, language: str) -> str:
    """A day without its weekday: "6. februar 2026"."""
    return format_date(day, "long", locale=locale_of(language))


def month_name(day: date, language: str) -> str:
    """A month by its name: "februar"."""
    # Not the stand-alone form "LLLL": Babel 2.18 gives one language's month to the next that only borrows it.
    return format_date(day, "MMMM", locale=locale_of(language))


def clock(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """The local time of day: "18:40"."""
    return format_time(moment.astimezone(zone), "short", tzinfo=zone, locale=locale_of(language))
