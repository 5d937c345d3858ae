"""The form field of a filter: rows of conditions, which work without scripts. The value is the text that is stored.

A stored filter that rows can't express, such as a nested one, is shown as text, and stays until an editor replaces it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

from django import forms
from django.utils.translation import gettext as _, gettext_lazy

from newsletter.web.desk import formatting
from newsletter.web.desk.conditions.choices import ConditionChoices
from newsletter.web.desk.conditions.condition_rows import (
    DAYS,
    HAS,
    LISTS,
    NONE,
    OWN,
    SEPARATOR,
    ConditionRow,
    ConditionRows,
    clean_words,
    same_rows,
    to_rows,
    to_text,
    values_of,
)
from newsletter.web.desk.forms import DeskWidget
from subscribers.models import WhereProblem, parse_where
from subscribers.personal_fields import personal_fields

BLANK_ROWS = 6
KINDS = (
    ("tag", gettext_lazy("Has one of the tags")),
    ("!tag", gettext_lazy("Has none of the tags")),
    ("has:tag", gettext_lazy("Has a tag")),
    ("!has:tag", gettext_lazy("Has no tag")),
    ("language", gettext_lazy("Language is one of")),
    ("!language", gettext_lazy("Language isn’t one of")),
    ("frequency", gettext_lazy("Frequency is one of")),
    ("!frequency", gettext_lazy("Frequency isn’t one of")),
    ("topic", gettext_lazy("Gets posts of one of the topics")),
    ("!topic", gettext_lazy("Gets no posts of the topics")),
    ("after", gettext_lazy("Subscribed after")),
    ("before", gettext_lazy("Subscribed before")),
    ("this-year", gettext_lazy("Subscribed this year")),
    ("this-month", gettext_lazy("Subscribed this month")),
)
_WRITTEN = ("tag", "language")
"""The fields of which values that aren't offered can be written."""


def kinds() -> list[tuple[str, str]]:
    """Return the kinds of rows with their titles: those of every site, and those of the site's own fields."""
    titles = [(kind, str(title)) for kind, title in KINDS]
    for key, field in personal_fields().items():
        label = {"label": field.label}
        if field.is_own and field.kind != "date":
            titles.append((f"{OWN}{key}", _("%(label)s is one of") % label))
            titles.append((f"{NONE}{OWN}{key}", _("%(label)s isn’t one of") % label))
        titles.append((f"{HAS}{key}", _("%(label)s is filled in") % label))
        titles.append((f"{NONE}{HAS}{key}", _("%(label)s isn’t filled in") % label))
    return titles


@dataclass(frozen=True, slots=True)
class EnteredFilter:
    """What a form has of a filter: its rows, and the stored text that they don't replace, "" if there is none."""

    rows: ConditionRows
    kept: str = ""

    @property
    def incomplete(self) -> bool:
        """Whether a row has no value, or no date."""
        return not all(map(_is_complete, self.rows.rows))

    def written(self) -> str:
        """Return the filter as text; of the rows, those that are complete."""
        return self.kept or to_text(replace(self.rows, rows=tuple(filter(_is_complete, self.rows.rows))))


def _is_complete(row: ConditionRow) -> bool:
    if not row.needs_value:
        return True
    return bool(row.values) and (row.field not in DAYS or _is_day(row.values[0]))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def rows_of(text: str) -> ConditionRows | None:
    """Return the rows of a filter; None if it has none, or is invalid."""
    try:
        return to_rows(parse_where(text))
    except WhereProblem:
        return None


def entered_as(text: str) -> EnteredFilter:
    """Return a stored filter as a form shows it first."""
    rows = rows_of(text)
    return EnteredFilter(ConditionRows(), text) if rows is None else EnteredFilter(rows)


