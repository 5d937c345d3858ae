"""What readers may send: each field checked, each fault said in one sentence in the page's language.

Forms only check; the pages in templates/pages lay them out.
"""

from datetime import date, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from subscribers.addresses import Address, AddressProblem, read_address
from subscribers.pages import LANGUAGES
from subscribers.preferences import LONGEST_PAUSE

LONGEST_FIELD = 1_000
WITHIN_A_YEAR = gettext_lazy("Please choose a day within the next year.")


JOINERS = "\u200c\u200d"
"""Not seen by themselves, but Persian, Indic scripts and emoji are spelt with them."""


def _text(text: str) -> str:
    """Text on one line, without characters that are not seen."""
    return " ".join("".join(c if c.isprintable() or c in JOINERS else " " for c in text).strip(JOINERS).split())


class AddressField(forms.CharField):
    """A mail address; gives an Address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_FIELD, required=False, **options)

    def clean(self, value: Any) -> Any:
        """The address, or what is wrong with it in words that tell how to go on."""
        text = value if isinstance(value, str) else ""
        if not text.strip():
            raise forms.ValidationError(_("Please write your mail address."))
        try:
            return read_address(text)
        except AddressProblem:
            raise forms.ValidationError(
                _("This is not a complete mail address. Please write it like name@example.org.")
            ) from None


class AskForm(forms.Form):
    """Joining. `website` is for machines only: people do not see it, and whoever fills it in is not heard."""

    address = AddressField()
    website = forms.CharField(required=False, max_length=LONGEST_FIELD)

    @property
    def by_machine(self) -> bool:
        """Whether the field was filled in that nobody sees."""
        return bool(self.data.get("website"))

    @property
    def given(self) -> Address:
        """The checked address."""
        address: Address = self.cleaned_data["address"]
        return address


class PauseForm(forms.Form):
    """Resting until a day, from tomorrow to a year from now."""

    until = forms.DateField(required=False, error_messages={"invalid": WITHIN_A_YEAR})

    def __init__(self, data: Any, today: date) -> None:
        super().__init__(data)
        self.first, self.last = today + timedelta(days=1), today + LONGEST_PAUSE

    def clean_until(self) -> date:
        """The day on which mail comes again."""
        until: date | None = self.cleaned_data["until"]
        if until is None or not self.first <= until <= self.last:
            raise forms.ValidationError(WITHIN_A_YEAR)
        return until


class ReasonForm(forms.Form):
    """Why somebody left; nobody has to say."""

    reason = forms.CharField(required=False, max_length=500)

    def clean_reason(self) -> str:
        """On one line."""
        return _text(self.cleaned_data["reason"])


class PersonForm(forms.Form):
    """What a person is called and which language they read."""

    name = forms.CharField(required=False)
    language = forms.CharField(required=False)

    def clean_name(self) -> str:
        """On one line, not too long for a greeting."""
        name = _text(self.cleaned_data["name"])
        if len(name) > 100:
            raise forms.ValidationError(_("Please write a name of at most 100 characters."))
        return name

    def clean_language(self) -> str:
        """One of those that we write in."""
        language: str = self.cleaned_data["language"]
        if language not in LANGUAGES:
            raise forms.ValidationError(_("Please choose one of the languages."))
        return language


class MoveForm(forms.Form):
    """Another address."""

    address = AddressField()

    @property
    def given(self) -> Address:
        """The checked address."""
        address: Address = self.cleaned_data["address"]
        return address


class EraseForm(forms.Form):
    """Erasing needs a tick, as nothing brings it back."""

    sure = forms.BooleanField(required=False)

    def clean_sure(self) -> bool:
        """Ticked."""
        if not self.cleaned_data["sure"]:
            raise forms.ValidationError(_("Please tick the box if everything is to be erased."))
        return True
