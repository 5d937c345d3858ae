"""What the period of an edition may look like in an address; importing this makes `<period:…>` known."""

from django.urls import register_converter


class Period:
    """`2026-W06`, `2026-02-06` or `2026-02`, and `.2` for a second one."""

    regex = r"\d{4}-(?:W\d{2}|\d{2}(?:-\d{2})?)(?:\.\d{1,4})?"

    def to_python(self, value: str) -> str:
        """As it stands."""
        return value

    def to_url(self, value: str) -> str:
        """As it stands."""
        return value


register_converter(Period, "period")
