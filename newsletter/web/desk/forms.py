"""The forms of accounts and logins, and what all forms of the desk have in common."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib.auth.password_validation import MinimumLengthValidator, validate_password
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _, ngettext

from newsletter.config import ConfigProblem
from newsletter.web.desk import formatting, users
from newsletter.web.desk.pages import as_sentence


def _email(**attributes: str) -> forms.EmailField:
    return forms.EmailField(label=_("Email address"), max_length=254, widget=forms.EmailInput(attrs=attributes))


def _new_password(*, first: bool = False) -> forms.CharField:
    return forms.CharField(
        label=_("Password") if first else _("New password"),
        help_text=_("At least 10 characters. A short sentence is easy to remember."),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )


class DeskForm(forms.Form):
    """A form whose labels end without a colon."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})

    def show_problem(self, problem: ConfigProblem, names: Mapping[str, str]) -> None:
        """Show what the configuration says of a value beside its field, or above the form.

        `names` has the fields of keys whose name differs.
        """
        key = problem.key.rpartition(".")[2].partition("[")[0]
        name = names.get(key, key)
        is_field = name in self.fields
        self.add_error(name if is_field else None, formatting.message(problem.problem if is_field else problem.message))


class DeskWidget(forms.Widget):
    """Several inputs with a template of the desk, which forms' own templates don't include."""

    use_fieldset = True

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:  # noqa: ARG002
        return render_to_string(template_name, context)


class NewAddressForm(DeskForm):
    """The address of a new account."""

    email = _email(autocomplete="off")

    def clean_email(self) -> str:
        try:
            return users.address(self.cleaned_data["email"])
        except users.UserProblem as e:
            raise ValidationError(as_sentence(e)) from e


class LoginForm(DeskForm):
    """Address and password."""

    email = _email(autocomplete="username")
    password = forms.CharField(
        label=_("Password"), strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"})
    )


class CodeForm(DeskForm):
    """Six digits from an authenticator."""

    code = forms.RegexField(
        r"^\s*\d{3}\s*\d{3}\s*$",
        label=_("Code from your authenticator app"),
        error_messages={"invalid": _("The code has six digits.")},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "inputmode": "numeric", "maxlength": "9"}),
    )


class RecoveryForm(DeskForm):
    """One of the codes that were shown when the two-step login was switched on."""

    recovery = forms.CharField(
        label=_("Recovery code"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )


class EmailForm(DeskForm):
    """An address alone."""

    email = _email(autocomplete="username")


class NameForm(DeskForm):
    """The name by which others see somebody at the desk."""

    name = forms.CharField(
        label=_("Your name"),
        help_text=_("Shown to the team instead of your email address."),
        max_length=150,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )


class PasswordForm(DeskForm):
    """A new password, checked by Django's validators."""

    password = _new_password()

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        validate_password(password)
        return password


class SetupForm(PasswordForm, NewAddressForm):
    """The first admin."""

    field_order = ("email", "password")
    email = _email(autocomplete="username")
    password = _new_password(first=True)


class UserForm(NewAddressForm):
    """A new account."""

    role = forms.ChoiceField(
        label=_("Role"),
        choices=[
            ("editor", _("Editor: drafts, tests and sending")),
            ("editor drafts", _("Editor: drafts and tests only")),
            ("admin", _("Admin: everything")),
        ],
        initial="editor",
    )


def first_error(form: forms.Form) -> str:
    """Return the first thing that is wrong with what was filled in, as a sentence."""
    errors: dict[str, Any] = form.errors
    return next((str(e) for of_field in errors.values() for e in of_field), "")


class PasswordLength(MinimumLengthValidator):
    """Django's validator with a sentence of our own: its own has no Norwegian translation since Django 5.2."""

    def get_error_message(self) -> str:
        """Return what is wrong with a short password, and what to do."""
        sentence = ngettext(
            "The password is too short. Use at least %(n)s character.",
            "The password is too short. Use at least %(n)s characters.",
            self.min_length,
        )
        return sentence % {"n": self.min_length}
