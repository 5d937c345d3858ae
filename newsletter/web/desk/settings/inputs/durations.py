"""A length of time as a number and a unit. The value is text as in config.toml, such as `30m` or `24 months`."""

import re
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.settings.fields import Kind, Words
from newsletter.web.desk.settings.inputs.text_in_parts import TextInPartsField, TextInPartsWidget

_WRITTEN = re.compile(r"\s*(\d+(?:\.\d+)?)(\s*)([a-z]+)\s*", re.ASCII)
_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_MONTH, _YEAR = "month", "year"
_UNITS: dict[Kind, dict[str, Words]] = {
    Kind.DURATION: {"s": _("seconds"), "m": _("minutes"), "h": _("hours"), "d": _("days"), "w": _("weeks")},
    Kind.MONTHS: {_MONTH: _("months"), _YEAR: _("years")},
}
_RARE: dict[str, Words] = {"ms": _("milliseconds")}
"""Units that can only be chosen where config.toml has them."""
_LONG = "d"
"""The unit beside a blank number whose default is 0."""


def split(text: str) -> tuple[str, str, str]:
    """Return the number of a length of time, the space behind it, and the unit; three times "" for other text."""
    match = _WRITTEN.fullmatch(text)
    if not match:
        return "", "", ""
    unit = match[3].removesuffix("s") if match[3].startswith((_MONTH, _YEAR)) else match[3]
    return match[1], match[2], unit


class DurationWidget(TextInPartsWidget):
    """A field for the number beside a choice of units. `default` is shown in a blank one."""

    def __init__(self, kind: Kind, value: str, default: str) -> None:
        number, _space, unit = split(default)
        self._unit = (unit if number != "0" else _LONG) or next(iter(_UNITS[kind]))
        attributes = {"aria-label": _("Number"), "min": "0", "step": "any", "placeholder": number}
        chosen = units(kind, value)
        super().__init__(
            widgets={
                "number": forms.NumberInput({**attributes, "inputmode": "decimal", "autocomplete": "off"}),
                "unit": forms.Select({"aria-label": _("Unit")}, choices=list(chosen.items())),
            },
            attrs={"class": "moment"},
        )

    def decompress(self, value: Any) -> list[str]:
        """Return number and unit of a text."""
        number, _space, unit = split(str(value or ""))
        return [number, unit or self._unit]


class DurationField(TextInPartsField):
    """A length of time, which may be blank for the default. Its text is spaced as it was in config.toml."""

    def __init__(self, kind: Kind, value: str, default: str, **options: Any) -> None:
        self._kind, self._space = kind, split(value)[1]
        parts = (forms.CharField(required=False), forms.ChoiceField(choices=list(units(kind, value).items())))
        widget = DurationWidget(kind, value, default)
        super().__init__(fields=parts, widget=widget, initial=value, require_all_fields=False, **options)

    def compress(self, data_list: list[Any]) -> str | None:
        """Return the text for config.toml; None for the default."""
        number, unit = data_list or ("", "")
        if not number:
            return None
        if not _NUMBER.fullmatch(number):
            raise forms.ValidationError(_("Enter a number."))
        if self._kind is Kind.MONTHS:
            return f"{number} {unit}" if number == "1" else f"{number} {unit}s"
        return f"{number}{self._space}{unit}"


def units(kind: Kind, value: str) -> dict[str, Words]:
    """Return the units that can be chosen, with their names."""
    unit = split(value)[2]
    rare = {unit: _RARE[unit]} if unit in _RARE else {}
    return {**rare, **_UNITS[kind]}
