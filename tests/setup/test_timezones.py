"""The time zone of a blog, from its language and the UTC offsets of its posts."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from newsletter.setup.blog_profile import guess_timezone

WINTER = datetime(2026, 2, 6, 12, tzinfo=UTC)
SUMMER = datetime(2025, 7, 6, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "language"),
    [
        ("Europe/Oslo", "nb"),
        ("Europe/Berlin", "de"),
        ("America/New_York", "en"),
        ("Asia/Tokyo", "ja"),
        ("Asia/Shanghai", "zh-Hans"),
        ("America/Bogota", "es"),
        ("Asia/Riyadh", "ar"),
        ("Europe/Madrid", "es"),
        ("America/Sao_Paulo", "pt"),
        ("Europe/Lisbon", "pt-PT"),
        ("America/Toronto", "en-CA"),
        ("Australia/Sydney", "en-AU"),
    ],
)
def test_the_zone_is_found_from_the_offsets_and_the_language(zone: str, language: str) -> None:
    assert guess_timezone([t.astimezone(ZoneInfo(zone)) for t in (WINTER, SUMMER)], language) == zone


def test_the_machines_zone_comes_first_where_it_fits() -> None:
    times = [WINTER.astimezone(ZoneInfo("Europe/Oslo"))]
    assert guess_timezone(times, "de", "Europe/Zurich") == "Europe/Zurich"
    assert guess_timezone(times, "de", "Asia/Tokyo") == "Europe/Berlin"


def test_another_languages_zone_is_found_where_its_own_do_not_fit() -> None:
    found = guess_timezone([t.astimezone(ZoneInfo("Asia/Kolkata")) for t in (WINTER, SUMMER)], "nb")
    assert datetime(2026, 2, 6, tzinfo=ZoneInfo(found)).utcoffset() == timedelta(hours=5, minutes=30)


def test_dates_in_utc_or_without_an_offset_say_nothing() -> None:
    assert guess_timezone([WINTER, SUMMER], "nb", "Europe/Oslo") == ""
    assert guess_timezone([WINTER.replace(tzinfo=None)], "nb") == ""
    assert guess_timezone([], "nb") == ""


def test_an_unknown_language_is_no_error() -> None:
    assert guess_timezone([WINTER.astimezone(ZoneInfo("Europe/Oslo"))], "xx") != ""
