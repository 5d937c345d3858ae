"""A segment as form fields, and as a filter such as `tag = film and joined after 2026-01-01`."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from newsletter.web.desk.forms import DeskForm
from subscribers.models import WhereProblem, parse_where


class SegmentForm(DeskForm):
    """The conditions of a segment, all of which must hold."""

    name = forms.CharField(label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    newsletter = forms.ChoiceField(label=_("Newsletter"))
    tags = forms.CharField(
        label=_("With one of these tags"), help_text=_("Separated by commas."), required=False, max_length=300
    )
    without = forms.CharField(
        label=_("Without these tags"), help_text=_("Separated by commas."), required=False, max_length=300
    )
    languages = forms.CharField(
        label=_("With one of these languages"), help_text=_("Such as nb, en."), required=False, max_length=100
    )
    after = forms.DateField(
        label=_("Subscribed after"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    before = forms.DateField(
        label=_("Subscribed before"), required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, newsletters: Iterable[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["newsletter"] = forms.ChoiceField(label=_("Newsletter"), choices=list(newsletters))

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        try:
            if not parse_where(where(cleaned)).text:
                self.add_error(None, _("Enter at least one condition."))
        except WhereProblem as problem:
            self.add_error(None, str(problem))
        return cleaned

    def conditions(self) -> dict[str, Any]:
        """Return what was filled in, as JSON has it."""
        given = self.cleaned_data
        words = {key: given[key] for key in ("tags", "without", "languages") if given[key]}
        return words | {key: given[key].isoformat() for key in ("after", "before") if given[key]}


def where(given: Mapping[str, Any]) -> str:
    """Return the filter for what was filled in; "" for nothing."""
    return " and ".join(_parts(given))


def _parts(given: Mapping[str, Any]) -> Iterator[str]:
    for field, key in (("tag", "tags"), ("language", "languages")):
        words = _words(given.get(key, ""))
        if words:
            alternatives = " or ".join(f'{field} = "{word}"' for word in words)
            yield f"({alternatives})" if words[1:] else alternatives
    yield from (f'tag != "{word}"' for word in _words(given.get("without", "")))
    for how in ("after", "before"):
        if day := given.get(how):
            yield f"joined {how} {day.isoformat() if isinstance(day, date) else day}"


def _words(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := " ".join(part.replace('"', " ").split()))]
