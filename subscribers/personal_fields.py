"""The personal fields of a subscriber: name and language, and those that `[fields.KEY]` in config.toml declares.

Whatever shows, takes or stores a person's values has the fields from here: imports, exports, personal data, the API,
pages, texts. A value is one line of text, "" for none: a number in digits with a point, a day in ISO 8601, "yes" or
"no". To add a field to the product, add its column to `Subscriber` with a migration, declare it here, and translate its
sentences. The API shows it once its schema has it.
"""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.functional import Promise, lazy
from django.utils.translation import get_language, gettext, gettext_lazy as _

from newsletter import config
from newsletter.config.own_fields import LONGEST_VALUE, Changer, FieldKind, OwnField
from newsletter.messages import MessageType, subscriptions as messages
from subscribers.models import Subscriber, text_of_value
from subscribers.pages import LANGUAGES, supported

JOINERS = "\u200c\u200d"
"""Invisible characters that Persian, Indic scripts and emoji need."""
YES, NO = "yes", "no"
_LARGEST = 10**15
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+")
"""In some languages this is a whole number, in others one with decimals."""


@dataclass(frozen=True, slots=True)
class PersonalField:
    """A personal field, by its key in exports, JSON, forms and texts.

    `problem` says on pages why a text isn't taken: it is longer than `longest`, not one of the `choices`, if there are
    any, or not of the kind. `headers` are those of its column in files of unknown tools (`squeezed`). `choice_of`
    returns the choice that a text in a file means, or "". `only_one` is why several columns are refused; without it
    they are joined. The values of an `is_own` field are in one column of the database, those of others in their own.
    """

    name: str
    label: Promise | str
    problem: Promise
    headers: tuple[str, ...] = ()
    longest: int = LONGEST_VALUE
    autocomplete: str = "off"
    choices: Collection[str] = ()
    choice_of: Callable[[str], str] = str
    only_one: MessageType | None = None
    kind: FieldKind = "text"
    purpose: Promise | str = ""
    changed_by: Collection[str] = ("subscriber", "editor")
    is_own: bool = False

    def imported(self, cells: Sequence[str]) -> str:
        """Return what is stored of the cells of a line."""
        return self.choice_of(" ".join(word for cell in cells for word in cell.split()))[: self.longest]

    def entered(self, text: str) -> str:
        """Return what is stored of a person's entry. Raises ValidationError."""
        line = one_line(text)
        try:
            value = _READERS[self.kind](line) if line else ""
        except ValueError:
            raise ValidationError(str(self.problem)) from None
        if len(value) > self.longest or (self.choices and value not in self.choices):
            raise ValidationError(str(self.problem))
        return value

    @property
    def options(self) -> list[tuple[str, str]]:
        """The choices of an own field with their words in the active language."""
        words = {YES: gettext("Yes"), NO: gettext("No")} if self.kind == "yes-no" else {}
        return [(choice, words.get(choice, choice)) for choice in self.choices]


def one_line(text: str) -> str:
    """Return the text on one line, without unprintable characters."""
    return " ".join("".join(c if c.isprintable() or c in JOINERS else " " for c in text).strip(JOINERS).split())


def number(text: str) -> str:
    """Return a number in digits, with a point before decimals. Raises ValueError."""
    compact = "".join(text.split())
    if _THOUSANDS.fullmatch(compact) or not compact.isascii() or "_" in compact:
        raise ValueError(text)
    value = float(compact.replace(",", "."))
    if not math.isfinite(value) or abs(value) >= _LARGEST:
        raise ValueError(text)
    return str(int(value)) if value.is_integer() else repr(value)


_READERS: Mapping[FieldKind, Callable[[str], str]] = {
    "text": str,
    "choice": str,
    "yes-no": str,
    "number": number,
    "date": lambda text: date.fromisoformat(text).isoformat(),
}
"""What makes an entry a value; each raises ValueError."""

