"""The path converter `<period:…>`, for the period of an edition."""

from django.urls import register_converter
from django.urls.converters import get_converters


class PeriodConverter:
    """`2026-W06`, `2026-02-06` or `2026-02`, with a cadence, `letter-` or `issue-` before it, or `welcome-1`; `.2`
    for a second one.
    """

    _WEEK, _MONTH, _DAY = "[0-9]{4}-W[0-9]{2}", "[0-9]{4}-[0-9]{2}", "[0-9]{4}-[0-9]{2}-[0-9]{2}"
    _PLAIN = f"{_WEEK}|{_DAY}|{_MONTH}"
    _NAMED = f"(?:letter|issue|post|day)-{_DAY}|week-{_WEEK}|month-{_MONTH}"
    regex = rf"(?:{_PLAIN}|{_NAMED}|welcome-[0-9]{{1,5}})(?:\.[0-9]{{1,4}})?"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


def register() -> None:
    """Make `<period:…>` known to Django's URL patterns; may be called again."""
    if "period" not in get_converters():
        register_converter(PeriodConverter, "period")
