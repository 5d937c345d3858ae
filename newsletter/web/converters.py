"""Numbers and periods in addresses, `<number:…>` and `<period:…>` in Django's URL patterns; numbers in forms."""

from django.urls import register_converter
from django.urls.converters import IntConverter, StringConverter, get_converters

LONGEST = 18
"""Digits: every such number fits into a 64-bit column. int() refuses 4,301 digits, and SQLite what is over 2^63."""


def whole_number(text: str) -> int | None:
    """Return the number that the text holds; None if it holds none, or one that no column can hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None


class NumberConverter(IntConverter):
    """The number of a row."""

    regex = rf"[0-9]{{1,{LONGEST}}}"


class PeriodConverter(StringConverter):
    """`2026-W06`, `2026-02-06` or `2026-02`, with a cadence, `letter-` or `issue-` before it, or `welcome-1`; `.2`
    for a second one.
    """

    _WEEK, _MONTH, _DAY = "[0-9]{4}-W[0-9]{2}", "[0-9]{4}-[0-9]{2}", "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    _PLAIN = f"{_WEEK}|{_DAY}|{_MONTH}"
    _NAMED = f"(?:letter|issue|post|day)-{_DAY}|week-{_WEEK}|month-{_MONTH}"
    regex = rf"(?:{_PLAIN}|{_NAMED}|welcome-[0-9]{{1,5}})(?:\.[0-9]{{1,4}})?"


def register() -> None:
    """Make `<number:…>` and `<period:…>` known to Django's URL patterns; may be called again."""
    for name, converter in (("number", NumberConverter), ("period", PeriodConverter)):
        if name not in get_converters():
            register_converter(converter, name)