BUILT_IN: Mapping[str, PersonalField] = {
    field.name: field
    for field in (
        PersonalField("name", _("Name"), _("Enter a name of at most 100 characters."), autocomplete="name"),
        PersonalField(
            "language",
            _("Language"),
            _("Choose one of the languages."),
            headers=("language", "lang", "sprak", "sprog", "sprache", "langue", "idioma"),
            choices=LANGUAGES,
            choice_of=supported,
            only_one=messages.TWO_LANGUAGES,
            kind="choice",
        ),
    )
}

COLUMNS = (*BUILT_IN, "field_values")
"""The columns of `Subscriber` that have the values."""

_PROBLEMS: Mapping[FieldKind, Promise] = {
    "text": _("Enter at most 100 characters."),
    "number": _("Enter a number, such as 12 or 3.5."),
    "date": _("Enter a date, such as 2026-02-06."),
    "yes-no": _("Choose one of the answers."),
    "choice": _("Choose one of the answers."),
}
_known: tuple[Mapping[str, OwnField], Mapping[str, PersonalField]] = ({}, BUILT_IN)


def personal_fields() -> Mapping[str, PersonalField]:
    """Return the fields that the configuration in force has, by their keys: the built-in ones first."""
    global _known
    declared, fields = _known
    in_force = config.current().fields
    if declared is not in_force:
        fields = {**BUILT_IN, **{key: _own(key, declaration) for key, declaration in in_force.items()}}
        _known = in_force, fields
    return fields


def own_fields() -> Mapping[str, PersonalField]:
    """Return the fields that the configuration in force declares."""
    return {key: field for key, field in personal_fields().items() if field.is_own}


def fields_for(changer: Changer) -> list[PersonalField]:
    """Return the own fields that subscribers or editors may change."""
    return [field for field in own_fields().values() if changer in field.changed_by]


def _own(key: str, declaration: OwnField) -> PersonalField:
    label: Callable[[], str] = lazy(lambda: declaration.label_in(get_language() or "en"), str)
    purpose: Callable[[], str] = lazy(lambda: declaration.purpose_in(get_language() or "en"), str)
    return PersonalField(
        key,
        label(),
        _PROBLEMS[declaration.kind],
        headers=(key, declaration.label, *declaration.labels.values()),
        choices=(YES, NO) if declaration.kind == "yes-no" else declaration.choices,
        kind=declaration.kind,
        purpose=purpose(),
        changed_by=declaration.changed_by,
        is_own=True,
    )


def personal_values(subscriber: Subscriber) -> dict[str, str]:
    """Return a subscriber's values by the keys of the fields."""
    return {key: value_of(subscriber, key) for key in personal_fields()}


def value_of(subscriber: Subscriber, key: str) -> str:
    """Return a subscriber's value of a field."""
    return getattr(subscriber, key) if key in BUILT_IN else text_of_value((subscriber.field_values or {}).get(key, ""))


def own_values(subscriber: Subscriber) -> dict[str, str]:
    """Return a subscriber's values of own fields by their keys."""
    return {key: value for key, value in personal_values(subscriber).items() if key not in BUILT_IN}


def undeclared_values(subscriber: Subscriber) -> dict[str, str]:
    """Return a subscriber's values of fields that are no longer declared, which are kept until the person is erased."""
    declared = personal_fields()
    return {key: text_of_value(value) for key, value in (subscriber.field_values or {}).items() if key not in declared}


def personal_columns(values: Mapping[str, str], stored: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return the columns of a subscriber that have these values, with what is `stored` of other own fields."""
    fields = personal_fields()
    columns: dict[str, Any] = {key: value for key, value in values.items() if key in BUILT_IN}
    own = {key: value for key, value in values.items() if key not in BUILT_IN}
    if own:
        both = {**(stored or {}), **{key: _as_json(fields[key], value) for key, value in own.items()}}
        columns["field_values"] = {key: value for key, value in both.items() if value != ""} or None
    return columns


def _as_json(field: PersonalField, value: str) -> str | float:
    """Return a value as it is stored: numbers as such, so that the database compares them."""
    if field.kind != "number" or not value:
        return value
    parsed = float(value)
    return int(parsed) if parsed.is_integer() else parsed
