"""A list of days, each with a date field, and blank ones below them."""

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.forms import DeskWidget
from newsletter.web.desk.settings.fields import listed

BLANK_DATES = 3


class DatesWidget(DeskWidget):
    """Date fields, which browsers without them show as text fields."""

    template_name = "desk/_dates.html"

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        """Return what was typed, without blank fields."""
        return [text.strip() for text in data.getlist(name) if text.strip()]

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the days, and blank ones if any can be added."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        disabled = context["widget"]["attrs"].get("disabled")
        return {**context, "name": name, "dates": [] if disabled else [*(value or ()), *[""] * BLANK_DATES]}


class DatesField(forms.Field):
    """Days; the value is a list as config.toml has it, None for none."""

    widget = DatesWidget

    def __init__(self, before: Any, **options: Any) -> None:
        self._before: dict[str, Any] = {str(day): day for day in listed(before)}
        super().__init__(initial=list(self._before), **options)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the days differ from those that were shown."""
        return not self.disabled and list(data or ()) != list(initial or ())

    def clean(self, value: Any) -> list[Any] | None:
        """Return the days. One that was there before stays as it was written."""
        try:
            return [self._before.get(text) or date.fromisoformat(text) for text in value or ()] or None
        except ValueError:
            raise forms.ValidationError(_("Enter dates such as 2026-12-24.")) from None
