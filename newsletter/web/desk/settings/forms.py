"""Forms made from settings pages, and the changes to config.toml that a filled one asks for."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django import forms
from django.forms.utils import ErrorDict
from django.http import QueryDict
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.config.document import Change, KeyPath, RemoveValue, SetValue, value_at
from newsletter.config.file import locked_by, value_from
from newsletter.web.converters import whole_number
from newsletter.web.desk.conditions.choices import choices_of
from newsletter.web.desk.conditions.condition_field import ConditionsField
from newsletter.web.desk.forms import DeskForm
from newsletter.web.desk.settings.fields import (
    Kind,
    SettingField,
    SettingsPage,
    as_text,
    default_table,
    listed,
    secret_of,
)
from newsletter.web.desk.settings.inputs.colours import colour_attributes
from newsletter.web.desk.settings.inputs.rows import MARKED_ROWS, RowsField, categories_of, move_row
from newsletter.web.desk.settings.inputs.site_paths import outside_paths
from newsletter.web.desk.settings.inputs.subject_field import SubjectWidget, with_part
from newsletter.web.desk.settings.inputs.suggestions import LanguageField, TimeZoneField
from newsletter.web.desk.settings.inputs.times import DatesField, DurationField, MomentField, split

_SEEN = "seen:"
_BLANK = ""
_SEVERAL_LINES = (Kind.LINES, Kind.LONG_TEXT)
_DURATIONS = (Kind.DURATION, Kind.MONTHS)
_SUGGESTING = {Kind.LANGUAGE: LanguageField, Kind.TIME_ZONE: TimeZoneField}
_NUMBERS: dict[Kind, type[forms.IntegerField | forms.FloatField]] = {
    Kind.NUMBER: forms.IntegerField,
    Kind.DECIMAL: forms.FloatField,
}
_TICKED = (Kind.CHECKBOX, Kind.CHOICES)
"""Kinds that browsers leave out of a form if nothing is ticked. Others are missing only in older pages."""
_LINE_OF = re.compile(r"\[\d+\]\Z")
"""The end of the key of one value in a list, such as `editors[2]`."""


@dataclass(frozen=True, slots=True)
class RequestedChanges:
    """What a filled form asks for: the changes, and the values that it was filled in for."""

    changes: tuple[Change, ...]
    seen: Mapping[KeyPath, Any]


class SettingsForm(DeskForm):
    """One page of settings. `tree` is the parsed file; `table` is where the page's table is in it."""

    def __init__(
        self,
        page: SettingsPage,
        table: KeyPath,
        tree: Mapping[str, Any],
        defaults: Mapping[str, str],
        environ: Mapping[str, str],
        data: QueryDict | None = None,
        folder: Path | None = None,
        newsletters: Collection[Newsletter] = (),
    ) -> None:
        """`folder` is the site's; a path outside of it is shown, and can only be changed in the file.

        The conditions of filters can be chosen among what `newsletters` and their subscribers have.
        """
        super().__init__(data)
        self._newsletters = newsletters
        self.page, self.table, self._tree, self._defaults = page, table, tree, defaults
        self.locked = {f.key: locked_by(tree, (*table, *f.path), environ) for f in page.fields}
        outside = outside_paths(tree, folder) if folder else {}
        self._outside = {f.key: outside.get((*table, *f.path), "") for f in page.fields}
        self.locked |= {key: "config.toml" for key, path in self._outside.items() if path and not self.locked[key]}
        self._set_outside = {
            f.key: value_from((*table, *f.path), environ) for f in page.fields if f.kind is not Kind.SECRET
        }
        for field in page.fields:
            self._add(field, defaults.get(field.key, ""))

    def _add(self, field: SettingField, default: str) -> None:
        of_environment = self._set_outside.get(field.key)
        value = value_at(self._tree, (*self.table, *field.path)) if of_environment is None else of_environment
        form_field = self._field(field, value, default)
        on_page = not self.is_bound or self._was_on_page(field, form_field)
        if origin := self.locked[field.key]:
            outside = self._outside[field.key]
            form_field.disabled, form_field.initial = True, outside if of_environment is None else form_field.initial
            form_field.help_text = (
                _("This path is outside of the site’s folder. Change it in config.toml.")
                if outside
                else _("Set by %(origin)s; change it there.") % {"origin": origin}
            )
        elif not on_page:
            form_field.disabled, form_field.required = True, False
            form_field.help_text = _("Open this page again to change this setting.")
        self.fields[field.key] = form_field
        if field.kind is not Kind.SECRET and not origin and on_page:
            seen = forms.CharField(required=False, widget=forms.HiddenInput, initial=_as_json(value))
            self.fields[_SEEN + field.key] = seen

    def _was_on_page(self, field: SettingField, form_field: forms.Field) -> bool:
        """Return whether a submitted page had a field; one from before an upgrade may lack it, and so leaves it."""
        if field.kind is Kind.SECRET or _SEEN + field.key in self.data or field.key in self.data:
            return True
        ticked = field.kind in _TICKED
        return not ticked and not form_field.widget.value_omitted_from_data(self.data, self.files, field.key)

    def _field(self, field: SettingField, value: Any, default: str) -> forms.Field:
        options: dict[str, Any] = {"label": field.label, "help_text": field.help, "required": field.required}
        if field.kind is Kind.CONDITIONS:
            return ConditionsField(choices_of(self._newsletters), as_text(field.kind, value), **options)
        if field.rows is None:
            return _form_field(field, value, default, options)
        ticked = any(column.others for column in field.rows.columns)
        categories = categories_of(str(self.table[1])) if ticked else []
        return RowsField(field.rows, value, default_table(self.page, field), self._sources(), categories, **options)

    def _sources(self) -> list[tuple[str, str]]:
        """Return the addresses of the newsletter's sources, with their names."""
        tables = value_at(self._tree, (*self.table, "sources"), [])
        urls = [(value_at(table, ("url",)), value_at(table, ("name",))) for table in tables]
        return [(url, f"{name} ({url})" if name else url) for url, name in urls if isinstance(url, str)]

    @property
    def ordered(self) -> bool:
        """Whether the page has rows that can be moved."""
        return any(field.rows and field.rows.ordered for field in self.page.fields)

    @property
    def assisted(self) -> bool:
        """Whether the page has fields with buttons, whose answers are shown in it. Return must not press them."""
        return any(field.kind is Kind.SUBJECT for field in self.page.fields)

    def insert(self, order: str) -> None:
        """Add a part to the end of a subject as a button says, such as `subject {{ date }}`."""
        name, _space, part = order.partition(" ")
        data = self._changeable_data()
        if name in self.fields and isinstance(self.fields[name].widget, SubjectWidget):
            data[name] = with_part(data.get(name, ""), part)

    def move(self, order: str) -> None:
        """Exchange two rows as a button says, such as `topics:1:up`."""
        name, _colon, rest = order.partition(":")
        number, _colon, direction = rest.partition(":")
        field, place, data = self.fields.get(name), whole_number(number), self._changeable_data()
        if isinstance(field, RowsField) and place is not None:
            field.widget.moved = move_row(field.rows, data, name, place, direction), direction

    def _changeable_data(self) -> QueryDict:
        """Return what was typed, to be changed by a button; it is not checked yet."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        self.data, self._errors = data, ErrorDict()
        return data

    def single(self) -> list[forms.BoundField]:
        """Return the visible fields outside groups."""
        tables = tuple(f"{table}." for table, _title in self.page.groups)
        return [self[field.key] for field in self.page.fields if not field.key.startswith(tables)]

    def sections(self) -> list[dict[str, Any]]:
        """Return the sections of a long page with their fields."""
        return [
            {"name": section.name, "title": section.title, "fields": [self[field.key] for field in section.fields]}
            for section in self.page.sections
        ]

    def wrong(self) -> list[forms.BoundField]:
        """Return the fields with problems, in their order on the page."""
        return [self[field.key] for field in self.page.fields if field.key in self.errors]

    def groups(self, in_use: Collection[str]) -> list[dict[str, Any]]:
        """Return the groups, those in use first. They are open, and so are those with errors or unsaved text."""
        groups = [self._group(table, str(title), table in in_use) for table, title in self.page.groups]
        return sorted(groups, key=lambda group: not group["in_use"])

    def _group(self, table: str, title: str, in_use: bool) -> dict[str, Any]:
        """Return fields with a common title; `filled` is whether any has a value in config.toml or the environment."""
        fields = [field for field in self.page.fields if field.key.startswith(f"{table}.")]
        bound_fields = [self[field.key] for field in fields]
        written = value_at(self._tree, (*self.table, *table.split("."))) is not None
        filled = written or any(self.locked[field.key] for field in fields)
        unsaved = self.is_bound and any(field.errors or field.name in self.changed_data for field in bound_fields)
        return {
            "title": title,
            "fields": bound_fields,
            "in_use": in_use,
            "filled": filled,
            "open": in_use or unsaved,
        }

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        for field in self.page.fields:
            secret = secret_of(self.page, field)
            if secret and field.key in cleaned and self._changed(field) and not cleaned.get(secret.key):
                self._protect(secret)
        return cleaned

    def _protect(self, secret: SettingField) -> None:
        """Where a stored secret is to be sent changed: it must be typed again, so that nobody can redirect it."""
        if value_at(self._tree, (*self.table, *secret.path)) is None or secret.key in self.errors:
            return
        if origin := self.locked[secret.key]:
            sentence = _("The password is set by %(origin)s, so the server can only be changed in config.toml.")
            self.add_error(None, sentence % {"origin": origin})
        else:
            self.add_error(secret.key, _("Enter the password again, because the server or the user name changed."))

    def requested(self) -> RequestedChanges:
        """Return what differs from the values that the form was shown with."""
        changes: list[Change] = []
        seen: dict[KeyPath, Any] = {}
        for field in self.page.fields:
            path = (*self.table, *field.path)
            if self.locked[field.key] or not self._changed(field):
                continue
            changes.append(self._change(field, path))
            if field.kind is not Kind.SECRET:
                seen[path] = self._seen(field)
        return RequestedChanges(tuple(changes), seen)

    def _change(self, field: SettingField, path: KeyPath) -> Change:
        value, rows = self.cleaned_data[field.key], self.fields[field.key]
        if isinstance(rows, RowsField):
            return rows.change(path, value)
        blank = value is None or value in (_BLANK, [])
        return RemoveValue(path) if blank else SetValue(path, value)

    def _changed(self, field: SettingField) -> bool:
        if self.locked[field.key] or self.fields[field.key].disabled:
            return False
        form_field = self.fields[field.key]
        if field.kind not in _TICKED and form_field.widget.value_omitted_from_data(self.data, self.files, field.key):
            return False
        value = self.cleaned_data.get(field.key)
        if field.kind is Kind.SECRET:
            return bool(value)
        if field.kind is Kind.CHECKBOX:
            seen = self._seen(field)
            return bool(value) != bool(self._defaults.get(field.key) if seen is None else seen)
        if field.kind is Kind.CHOICES:
            return set(value or ()) != set(_ticked(self._seen(field), self._defaults.get(field.key, "")))
        if isinstance(form_field, RowsField):
            return form_field.rows_of(value) != form_field.rows_of(self._seen(field))
        typed, seen = as_text(field.kind, value), as_text(field.kind, self._seen(field))
        if field.kind in _DURATIONS:
            return split(typed)[::2] != split(seen)[::2]
        is_default = field.kind is Kind.CHOICE and not typed and seen == self._defaults.get(field.key)
        return typed != seen and not is_default

    def _seen(self, field: SettingField) -> Any:
        """Return the value that the form was shown with. Forged text counts as nothing, and is then a conflict."""
        seen = self.cleaned_data.get(_SEEN + field.key) or "null"
        value = value_at(self._tree, (*self.table, *field.path))
        if seen == _as_json(value):
            return value
        try:
            return json.loads(seen)
        except (ValueError, RecursionError):
            return None

    def add_problem(self, key: str, sentence: str) -> None:
        """Show what the configuration says of a value beside its field; of another key, above the form."""
        for name, field in self.fields.items():
            place = key.removeprefix(name)
            if isinstance(field, RowsField) and key != place and field.mark(self[name].data or (), place, sentence):
                self.add_error(name, MARKED_ROWS)
                return
        field_of_line = _LINE_OF.sub("", key)
        self.add_error(field_of_line if field_of_line in self.fields else None, sentence)

    def show_present(self, tree: Mapping[str, Any]) -> None:
        """After a conflict: go on from the values that the file has now; what was typed stays in the fields."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        for field in self.page.fields:
            if _SEEN + field.key in self.fields:
                data[_SEEN + field.key] = _as_json(value_at(tree, (*self.table, *field.path)))
        self.data = data


