"""The form field of a filter: rows beside a text, one of which is edited. Forms work without scripts.

Both are in the form, so that nothing typed is lost when an editor switches, which the server answers with one converted
into the other. The value is always the text.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from itertools import count
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _, gettext_lazy

from newsletter.web.desk import formatting
from newsletter.web.desk.conditions.choices import ConditionChoices
from newsletter.web.desk.conditions.condition_rows import (
    DAYS,
    LISTS,
    NONE,
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

ROWS, TEXT = "rows", "text"
BLANK_ROWS = 6
KINDS = (
    ("tag", gettext_lazy("Has one of the tags")),
    ("!tag", gettext_lazy("Has none of the tags")),
    ("language", gettext_lazy("Language is one of")),
    ("!language", gettext_lazy("Language isn’t one of")),
    ("frequency", gettext_lazy("Frequency is one of")),
    ("!frequency", gettext_lazy("Frequency isn’t one of")),
    ("topic", gettext_lazy("Gets posts of one of the topics")),
    ("!topic", gettext_lazy("Gets no posts of the topics")),
    ("after", gettext_lazy("Subscribed after")),
    ("before", gettext_lazy("Subscribed before")),
)
_WRITTEN = ("tag", "language")
"""The fields of which values that aren't offered can be written."""
TOO_COMPLEX = gettext_lazy("This filter is too complex for rows, so it stays text.")


@dataclass(frozen=True, slots=True)
class EnteredFilter:
    """What a form has of a filter: `how` says whether the rows or the text count."""

    how: str
    text: str
    rows: ConditionRows

    @property
    def incomplete(self) -> bool:
        """Whether a row has no value, or no date."""
        return any(not row.values or (row.field in DAYS and not _is_day(row.values[0])) for row in self.rows.rows)

    def written(self) -> str:
        """Return the filter as text; of the rows, those that are complete."""
        if self.how == TEXT:
            return self.text
        rows = [row for row in self.rows.rows if not replace(self, rows=ConditionRows((row,))).incomplete]
        return to_text(replace(self.rows, rows=tuple(rows)))


def _has_parts(data: Any, name: str) -> bool:
    return any(key.startswith(f"{name}:") for key in data)


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


def _why_text(entered: EnteredFilter, *, switched: bool) -> str:
    """Return why a filter stays text: it has no rows or, for an editor who wanted them, it is wrong."""
    if entered.how == ROWS:
        return ""
    try:
        parsed = parse_where(entered.text)
    except WhereProblem as problem:
        return formatting.message(problem.message) if switched else ""
    return "" if to_rows(parsed) is not None else str(TOO_COMPLEX)


def entered_as(text: str) -> EnteredFilter:
    """Return a stored filter as a form shows it first."""
    rows = rows_of(text)
    return EnteredFilter(TEXT if rows is None else ROWS, text, rows or ConditionRows())


class ConditionsWidget(DeskWidget):
    """Rows and a text, with a switch between them."""

    template_name = "desk/_conditions.html"

    def __init__(self, choices: ConditionChoices) -> None:
        super().__init__()
        self.choices, self.switched = choices, False

    def value_from_datadict(self, data: Any, files: Any, name: str) -> EnteredFilter | None:
        """Return what was chosen and typed; None if the form has no such field.

        In forms of earlier versions, which are still open in browsers, the field itself has the text.
        """
        if self.value_omitted_from_data(data, files, name):
            return None
        if not _has_parts(data, name):
            return EnteredFilter(TEXT, data[name].strip(), ConditionRows())
        rows = tuple(self._rows(data, name))
        how = TEXT if data.get(f"{name}:how") == TEXT else ROWS
        text = data.get(f"{name}:text", "").strip()
        return EnteredFilter(how, text, ConditionRows(rows, data.get(f"{name}:match") == "any"))

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        return name not in data and not _has_parts(data, name)

    @staticmethod
    def _rows(data: Any, name: str) -> Iterator[ConditionRow]:
        for number in count():
            place = f"{name}:{number}"
            if f"{place}:kind" not in data:
                return
            kind = data.get(f"{place}:kind", "")
            if kind not in dict(KINDS):
                continue
            field = kind.removeprefix(NONE)
            if field in DAYS:
                typed = data.get(f"{place}:day", "").strip()
                yield ConditionRow(kind, (typed,) if typed else ())
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
        offered = [kind for kind in KINDS if self._offers(kind[0], entered.rows.rows)]
        context |= {
            "name": name,
            "entered": entered,
            "disabled": context["widget"]["attrs"].get("disabled"),
            "rows": [self._row_context(name, number, row, offered) for number, row in enumerate(rows)],
            "only_text": _why_text(entered, switched=self.switched),
            "switched": self.switched,
        }
        return context

    def _offers(self, kind: str, rows: tuple[ConditionRow, ...]) -> bool:
        field = kind.removeprefix(NONE)
        return field in (*_WRITTEN, *DAYS) or bool(self.choices.with_chosen(field, values_of(rows, field)))

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
        if isinstance(value, EnteredFilter) and value.how == ROWS and value.incomplete:
            raise forms.ValidationError(_("Choose or enter a value for each condition."))
        return self._text(value)

    def _text(self, value: Any) -> str:
        if value is None:
            return self._before
        if not isinstance(value, EnteredFilter):
            return str(value)
        stored = rows_of(self._before) if value.how == ROWS else None
        return self._before if stored is not None and same_rows(stored, value.rows) else value.written()

    def switch(self, name: str, data: QueryDict) -> None:
        """Go from rows to text in a submitted form, or back; text that has no rows stays.

        Rows that are not complete stay in the form while the text is edited, and come back if it isn't changed.
        """
        entered = self.widget.value_from_datadict(data, None, name) or entered_as(self._before)
        self.widget.switched = True
        of_rows = replace(entered, how=ROWS).written()
        if entered.how == ROWS:
            data[f"{name}:how"], data[f"{name}:text"] = TEXT, of_rows
        elif entered.text == of_rows:
            data[f"{name}:how"] = ROWS
        elif (rows := rows_of(entered.text)) is not None:
            data[f"{name}:how"] = ROWS
            _put(data, name, rows)


def _put(data: QueryDict, name: str, rows: ConditionRows) -> None:
    """Replace the rows of a form."""
    for key in [key for key in data if key.startswith(f"{name}:") and key.split(":")[1].isdecimal()]:
        del data[key]
    data[f"{name}:match"] = "any" if rows.any_of else "all"
    for number, row in enumerate(rows.rows):
        data[f"{name}:{number}:kind"] = row.kind
        if row.field in DAYS:
            data[f"{name}:{number}:day"] = row.values[0]
        else:
            data.setlist(f"{name}:{number}:{row.field}", list(row.values))


def in_words(text: str, choices: ConditionChoices) -> list[str]:
    """Return the conditions of a filter, as the rows call them; none if it has no rows."""
    rows = rows_of(text)
    if rows is None:
        return []
    lines = [f"{dict(KINDS)[row.kind]}: {_values(row, choices)}" for row in rows.rows]
    return [*lines, _("One of these is enough.")] if rows.any_of and lines[1:] else lines


def _values(row: ConditionRow, choices: ConditionChoices) -> str:
    if row.field in DAYS:
        return formatting.day(date.fromisoformat(row.values[0]))
    return ", ".join(choices.title(row.field, value) for value in row.values)
