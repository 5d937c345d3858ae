"""A language as CLDR and a catalogue of translations have it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from babel.dates import format_skeleton
from babel.lists import format_list
from babel.numbers import format_decimal

NORDIC_TIMES = ("nb", "nn", "no", "da")
"""Languages in which a time follows `kl.`, with a period between hours and minutes (Språkrådet, Dansk Sprognævn)."""


_ZEROS = {
    "as": "০", "bn": "০", "ckb": "٠", "fa": "۰", "mr": "०", "my": "၀", "ne": "०", "ps": "۰", "sd": "٠",
}  # fmt: skip
"""The digit 0 of languages whose default digits in CLDR are other ones; Arabic on the web has both."""


def in_own_digits(text: str, language: str) -> str:
    """Return a text with the digits that CLDR has for a language, which most don't have."""
    zero = _ZEROS.get(language.partition("-")[0])
    return text.translate({ord("0") + digit: ord(zero) + digit for digit in range(10)}) if zero else text


def time_of_day(at: datetime, locale: str) -> str:
    """Return `18:00`, or `18.00` where the language writes it so; `02:30 CEST` if it occurs twice that day."""
    text = f"{at:%H.%M}" if locale[:2] in NORDIC_TIMES else f"{at:%H:%M}"
    return text if at.replace(fold=1 - at.fold).utcoffset() == at.utcoffset() else f"{text} {at:%Z}"


def with_time(day: str, time: str, locale: str) -> str:
    """Return `6 Feb, 18:00`, or `6. feb. kl. 18.00` where the language writes it so."""
    return f"{day} kl. {time}" if locale[:2] in NORDIC_TIMES else f"{day}, {time}"


@dataclass(frozen=True, slots=True)
class Localized:
    """Sentences by the functions `gettext` and `ngettext`; numbers, times and lists by the locale's rules."""

    locale: str
    gettext: Callable[[str], str]
    ngettext: Callable[[str, str, float], str]
    zone: tzinfo = UTC

    def number(self, value: float) -> str:
        """Return the number with its thousands apart."""
        return format_decimal(value, locale=self.locale)

    def instant(self, at: datetime) -> str:
        """Return `6 Feb 2026, 18:00` in the locale's order, in Norwegian `6. feb. 2026 kl. 18.00`."""
        local = at.astimezone(self.zone)
        day = format_skeleton("yMMMd", local, locale="en_GB" if self.locale == "en" else self.locale)
        return with_time(day, time_of_day(local, self.locale), self.locale)

    def listing(self, items: Sequence[str]) -> str:
        """Return the items in the locale's form of a list."""
        return format_list(list(items), locale=self.locale)
