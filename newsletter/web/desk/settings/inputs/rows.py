"""A table of config.toml that is edited in rows: a list of tables, or named tables or values.

Forms work without scripts: blank rows follow the filled ones, and a row is removed by a tick.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from django import forms
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from newsletter.config.document import value_at
from newsletter.web.desk.settings.fields import Kind, RowColumn, Rows, Shape

Row: TypeAlias = dict[str, Any]
"""What is typed into a row, by column; `remove` is whether it is to be removed."""

REMOVE = "remove"
BLANK_ROWS = 4
MARKED_ROWS = gettext_lazy("Check the marked rows.")
_LONGEST = 200
"""Rows of a submitted form that are read."""


def rows_of(rows: Rows, value: Any) -> list[Row]:
    """Return the rows that show a value of config.toml; none for a value of another shape."""
    if rows.shape is Shape.LIST:
        return [_shown(rows.columns, table) for table in value] if isinstance(value, list) else []
    name, *others = rows.columns
    found = []
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        table = {others[0].key: inner} if rows.shape is Shape.NAMED_VALUES else inner
        found.append({name.key: str(key), **_shown(others, table)})
    return found


def _shown(columns: Sequence[RowColumn], table: Any) -> Row:
    return {column.key: _as_typed(column, value_at(table, (column.key,))) for column in columns}


def _as_typed(column: RowColumn, value: Any) -> Any:
    several = [str(each) for each in value] if isinstance(value, list) else []
    if column.kind is Kind.CHOICES:
        return several
    if column.kind is Kind.LINES:
        return "\n".join(several)
    return "" if value is None else str(value)


def is_blank(row: Row) -> bool:
    """Return whether nothing was typed into a row."""
    return not any(value for key, value in row.items() if key != REMOVE)


class RowsWidget(forms.Widget):
    """The rows of a table, and blank ones below them."""

    template_name = "desk/_rows.html"
    use_fieldset = True

    def __init__(self, rows: Rows, sources: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__()
        self.rows, self.sources = rows, sources
        self.problems: dict[tuple[int, str], str] = {}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row]:
        """Return the rows that were typed, without blank ones."""
        found = []
        for number in range(_LONGEST):
            place = f"{name}:{number}"
            if not any(f"{place}:{column.key}" in data for column in self.rows.columns):
                break
            found.append(self._typed(data, place))
        return [row for row in found if not is_blank(row)]

    def _typed(self, data: Any, place: str) -> Row:
        row: Row = {REMOVE: bool(data.get(f"{place}:{REMOVE}"))}
        for column in self.rows.columns:
            key = f"{place}:{column.key}"
            row[column.key] = data.getlist(key) if column.kind is Kind.CHOICES else data.get(key, "").strip()
        return row

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether a form has no rows at all."""
        return f"{name}:0:{self.rows.columns[0].key}" not in data

    def _render(self, template_name: str, context: dict[str, Any], renderer: Any = None) -> SafeString:
        """Render a template of the desk, which forms' own templates don't include."""
        return render_to_string(template_name, context)

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the rows with their inputs; a disabled one has none."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        filled = [] if context["widget"]["attrs"].get("disabled") else list(value or ())
        blank = 0 if context["widget"]["attrs"].get("disabled") else BLANK_ROWS
        context["rows"] = [self._row(name, number, row) for number, row in enumerate(filled)]
        context["blank"] = [self._row(name, len(filled) + number, {}) for number in range(blank)]
        context |= {"add": self.rows.add, "folded": self.rows.folded}
        return context

    def _row(self, name: str, number: int, row: Row) -> dict[str, Any]:
        place = f"{name}:{number}"
        titled = row.get("title") or row.get(self.rows.columns[0].key, "")
        inputs = [self._input(place, number, column, row) for column in self.rows.columns]
        wrong = any(each["problem"] for each in inputs)
        return {
            "place": place, "title": titled, "inputs": inputs, "wrong": wrong, "remove": row.get(REMOVE, False),
        }  # fmt: skip

    def _input(self, place: str, number: int, column: RowColumn, row: Row) -> dict[str, Any]:
        value = row.get(column.key, [] if column.kind is Kind.CHOICES else "")
        made = {
            "name": f"{place}:{column.key}",
            "column": column,
            "kind": column.kind.name.lower(),
            "value": value,
            "problem": self.problems.get((number, column.key), ""),
        }
        if column.kind is Kind.CHOICES:
            unknown = [(each, each) for each in value if each not in dict(self.sources)]
            made["choices"] = [(url, title, url in value) for url, title in (*self.sources, *unknown)]
        return made


