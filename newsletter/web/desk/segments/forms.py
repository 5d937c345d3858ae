"""The form of a segment: its name, its newsletter, and the filter."""

from collections.abc import Collection, Mapping
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from newsletter.config import Newsletter
from newsletter.web.desk.conditions.choices import ConditionChoices
from newsletter.web.desk.conditions.condition_field import ConditionsField
from newsletter.web.desk.conditions.condition_rows import named
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.pages import as_sentence
from subscribers.models import WhereProblem, parse_where

FIELD = "where"


class SegmentForm(DeskForm):
    """A segment. `choices` are what its conditions can be chosen among, and `before` the filter that is stored."""

    name = forms.CharField(label=_("Name"), max_length=60, widget=forms.TextInput(attrs={"autocomplete": "off"}))
    newsletter = forms.ChoiceField(label=_("Newsletter"))

    def __init__(
        self,
        newsletters: Collection[Newsletter],
        choices: ConditionChoices,
        data: QueryDict | None = None,
        initial: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self._newsletters = {each.name: each for each in newsletters}
        titles = self.fields["newsletter"]
        assert isinstance(titles, forms.ChoiceField)
        titles.choices = [(each.name, each.title) for each in newsletters]
        self._before = str((initial or {}).get(FIELD, ""))
        self.fields[FIELD] = ConditionsField(choices, self._before, label=_("Conditions"), required=False)

    def clean_where(self) -> str:
        """Refuse filters that are blank or wrong, and those that match nobody of the newsletter."""
        text: str = self.cleaned_data[FIELD]
        if self._before and self.fields[FIELD].widget.value_omitted_from_data(self.data, self.files, FIELD):
            raise forms.ValidationError(_("This has changed since you opened the page, so nothing was done."))
        try:
            parsed = parse_where(text)
        except WhereProblem as problem:
            raise forms.ValidationError(as_sentence(problem)) from problem
        if not text.strip():
            raise forms.ValidationError(_("Add at least one condition."))
        newsletter = self._newsletters.get(self.cleaned_data.get("newsletter", ""))
        if newsletter is not None:
            offered = {"frequency": newsletter.offered, "topic": newsletter.topics}
            for comparison in named(parsed):
                if comparison.field in offered and comparison.word not in offered[comparison.field]:
                    sentence = _("“%(title)s” doesn’t offer this: %(word)s")
                    raise forms.ValidationError(sentence % {"title": newsletter.title, "word": comparison.word})
        return text

    def switch(self, data: QueryDict) -> None:
        """Go from rows to text, or back, in submitted data."""
        field = self.fields[FIELD]
        assert isinstance(field, ConditionsField)
        field.switch(FIELD, data)


def entered_where(query: QueryDict) -> str:
    """Return the filter that is in a form, as far as it is complete."""
    entered = ConditionsField(ConditionChoices()).widget.value_from_datadict(query, None, FIELD)
    return entered.written() if entered else ""