class ConditionsWidget(DeskWidget):
    """Rows of conditions, of which some are blank."""

    template_name = "desk/_conditions.html"

    def __init__(self, choices: ConditionChoices) -> None:
        super().__init__()
        self.choices = choices

    def value_from_datadict(self, data: Any, files: Any, name: str) -> EnteredFilter | None:
        """Return what was chosen and typed; None if the form has no such field."""
        if self.value_omitted_from_data(data, files, name):
            return None
        rows = ConditionRows(tuple(self._rows(data, name)), data.get(f"{name}:match") == "any")
        return EnteredFilter(rows, "" if f"{name}:replace" in data else data.get(f"{name}:kept", ""))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:  # noqa: ARG002
        return not any(key.startswith(f"{name}:") for key in data)

    @staticmethod
    def _rows(data: Any, name: str) -> Iterator[ConditionRow]:
        known = kinds()
        for number in count():
            place = f"{name}:{number}"
            if f"{place}:kind" not in data:
                return
            kind = data.get(f"{place}:kind", "")
            if kind not in dict(known):
                continue
            field = kind.removeprefix(NONE)
            if field in DAYS:
                typed = data.get(f"{place}:day", "").strip()
                yield ConditionRow(kind, (typed,) if typed else ())
            elif field.startswith(OWN):
                typed = data.get(f"{place}:own", "")
                yield ConditionRow(kind, clean_words((), typed, keep_case=True))
            elif field not in LISTS:
                yield ConditionRow(kind, ())
            else:
                typed = data.get(f"{place}:{field}-others", "")
                yield ConditionRow(kind, clean_words(data.getlist(f"{place}:{field}"), typed))

    def format_value(self, value: Any) -> EnteredFilter:
        return value if isinstance(value, EnteredFilter) else entered_as(str(value or ""))

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the rows with what can be chosen, and blank ones; a disabled one has the text alone."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        entered = self.format_value(value)
        rows = [*entered.rows.rows, *[ConditionRow("", ())] * BLANK_ROWS]
        offered = [kind for kind in kinds() if self._offers(kind[0], entered.rows.rows)]
        context |= {
            "name": name,
            "entered": entered,
            "disabled": context["widget"]["attrs"].get("disabled"),
            "rows": [self._row_context(name, number, row, offered) for number, row in enumerate(rows)],
        }
        return context

    def _offers(self, kind: str, rows: tuple[ConditionRow, ...]) -> bool:
        field = kind.removeprefix(NONE)
        return field not in LISTS or field in _WRITTEN or bool(self.choices.with_chosen(field, values_of(rows, field)))

    def _row_context(self, name: str, number: int, row: ConditionRow, offered: list[Any]) -> dict[str, Any]:
        place = f"{name}:{number}"
        lists = []
        for field in LISTS:
            chosen = row.values if row.field == field else ()
            only_chosen = [value for value in chosen if field not in _WRITTEN or SEPARATOR in value]
            choices = self.choices.with_chosen(field, only_chosen)
            ticks = [(value, title, value in chosen) for value, title in choices]
            others = ", ".join(value for value in chosen if value not in dict(choices))
            lists.append({"field": field, "ticks": ticks, "others": others, "written": field in _WRITTEN})
        return {
            "place": place,
            "number": number + 1,
            "kind": row.kind,
            "kinds": offered,
            "lists": lists,
            "own": ", ".join(row.values) if row.field.startswith(OWN) else "",
            "day": row.values[0] if row.field in DAYS and row.values else "",
            "blank": not row.kind,
        }


class ConditionsField(forms.Field):
    """A filter; the value is its text. `before` is the stored one, which rows that say the same leave as it is."""

    widget: ConditionsWidget

    def __init__(self, choices: ConditionChoices, before: str = "", **options: Any) -> None:
        self._before = before
        super().__init__(widget=ConditionsWidget(choices), initial=before, **options)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what is shown again after a problem; the stored filter if the form had none."""
        return super().bound_data(initial if data is None else data, initial)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return not self.disabled and self._text(data) != (initial or "")

    def clean(self, value: Any) -> str:
        """Return the text; what is wrong with it is left to the check of the configuration, or of the form."""
        if isinstance(value, EnteredFilter):
            if value.kept and value.rows.rows:
                raise forms.ValidationError(
                    _("Say whether these conditions replace the filter that was written as text.")
                )
            if value.incomplete:
                raise forms.ValidationError(_("Choose or enter a value for each condition."))
        return self._text(value)

    def _text(self, value: Any) -> str:
        if value is None:
            return self._before
        if not isinstance(value, EnteredFilter):
            return str(value)
        stored = rows_of(self._before)
        if value.kept or (stored is not None and same_rows(stored, value.rows)):
            return self._before
        return value.written()


def in_words(text: str, choices: ConditionChoices) -> list[str]:
    """Return the conditions of a filter, as the rows call them; none if it has no rows."""
    rows = rows_of(text)
    if rows is None:
        return []
    titles = dict(kinds())
    lines = [": ".join(filter(None, (titles[row.kind], _values(row, choices)))) for row in rows.rows]
    return [*lines, _("One of these is enough.")] if rows.any_of and lines[1:] else lines


def _values(row: ConditionRow, choices: ConditionChoices) -> str:
    if row.field in DAYS:
        return formatting.day(date.fromisoformat(row.values[0]))
    return ", ".join(choices.title(row.field, value) for value in row.values)
