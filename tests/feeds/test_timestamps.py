"""Dates as feeds write them."""

from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime
from itertools import product

import pytest
from babel import Locale
from hypothesis import given, settings, strategies as st

from newsletter.feeds.timestamps import MONTHS, parse_date

offsets = st.integers(-14 * 4, 14 * 4).map(lambda quarters: timezone(timedelta(minutes=15 * quarters)))
first, last = datetime(1970, 1, 3), datetime(2099, 12, 31)
moments = st.datetimes(first, last, timezones=offsets).map(lambda t: t.replace(microsecond=0))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-06T18:40:00+01:00", "2026-02-06T18:40:00+01:00"),
        ("2026-02-06T18:40:00.125Z", "2026-02-06T18:40:00.125000+00:00"),
        ("2026-02-06 18:40", "2026-02-06T18:40:00+00:00"),
        ("20260206T184000Z", "2026-02-06T18:40:00+00:00"),
        ("2026-02-06", "2026-02-06T00:00:00+00:00"),
        ("2026-02", "2026-02-01T00:00:00+00:00"),
        ("2026-02-06T24:00:00Z", "2026-02-07T00:00:00+00:00"),
        ("Fri, 06 Feb 2026 18:40:00 +0100", "2026-02-06T18:40:00+01:00"),
        ("Fri,6 Feb 26 18:40 GMT", "2026-02-06T18:40:00+00:00"),
        ("Fri, 06 Feb 2026 18:40:00 EST", "2026-02-06T18:40:00-05:00"),
        ("Fri, 06 Feb 2026 18:40:00 -0000", "2026-02-06T18:40:00+00:00"),
        ("Fri, 06 Feb 2026 18:40:00 GMT+2", "2026-02-06T18:40:00+02:00"),
        ("Fri, 06 Feb 2026 18:40:00 ABC", "2026-02-06T18:40:00+00:00"),
        ("Wed, 31 Dec 2025 23:59:60 GMT", "2025-12-31T23:59:59+00:00"),
        ("Seg, 24 Set 2018 19:42:40 -0300", "2018-09-24T19:42:40-03:00"),
        ("vendredi 6 février 2026 18:40", "2026-02-06T18:40:00+00:00"),
        ("6 de fevereiro de 2026", "2026-02-06T00:00:00+00:00"),
        ("Вт, 06 фев 2026 10:00:00 +0300", "2026-02-06T10:00:00+03:00"),
        ("Fri Feb  6 18:40:00 2026", "2026-02-06T18:40:00+00:00"),
        ("February 6, 2026 6:40 pm", "2026-02-06T18:40:00+00:00"),
        ("Friday, February 6, 2026 - 18:40", "2026-02-06T18:40:00+00:00"),  # as Drupal writes times
        ("6 février 2026 à 18:40", "2026-02-06T18:40:00+00:00"),
        ("6. února 2026", "2026-02-06T00:00:00+00:00"),
        ("6 Feb 2026 12:05 AM", "2026-02-06T00:05:00+00:00"),
        ("06.02.2026 18:40", "2026-02-06T18:40:00+00:00"),
        ("6. 2. 2026, 18:40 CET", "2026-02-06T18:40:00+01:00"),
        ("Fri, 06 Feb 2026 18:40:00 +0100 (CET)", "2026-02-06T18:40:00+01:00"),
        ("Fri Feb 06 2026 18:40:00 GMT+0100 (Central European Standard Time)", "2026-02-06T18:40:00+01:00"),
        ("2026-02-06 18:40:00 +0100 CET", "2026-02-06T18:40:00+01:00"),  # as Go writes times
        ("2026-02-06 18:40:00 -0500 -0500", "2026-02-06T18:40:00-05:00"),
        ("2026年2月6日 18:40", "2026-02-06T18:40:00+00:00"),
        ("1770399600", "2026-02-06T17:40:00+00:00"),
        ("1770399600000", "2026-02-06T17:40:00+00:00"),
    ],
)
def test_each_form_gives_its_instant_with_its_own_offset(text: str, expected: str) -> None:
    found = parse_date(text)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "text",
    ["", "soon", "2026-02-30", "31 Feb 2026", "2026-13-01", "0000-01-01", "2026-02-06T25:00Z", "9999-12-31T24:00Z",
     "6 Blursday 2026", "February 2026", "Winter 2026", "2026-02-06T10:61Z", "2026-02-06T10:00+99:00", "06/02/2026",
     "0001-01-01T00:00:00", "1970-01-01T01:00:00+01:00",
     "Thu, 01 Jan 1970 00:00:00 GMT", "9998-01-01", "0", "123"],
)  # fmt: skip
def test_an_invalid_date_is_none(text: str) -> None:
    assert parse_date(text) is None


@settings(deadline=None)
@given(moments)
def test_rfc_3339_comes_back(moment: datetime) -> None:
    found = parse_date(moment.isoformat())
    assert found == moment
    assert found is not None
    assert found.utcoffset() == moment.utcoffset()


@settings(deadline=None)
@given(moments)
def test_rfc_822_comes_back(moment: datetime) -> None:
    found = parse_date(format_datetime(moment))
    assert found == moment
    assert found is not None
    assert found.utcoffset() == moment.utcoffset()


@settings(deadline=None)
@given(st.text() | st.from_regex(r"[0-9A-Za-z:+., -]{0,40}", fullmatch=True))
def test_no_text_makes_it_raise_and_every_date_is_aware(text: str) -> None:
    found = parse_date(text)
    assert found is None or found.tzinfo is not None


def test_utc_is_utc() -> None:
    found = parse_date("2026-02-06T10:00:00Z")
    assert found is not None
    assert found.tzinfo is UTC


def test_the_names_of_months_are_those_of_the_cldr() -> None:
    names: dict[str, int] = {}
    languages = "en pt es fr de it nl da nb sv fi pl ru tr id af ca cs uk el hu"  # the first that has a word
    for language in languages.split():
        months = Locale.parse(language).months
        for style, width in product(("format", "stand-alone"), ("abbreviated", "wide")):
            for number, name in months[style][width].items():
                names.setdefault(str(name).rstrip(".").casefold(), int(number))
    for name, number in tuple(names.items()):
        names.setdefault(name[:3], number)
    assert {name: number for name, number in names.items() if name.isalpha() and len(name) > 2} == MONTHS
