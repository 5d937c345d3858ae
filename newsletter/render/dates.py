"""Dates, times, weeks and writing direction for a language (CLDR through Babel, never strftime)."""

import re
from datetime import date, datetime, timedelta, tzinfo
from functools import lru_cache
from unicodedata import bidirectional
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_interval, format_skeleton, format_time

from newsletter.messages.localized import NORDIC_TIMES, in_own_digits, time_of_day
from newsletter.render.words import number, translation_of, words

_ENGLISH_HALF = re.compile(r"\b[AP](?:M\b|\b(?!\.))", re.IGNORECASE)
"""In Spanish, "a. m." and "p. m." are right."""
_THAI_YEAR = re.compile(r"(?:ค\.ศ\. )?(\d{4})")
_BUDDHIST_ERA = 543
"""Years by which the calendar of Thailand is ahead."""
# How a week is named by its number where the number doesn't follow the word.
_NUMBERED_WEEKS = {
    "ur": "{week} ہفتہ",
    "bn": "{week}তম সপ্তাহ",
    "mr": "{week} वा आठवडा",
    "ta": "{week}-ஆம் வாரம்",
    "cs": "{week}. týden",
    "et": "{week}. nädal",
    "fa": "هفتهٔ {week}م",
    "ga": "seachtain a {week}",
    "gl": "{week}.ª semana",
    "hr": "{week}. tjedan",
    "hu": "{week}. hét",
    "id": "minggu ke-{week}",
    "ja": "第{week}週",
    "ko": "{week}번째 주",
    "lt": "{week} savaitė",
    "lv": "{week}. nedēļa",
    "pt": "{week}ª semana",
    "pt-br": "{week}ª semana",
    "ru": "{week}-я неделя",
    "sk": "{week}. týždeň",
    "sl": "{week}. teden",
    "th": "สัปดาห์ที่ {week}",
    "tr": "{week}. hafta",
    "uk": "{week}-й тиждень",
    "zh-hans": "第{week}周",
    "zh-hant": "第{week}週",
}


@lru_cache(maxsize=64)
def locale_of(language: str) -> Locale:
    """Return the CLDR locale of a BCP 47 tag; its base language if the whole tag is unknown, otherwise English."""
    for tag in (language, language.partition("-")[0]):
        try:
            return Locale.parse(tag, sep="-")
        except (ValueError, UnknownLocaleError):
            continue
    return Locale("en")


@lru_cache(maxsize=64)
def direction(language: str) -> str:
    """Return the writing direction of a language, "ltr" or "rtl"; "ltr" if it is unknown."""
    return locale_of(language).text_direction if language else "ltr"


def direction_of_text(text: str, otherwise: str = "ltr") -> str:
    """Return the direction of a text's first strong character, like `dir="auto"`; `otherwise` if it has none."""
    for character in text:
        kind = bidirectional(character)
        if kind in ("L", "R", "AL"):
            return "ltr" if kind == "L" else "rtl"
    return otherwise


def day_heading(day: date, language: str) -> str:
    """Return a day in full: "fredag 6. februar 2026"."""
    return _as_written(format_date(day, "full", locale=locale_of(language)), language)


def _as_written(text: str, language: str) -> str:
    """Return a date of CLDR's with the digits of its language, and a year in Thai as of the Buddhist era."""
    if locale_of(language).language == "th":
        text = _THAI_YEAR.sub(lambda year: str(int(year[1]) + _BUDDHIST_ERA), text)
    return in_own_digits(text, language)


def last_day(until: datetime, zone: tzinfo) -> date:
    """Return the local day before `until`, which is the end of a half-open window."""
    return (until - timedelta(microseconds=1)).astimezone(zone).date()


@lru_cache(maxsize=1024)
def date_range(since: datetime, until: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the days of a window: "30. jan.–6. feb. 2026", or one day in full."""
    first, last = since.astimezone(zone).date(), last_day(until, zone)
    if first >= last:
        return day_heading(last, language)
    return _as_written(format_interval(first, last, "yMMMMd", locale=locale_of(language)), language)


def long_range(first: date, last: date, language: str) -> str:
    """Return two days as a range with the month in full: "2.–8. februar 2026"; plain "en" is written day first."""
    locale = locale_of("en-GB" if language == "en" else language)
    if first == last:
        return _as_written(format_date(last, "long", locale=locale), language)
    changing = "y" if first.year != last.year else "M" if first.month != last.month else "d"
    # Most languages have intervals for the abbreviated month only; the longer field takes its place (UTS 35).
    patterns = locale.interval_formats.get("yMMMMd") or locale.interval_formats["yMMMd"]
    begin, end = (re.sub(r"M{3,}", "MMMM", pattern) for pattern in patterns[changing])
    return _as_written(format_date(first, begin, locale=locale) + format_date(last, end, locale=locale), language)


def month_of_year(day: date, language: str) -> str:
    """Return a month with its year: "februar 2026"."""
    return _as_written(format_skeleton("yMMMM", day, locale=locale_of(language)), language)


@lru_cache(maxsize=1024)
def short_date(day: date, language: str) -> str:
    """Return a day without its weekday: "6. februar 2026"."""
    return _as_written(format_date(day, "long", locale=locale_of(language)), language)


@lru_cache(maxsize=1024)
def day_of_month(day: date, language: str) -> str:
    """Return a day without weekday and year: "6. februar"."""
    return _as_written(format_skeleton("MMMMd", day, locale=locale_of(language)), language)


def month_name(day: date, language: str) -> str:
    """Return the name of a month: "februar"."""
    # Not the stand-alone form "LLLL": Babel 2.18 gives one language's month to the next that only borrows it.
    return format_date(day, "MMMM", locale=locale_of(language))


@lru_cache(maxsize=1024)
def clock(moment: datetime, zone: ZoneInfo, language: str) -> str:
    """Return the local time of day: "18:40", in Norwegian "18.40".

    Where CLDR has "AM" and "PM", or "a" and "p", for another language than English, they are written out or there are
    24 hours.
    """
    locale = locale_of(language)
    local = moment.astimezone(zone)
    if locale.language in NORDIC_TIMES:
        return time_of_day(local, locale.language)
    pattern = locale.time_formats["short"].pattern
    for form in (pattern, pattern.replace("a", "aaaa"), "HH:mm"):
        text = format_time(local, form, tzinfo=zone, locale=locale)
        if locale.language == "en" or not _ENGLISH_HALF.search(text):
            break
    return in_own_digits(text, language)


def week_name(week: int, language: str) -> str:
    """Return the name of a week of the year: "uke 6", "6. týden"."""
    usual = words(language)["week"] + " {week}"
    return _NUMBERED_WEEKS.get(translation_of(language), usual).format(week=number(week, language))
