"""A recurring time as a day and a time of day. The value is text as in config.toml, such as `fri 15:00`."""

from collections.abc import Sequence
from datetime import time
from typing import Any

from django import forms
from django.utils.dates import WEEKDAYS as WEEKDAY_NAMES
from django.utils.translation import gettext_lazy as _

from newsletter.config.values import WEEKDAYS, InvalidValue, parse_moment
from newsletter.web.desk.settings.inputs.text_in_parts import TextInPartsField, TextInPartsWidget

_EVERY_DAY = "day"
_LAST_DAY = 28
"""The last day that each month has."""


_OF: dict[str, list[tuple[str, Any]]] = {
    "day": [(_EVERY_DAY, _("Every day"))],
    "week": [(short, WEEKDAY_NAMES[number]) for number, short in enumerate(WEEKDAYS)],
    "month": [(str(day), str(day)) for day in range(1, _LAST_DAY + 1)],
}
"""The days that can be chosen for each frequency."""


class _TimeInput(forms.TimeInput):
    """A time field, which browsers without one show as a text field."""

    input_type = "time"


class MomentWidget(TextInPartsWidget):
    """A choice of the day beside the time."""

    def __init__(self, cadences: Sequence[str], *, optional: bool) -> None:
        day = forms.Select(attrs={"aria-label": _("Day")}, choices=_days(cadences, optional=optional))
        at = _TimeInput(format="%H:%M", attrs={"aria-label": _("Time"), "placeholder": "15:00"})
        super().__init__(widgets={"day": day, "time": at}, attrs={"class": "moment"})

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
        day, at = data_list or ("", None)
        if not day and at is None:
            return None
        if not day:
            raise forms.ValidationError(_("Choose a day, or clear the time."))
        if not isinstance(at, time):
            raise forms.ValidationError(_("Enter a time such as 15:00."))
        return f"{at:%H:%M}" if day == _EVERY_DAY else f"{day} {at:%H:%M}"


def _days(cadences: Sequence[str], *, optional: bool) -> list[tuple[Any, Any]]:
    """Return the days that can be chosen, those of each frequency in a group."""
    titles = {"week": _("Each week on"), "month": _("Each month on day")}
    chosen: list[tuple[Any, Any]] = [("", _("Default"))] if optional else []
    for cadence in cadences:
        days = _OF[cadence]
        chosen += [(titles[cadence], days)] if cadence in titles else days
    return chosen
