"""Recurring times, lengths of time and lists of days, each edited in several inputs. The value is as in config.toml,
such as `fri 15:00`, `30m` or `24 months`.
"""

import re
from collections.abc import Sequence
from datetime import date, time
from itertools import zip_longest
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS as WEEKDAY_NAMES
from django.utils.translation import gettext_lazy as _

from newsletter.config.values import WEEKDAYS, InvalidValue, parse_moment
from newsletter.web.desk.forms import DeskWidget
from newsletter.web.desk.settings.fields import Kind, Words, listed

_EVERY_DAY = "day"
_LAST_DAY = 28
"""The last day that each month has."""
_OF: dict[str, list[tuple[str, Any]]] = {
    "day": [(_EVERY_DAY, _("Every day"))],
    "week": [(short, WEEKDAY_NAMES[number]) for number, short in enumerate(WEEKDAYS)],
    "month": [(str(day), str(day)) for day in range(1, _LAST_DAY + 1)],
}
"""The days that can be chosen for each frequency."""

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


class TextInPartsField(forms.MultiValueField):
    """The field of such a text; the stored one is shown again if a form doesn't have it."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return super().bound_data(initial if all(part is None for part in data) else data, initial)


class MomentWidget(forms.MultiWidget):
    """A choice of the day beside the time."""

    def __init__(self, cadences: Sequence[str], *, optional: bool) -> None:
        day = forms.Select(attrs={"aria-label": _("Day")}, choices=_days(cadences, optional=optional))
        time_input = forms.TimeInput({"type": "time", "aria-label": _("Time"), "placeholder": "15:00"}, "%H:%M")
        super().__init__(widgets={"day": day, "time": time_input}, attrs={"class": "moment"})

    def decompress(self, value: Any) -> list[str]:
        """Return day and time of a text such as `fri 15:00`; what can't be read stays text."""
        try:
            moment = parse_moment(value)
        except InvalidValue:
            return ["", str(value or "")]
        day = WEEKDAYS[moment.weekday] if moment.weekday is not None else str(moment.day or _EVERY_DAY)
        return [day, f"{moment.at:%H:%M}"]


class MomentField(TextInPartsField):
    """A recurring time; if it isn't required, it may be blank for the default."""

    def __init__(self, *, cadences: Sequence[str] = ("day", "week", "month"), **options: Any) -> None:
        required = options.pop("required", True)
        days = _days(cadences, optional=not required)
        parts = (
            forms.ChoiceField(choices=days, required=False),
            forms.TimeField(
                input_formats=["%H:%M", "%H:%M:%S", "%H.%M"],
                error_messages={"invalid": _("Enter a time such as 15:00.")},
                required=False,
            ),
        )
        widget = MomentWidget(cadences, optional=not required)
        super().__init__(fields=parts, widget=widget, required=required, require_all_fields=False, **options)

    def compress(self, data_list: list[Any]) -> str | None:
        """Return the text for config.toml; None for the default."""
        day, time_of_day = data_list or ("", None)
        if not day and time_of_day is None:
            return None
        if not day:
            raise forms.ValidationError(_("Choose a day, or clear the time."))
        if not isinstance(time_of_day, time):
            raise forms.ValidationError(_("Enter a time such as 15:00."))
        return f"{time_of_day:%H:%M}" if day == _EVERY_DAY else f"{day} {time_of_day:%H:%M}"


def _days(cadences: Sequence[str], *, optional: bool) -> list[tuple[Any, Any]]:
    """Return the days that can be chosen, those of each frequency in a group."""
    titles = {"week": _("Each week on"), "month": _("Each month on day")}
    options: list[tuple[Any, Any]] = [("", _("Default"))] if optional else []
    for cadence in cadences:
        days = _OF[cadence]
        options += [(titles[cadence], days)] if cadence in titles else days
    return options


def split(text: str) -> tuple[str, str, str]:
    """Return the number of a length of time, the space behind it, and the unit; three times "" for other text."""
    match = _WRITTEN.fullmatch(text)
    if not match:
        return "", "", ""
    unit = match[3].removesuffix("s") if match[3].startswith((_MONTH, _YEAR)) else match[3]
    return match[1], match[2], unit


class DurationWidget(forms.MultiWidget):
    """A field for the number beside a choice of units. `default` is shown in a blank one."""

    def __init__(self, kind: Kind, value: str, default: str) -> None:
        number, _space, unit = split(default)
        self._unit = (unit if number != "0" else _LONG) or next(iter(_UNITS[kind]))
        attributes = {"aria-label": _("Number"), "min": "0", "step": "any", "placeholder": number}
        super().__init__(
            widgets={
                "number": forms.NumberInput({**attributes, "inputmode": "decimal", "autocomplete": "off"}),
                "unit": forms.Select({"aria-label": _("Unit")}, choices=list(units(kind, value).items())),
            },
            attrs={"class": "moment"},
        )

    def decompress(self, value: Any) -> list[str]:
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


BLANK_DATES = 3


class DatesWidget(DeskWidget):
    """Date fields, which browsers without them show as text fields."""

    template_name = "desk/_dates.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:  # noqa: ARG002
        """Return what was typed as config.toml has it, such as `2026-07-01/2026-07-31`, without blank fields."""
        rows = zip_longest(data.getlist(name), data.getlist(f"{name}-last"), fillvalue="")
        typed = [(first.strip(), last.strip()) for first, last in rows]
        return [first if last in ("", first) else f"{first}/{last}" for first, last in typed if first or last]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the days, and blank ones if any can be added."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        disabled = context["widget"]["attrs"].get("disabled")
        texts = [] if disabled else [*(value or ()), *[""] * BLANK_DATES]
        return {**context, "name": name, "dates": [text.partition("/")[::2] for text in texts]}


class DatesField(forms.Field):
    """Days; the value is a list as config.toml has it, None for none."""

    widget = DatesWidget

    def __init__(self, before: Any, **options: Any) -> None:
        self._before: dict[str, Any] = {str(day): day for day in listed(before)}
        super().__init__(initial=list(self._before), **options)

    def clean(self, value: Any) -> list[Any] | None:
        """Return the days. One that was there before stays as it was written."""
        try:
            return [self._before.get(text) or _written(text) for text in value or ()] or None
        except ValueError:
            raise forms.ValidationError(_("Enter dates such as 2026-12-24.")) from None


def _written(text: str) -> date | str:
    """Return a day, or a range as text, as config.toml has them. Raises ValueError."""
    days = [date.fromisoformat(day) for day in text.split("/")]
    return days[0] if len(days) == 1 else text
