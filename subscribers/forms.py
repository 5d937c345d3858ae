"""Validation of the public forms, with one sentence in the page's language per error, and the form for other sites.

The forms are rendered by the templates in templates/pages.
"""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _, gettext_lazy

from newsletter.config import Newsletter
from subscribers.addresses import Address, AddressProblem, read_address
from subscribers.cadences import choices
from subscribers.pages import supported
from subscribers.personal_fields import BUILT_IN, PersonalField, fields_for, one_line
from subscribers.preferences import LONGEST_PAUSE
from subscribers.subscription_requests import consent_text

LONGEST_FIELD, LONGEST_SOLUTION, MOST_FIELDS = 1_000, 4_000, 80
OF_PROGRAMS = frozenset(("website", "altcha", "without_script"))
"""The fields of the sign-up form that nobody fills in."""
WITHIN_A_YEAR = gettext_lazy("Choose a date within the next year.")


class AddressField(forms.CharField):
    """An email address, cleaned to an Address."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=LONGEST_FIELD, required=False, **options)

    def __deepcopy__(self, memo: Any) -> "AddressField":
        """Return the field itself: it never changes, and each form would copy it otherwise."""
        return self

    def clean(self, value: Any) -> Any:
        """Return the address; raise ValidationError with a remedy."""
        text = value if isinstance(value, str) else ""
        if not text.strip():
            raise forms.ValidationError(_("Enter your email address."))
        try:
            return read_address(text)
        except AddressProblem:
            raise forms.ValidationError(_("Enter a complete email address, like name@example.org.")) from None


class AddressForm(forms.Form):
    """An email address."""

    address = AddressField()

    @property
    def valid_address(self) -> Address:
        """The validated address."""
        address: Address = self.cleaned_data["address"]
        return address


class SignUpForm(AddressForm):
    """The sign-up form. `website` is a hidden field; requests that fill it in are ignored.

    While a challenge is in force, `altcha` has its solution; `without_script` is sent by browsers without scripts.
    """

    def __init__(self, data: Any = None) -> None:
        super().__init__(data)
        self.own_fields = fields_for("subscriber")
        self.fields.update({field.name: PersonalInput(field) for field in self.own_fields})

    @property
    def values(self) -> dict[str, str]:
        """The values of own fields, in a form that is valid."""
        return {field.name: value for field in self.own_fields if (value := self.cleaned_data[field.name])}

    @property
    def first_fault(self) -> str:
        """The first error as one sentence, which names the field unless it is the address."""
        labels = {field.name: field.label for field in self.own_fields}
        key, sentences = next(iter(self.errors.items()))
        return f"{labels[key]}: {sentences[0]}" if key in labels else str(sentences[0])

    @property
    def by_machine(self) -> bool:
        """Return whether the hidden field was filled in."""
        return bool(self.data.get("website"))

    @property
    def name(self) -> str:
        """The person's name, "" if a form doesn't ask for it."""
        return one_line(str(self.data.get("name", "")))[: BUILT_IN["name"].longest]

    def cadence_for(self, newsletter: Newsletter) -> str:
        """Return the chosen cadence, or "" if the newsletter doesn't offer it: a form may be older than the choice."""
        cadence = self.data.get("cadence", "")
        return cadence if cadence in newsletter.offered else ""

    def topics_for(self, newsletter: Newsletter) -> tuple[str, ...]:
        """Return the topics that were picked and that the newsletter has."""
        picked = self.data.getlist("topic") if hasattr(self.data, "getlist") else ()
        return tuple(name for name in newsletter.topics if name in picked)

    @property
    def solution(self) -> str:
        """The solution of a challenge, not checked; "" if it is missing or too long."""
        text = str(self.data.get("altcha", ""))
        return text if len(text) <= LONGEST_SOLUTION else ""

    @property
    def without_script(self) -> bool:
        """Return whether the person said that their browser runs no scripts."""
        return bool(self.data.get("without_script"))

    def entered(self) -> list[tuple[str, str]]:
        """Return the names and values of the fields that a person filled in or chose, to send them again."""
        data = cast(QueryDict, self.data)
        pairs = [(name, value) for name in data if name not in OF_PROGRAMS for value in data.getlist(name)]
        return [(name, value) for name, value in pairs if len(name) + len(value) <= LONGEST_FIELD][:MOST_FIELDS]


class PauseForm(forms.Form):
    """Pausing until a date, from tomorrow to a year from now."""

    until = forms.DateField(required=False, error_messages={"invalid": WITHIN_A_YEAR})

    def __init__(self, data: Any, today: date) -> None:
        super().__init__(data)
        self.first, self.last = today + timedelta(days=1), today + LONGEST_PAUSE

    def clean_until(self) -> date:
        """Return the date on which the subscription resumes."""
        until: date | None = self.cleaned_data["until"]
        if until is None or not self.first <= until <= self.last:
            raise forms.ValidationError(WITHIN_A_YEAR)
        return until


class ReasonForm(forms.Form):
    """The optional reason for unsubscribing."""

    reason = forms.CharField(required=False, max_length=500)

    def clean_reason(self) -> str:
        """Return the reason on one line."""
        return one_line(self.cleaned_data["reason"])


class PersonalInput(forms.CharField):
    """The entry of a personal field."""

    def __init__(self, field: PersonalField) -> None:
        super().__init__(required=False)
        self.field = field

    def clean(self, value: Any) -> str:
        """Return the text to store; raise ValidationError if it is invalid."""
        return self.field.entered(super().clean(value))


class PersonForm(forms.Form):
    """The personal fields of a subscriber that a page sent; others stay as they are."""

    def __init__(self, data: Mapping[str, str]) -> None:
        super().__init__(data)
        changeable = (*BUILT_IN.values(), *fields_for("subscriber"))
        self.fields.update({field.name: PersonalInput(field) for field in changeable if field.name in data})


class EraseForm(forms.Form):
    """Erasing can't be undone, so it requires a tick."""

    sure = forms.BooleanField(
        error_messages={"required": gettext_lazy("Tick the box to confirm that you want to delete your data.")}
    )


def embedded_form(newsletter: Newsletter, site_url: str) -> str:
    """Return the sign-up form as HTML for other websites: it needs no script and no style sheet.

    It is in the newsletter's language, and what it asks people to agree to is what their consent stores.
    """
    language = supported(newsletter.language) or "en"
    with translation.override(language):
        context = {
            "address": f"{site_url}/n/{newsletter.name}/subscribe?lang={language}",
            "name": newsletter.name,
            "language": language,
            "consent": consent_text(newsletter.title),
            "cadences": choices(newsletter),
            "cadence": newsletter.default_cadence,
            "topics": newsletter.offered_topics,
            "fields": fields_for("subscriber"),
        }
        return render_to_string("embedded_form.html", context, using="pages").strip()
