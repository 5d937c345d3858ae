"""Dates as each language writes them."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from newsletter.render.dates import (
    clock,
    date_range,
    day_heading,
    direction,
    direction_of_text,
    last_day,
    long_range,
    month_name,
)

OSLO = ZoneInfo("Europe/Oslo")


@pytest.mark.parametrize(
    ("language", "heading"),
    [
        ("nb", "fredag 6. februar 2026"),
        ("no", "fredag 6. februar 2026"),
        ("nn", "fredag 6. februar 2026"),
        ("en", "Friday, February 6, 2026"),
        ("en-GB", "Friday, 6 February 2026"),
        ("sv", "fredag 6 februari 2026"),
        ("da", "fredag den 6. februar 2026"),
        ("de", "Freitag, 6. Februar 2026"),
        ("fr", "vendredi 6 février 2026"),
        ("es", "viernes, 6 de febrero de 2026"),
        ("ar", "الجمعة، 6 فبراير 2026"),
        ("ja", "2026年2月6日金曜日"),
        ("tlh", "Friday, February 6, 2026"),
        ("fa", "جمعه ۶ فوریهٔ ۲۰۲۶"),
        ("mr", "शुक्रवार, ६ फेब्रुवारी, २०२६"),
        ("th", "วันศุกร์ที่ 6 กุมภาพันธ์ 2569"),
    ],
)
def test_day_heading(language: str, heading: str) -> None:
    assert day_heading(date(2026, 2, 6), language) == heading


def test_range_ends_with_the_day_before_a_midnight() -> None:
    since, until = datetime(2026, 2, 2, tzinfo=OSLO), datetime(2026, 2, 9, tzinfo=OSLO)
    assert date_range(since, until, OSLO, "en-GB") == "2–8 Feb 2026"


def test_range_of_one_day_is_that_day_in_full() -> None:
    since, until = datetime(2026, 2, 6, tzinfo=OSLO), datetime(2026, 2, 7, tzinfo=OSLO)
    assert date_range(since, until, OSLO, "nb") == "fredag 6. februar 2026"


def test_last_day_is_local() -> None:
    assert last_day(datetime(2026, 3, 28, 23, 30, tzinfo=UTC), OSLO) == date(2026, 3, 29)


def test_clock_is_local_on_both_sides_of_summer_time() -> None:
    assert clock(datetime(2026, 3, 29, 0, 30, tzinfo=UTC), OSLO, "nb") == "01.30"
    assert clock(datetime(2026, 3, 29, 1, 30, tzinfo=UTC), OSLO, "nb") == "03.30"


def test_clock_has_the_halves_of_the_day_that_spanish_has() -> None:
    moment = datetime(2026, 2, 6, 17, 40, tzinfo=UTC)
    assert [" ".join(clock(moment, OSLO, language).split()) for language in ("es-MX", "es-AR")] == [
        "6:40 p.m.",
        "6:40 p. m.",
    ]


def test_clock_has_no_half_of_the_day_in_english_letters_elsewhere() -> None:
    moment = datetime(2026, 2, 6, 15, 30, tzinfo=UTC)
    times = {language: clock(moment, OSLO, language) for language in ("en-US", "ur", "km", "mr", "fa", "ar")}
    assert times["en-US"].split() == ["4:30", "PM"]
    assert (times["ur"], times["km"], times["mr"], times["fa"]) == ("16:30", "16:30", "१६:३०", "۱۶:۳۰")
    assert times["ar"].split() == ["4:30", "م"]


def test_month_does_not_leak_from_one_language_to_the_next() -> None:
    assert [month_name(date(2026, 2, 6), language) for language in ("he", "ja", "nb")] == ["פברואר", "2月", "februar"]


def test_direction() -> None:
    assert [direction(language) for language in ("ar", "he", "fa-IR", "nb", "")] == ["rtl", "rtl", "rtl", "ltr", "ltr"]
    assert direction_of_text('"(שלום) hello') == "rtl"
    assert direction_of_text("123 …") == "ltr"


@pytest.mark.parametrize(
    ("language", "first", "last", "expected"),
    [
        ("en", (2026, 2, 2), (2026, 2, 8), "2–8 February 2026"),
        ("en-US", (2026, 2, 2), (2026, 2, 8), "February 2 – 8, 2026"),
        ("en", (2026, 1, 26), (2026, 2, 1), "26 January – 1 February 2026"),
        ("en", (2025, 12, 29), (2026, 1, 4), "29 December 2025 – 4 January 2026"),
        ("nb", (2026, 2, 2), (2026, 2, 8), "2.–8. februar 2026"),
        ("nn", (2026, 1, 26), (2026, 2, 1), "26. januar–1. februar 2026"),
        ("de", (2026, 2, 2), (2026, 2, 8), "2.–8. Februar 2026"),
        ("fr", (2026, 2, 2), (2026, 2, 8), "2–8 février 2026"),
        ("es", (2026, 2, 2), (2026, 2, 8), "2–8 de febrero de 2026"),
        ("nb", (2026, 2, 6), (2026, 2, 6), "6. februar 2026"),
    ],
)
def test_long_range(language: str, first: tuple[int, int, int], last: tuple[int, int, int], expected: str) -> None:
    assert " ".join(long_range(date(*first), date(*last), language).split()) == expected