def _as_json(value: Any) -> str:
    """Return a value of config.toml as JSON; dates are text."""
    return json.dumps(value, default=str)


class _TextField(forms.CharField):
    """Text as config.toml has it, or the list of its lines; None for nothing."""

    def __init__(self, *, in_lines: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self._in_lines = in_lines

    def to_python(self, value: Any) -> Any:
        text = (super().to_python(value) or "").replace("\r\n", "\n")
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return (lines if self._in_lines else text) or None


def _form_field(field: SettingField, value: Any, default: str, options: dict[str, Any]) -> forms.Field:
    text = value if field.kind in _NUMBERS else as_text(field.kind, value)
    if field.kind is Kind.CHECKBOX:
        return forms.BooleanField(**{**options, "required": False}, initial=bool(default if value is None else value))
    if field.kind is Kind.CHOICE:
        initial = "" if text == default else text
        return forms.ChoiceField(**options, initial=initial, choices=_with_default(field, default))
    if field.kind is Kind.CHOICES:
        boxes = forms.CheckboxSelectMultiple
        return forms.MultipleChoiceField(
            **options, initial=_ticked(value, default), choices=field.choices, widget=boxes
        )
    if field.kind is Kind.SECRET:
        sentence = _("A value is stored. Leave this blank to keep it.") if value else field.help
        hidden = forms.PasswordInput(attrs={"autocomplete": "off"})
        return forms.CharField(**{**options, "required": False, "help_text": sentence}, strip=False, widget=hidden)
    if field.kind is Kind.MOMENT:
        return MomentField(**options, initial=text, cadences=field.cadences)
    if field.kind in _DURATIONS:
        return DurationField(field.kind, text, default, **options)
    if field.kind is Kind.DATES:
        return DatesField(value, **options)
    return _text_field(field, {**options, "initial": text}, default)


def _ticked(value: Any, default: str) -> list[str]:
    """Return the ticked choices of a value, or of the default where no value is set."""
    return default.split(", ") if value is None and default else [str(each) for each in listed(value)]


def _text_field(field: SettingField, options: dict[str, Any], default: str) -> forms.Field:
    if suggesting := _SUGGESTING.get(field.kind):
        form_field = suggesting(**options)
        form_field.widget.attrs["placeholder"] = default
        return form_field
    attributes: dict[str, Any] = {"placeholder": default, "autocomplete": "off"}
    if field.kind is Kind.COLOUR:
        attributes |= colour_attributes(field.key)
    if field.kind is Kind.SUBJECT:
        return _TextField(**options, widget=SubjectWidget({"autocomplete": "off"}))
    if number := _NUMBERS.get(field.kind):
        messages = {"invalid": _("Enter a number.")}
        return number(**options, widget=forms.TextInput(attributes), error_messages=messages)
    several = field.kind in _SEVERAL_LINES
    widget = forms.Textarea({**attributes, "rows": "3"}) if several else forms.TextInput(attributes)
    return _TextField(**options, widget=widget, in_lines=field.kind is Kind.LINES)


def _with_default(field: SettingField, default: str) -> list[tuple[str, Any]]:
    """Return the choices, of which that of the default, the first one if it isn't listed, leaves the key out."""
    labels = dict(field.choices)
    if default in labels:
        labels[default] = _("%(choice)s (default)") % {"choice": labels[default]}
        return [("" if value == default else value, label) for value, label in labels.items()]
    return [("", _("%(choice)s (default)") % {"choice": default} if default else _("Default")), *field.choices]