class RowsField(forms.Field):
    """The rows of a table; its value is as config.toml has it. Where the key is missing, the default is shown."""

    widget: RowsWidget

    def __init__(
        self, rows: Rows, before: Any, default: Any = None, sources: Sequence[tuple[str, str]] = (), **options: Any
    ) -> None:
        self.rows, self._before, self._default = rows, before, default
        super().__init__(widget=RowsWidget(rows, sources), initial=self.shown(before), **options)

    def shown(self, value: Any) -> list[Row]:
        """Return the rows that show a value, or those of the default."""
        return rows_of(self.rows, self._default if value is None else value)

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Return whether the rows differ from those that were shown."""
        typed = [{key: value for key, value in row.items() if key != REMOVE} for row in data or () if not row[REMOVE]]
        return not self.disabled and typed != list(initial or ())

    def clean(self, value: Any) -> Any:
        """Return the value for config.toml, None for a missing key. Problems are kept for their cells, too."""
        kept = [(number, row) for number, row in enumerate(value or ()) if not row.get(REMOVE)]
        self.widget.problems = dict(self._problems(kept))
        if self.widget.problems:
            raise forms.ValidationError(MARKED_ROWS)
        if not kept:
            return {} if self._default else None
        return self._list(kept) if self.rows.shape is Shape.LIST else self._named(kept)

    def mark(self, typed: Sequence[Row], place: str, sentence: str) -> bool:
        """Mark the cell at a place such as `[2].colour` or `.gmail.com.rate`; return whether it exists."""
        first = self.rows.columns[0].key
        for number, row in enumerate(typed):
            begin = f"[{number + 1}]" if self.rows.shape is Shape.LIST else f".{row[first]}"
            for column in self.rows.columns:
                if place in (f"{begin}.{column.key}", begin):
                    self.widget.problems[number, column.key] = sentence
                    return True
        return False

    def _problems(self, kept: Sequence[tuple[int, Row]]) -> Any:
        first, names = self.rows.columns[0], set()
        for number, row in kept:
            name = row[first.key]
            if not name:
                yield (number, first.key), _("Fill this in, or remove the row.")
            elif self.rows.shape is not Shape.LIST and name in names:
                yield (number, first.key), _("There is a row with this name already.")
            names.add(name)
            for column in self.rows.columns:
                if column.kind is Kind.NUMBER and row[column.key] and not row[column.key].isdecimal():
                    yield (number, column.key), _("Enter a number.")
                if self.rows.shape is Shape.NAMED_VALUES and not row[column.key] and column is not first:
                    yield (number, column.key), _("Fill this in, or remove the row.")

    def _list(self, kept: Sequence[tuple[int, Row]]) -> list[dict[str, Any]]:
        return [self._table(row, value_at(self._before, (number,)), self.rows.columns) for number, row in kept]

    def _named(self, kept: Sequence[tuple[int, Row]]) -> dict[str, Any]:
        name, *others = self.rows.columns
        if self.rows.shape is Shape.NAMED_VALUES:
            return {row[name.key]: row[others[0].key] for _number, row in kept}
        tables = ((row[name.key], row) for _number, row in kept)
        return {key: self._table(row, value_at(self._before, (key,)), others) for key, row in tables}

    def _table(self, row: Row, before: Any, columns: Sequence[RowColumn]) -> dict[str, Any]:
        """Return the table of a row. A value that looks as it did stays as it was written."""
        found = {}
        for column in columns:
            old, typed = value_at(before, (column.key,)), row[column.key]
            if old is not None and _as_typed(column, old) == typed:
                found[column.key] = old
            elif typed:
                found[column.key] = _value(column, typed)
        return found


def _value(column: RowColumn, typed: Any) -> Any:
    if column.kind is Kind.NUMBER:
        return int(typed)
    if column.kind is Kind.LINES:
        return [line.strip() for line in typed.splitlines() if line.strip()]
    return typed
