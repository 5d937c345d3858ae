"""Whole numbers in addresses and forms; `<number:…>` in Django's URL patterns."""

from django.urls import register_converter
from django.urls.converters import get_converters

LONGEST = 18
"""Digits: every such number fits into a 64-bit column. int() refuses 4,301 digits, and SQLite what is over 2^63."""


def whole_number(text: str) -> int | None:
    """Return the number that the text holds; None if it holds none, or one that no column can hold."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= LONGEST else None


class Number:
    """The number of a row."""

    regex = rf"[0-9]{{1,{LONGEST}}}"

    def to_python(self, value: str) -> int:
        """Return the number."""
        return int(value)

    def to_url(self, value: int) -> str:
        """Return its digits."""
        return str(value)


def register() -> None:
    """Make `<number:…>` known to Django's URL patterns; may be called again."""
    if "number" not in get_converters():
        register_converter(Number, "number")
