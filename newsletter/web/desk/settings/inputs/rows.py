"""A table of config.toml that is edited in rows: a list of tables, or named tables or values.

Forms work without scripts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import count, takewhile
from typing import Any, TypeAlias

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext as _, gettext_lazy

from newsletter.config.document import Change, KeyPath, RemoveValue, SetEntries, SetValue, value_at
from newsletter.models import Post
from newsletter.web.desk.forms import DeskWidget
from newsletter.web.desk.settings.fields import Kind, RowColumn, Rows, Shape

Row: TypeAlias = dict[str, Any]
"""What is typed into a row, by column; `remove` is whether it is to be removed."""

REMOVE = "remove"
UP, DOWN = "up", "down"
BLANK_ROWS = 4


def move_row(rows: Rows, data: QueryDict, name: str, number: int, direction: str) -> int:
    """Exchange a row of a submitted form with the one above or below it; return the row's new number."""
    other = number + (1 if direction == DOWN else -1)
    name_key = rows.columns[0].key
    if not all(f"{name}:{place}:{name_key}" in data for place in (number, other)):
        return number
    for key in (*(column.key for column in rows.columns), REMOVE):
        one, two = f"{name}:{number}:{key}", f"{name}:{other}:{key}"
        ours, theirs = data.getlist(one), data.getlist(two)
        data.setlist(one, theirs)
        data.setlist(two, ours)
    return other


class RowsWidget(DeskWidget):
    """The rows of a table, and blank ones below them. `moved` is the row that was moved last, and its direction."""

    template_name = "desk/_rows.html"

    def __init__(self, rows: Rows, sources: Sequence[tuple[str, str]] = (), categories: Sequence[str] = ()) -> None:
        super().__init__()
        self.rows, self.sources, self.categories = rows, sources, categories
        self.problems: dict[tuple[int, str], str] = {}
        self.moved: tuple[int, str] | None = None

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[Row] | None:
        """Return the rows that were typed, without blank ones; None if the form has no rows at all."""
        if self.value_omitted_from_data(data, files, name):
            return None
        places = takewhile(
            lambda place: any(f"{place}:{column.key}" in data for column in self.rows.columns),
            (f"{name}:{number}" for number in count()),
        )
        rows = [self._typed(data, place) for place in places]
        return [row for row in rows if any(value for key, value in row.items() if key != REMOVE)]

    def _typed(self, data: Any, place: str) -> Row:
        row: Row = {REMOVE: bool(data.get(f"{place}:{REMOVE}"))}
        for column in self.rows.columns:
            key = f"{place}:{column.key}"
            if column.kind is Kind.CHOICES:
                row[column.key] = data.getlist(key)
            elif column.others and hasattr(data, "getlist"):
                lines = (line.strip() for text in data.getlist(key) for line in text.splitlines())
                row[column.key] = "\n".join(dict.fromkeys(filter(None, lines)))
            else:
                row[column.key] = data.get(key, "").replace("\r\n", "\n").strip()
        return row

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:  # noqa: ARG002
        return f"{name}:0:{self.rows.columns[0].key}" not in data

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Return the rows with their inputs; a disabled one has none."""
        context: dict[str, Any] = super().get_context(name, value, attrs)
        filled = [] if context["widget"]["attrs"].get("disabled") else list(value or ())
        blank = 0 if context["widget"]["attrs"].get("disabled") else BLANK_ROWS
        context["rows"] = [self._row(name, number, row, len(filled)) for number, row in enumerate(filled)]
        context["blank"] = [self._row(name, len(filled) + number, {}, 0) for number in range(blank)]
        context |= {"add": self.rows.add, "folded": self.rows.folded, "ordered": self.rows.ordered}
        return context

    def _row(self, name: str, number: int, row: Row, total: int) -> dict[str, Any]:
        place = f"{name}:{number}"
        titled = row.get("title") or row.get(self.rows.columns[0].key, "")
        inputs = [self._input(place, number, column, row) for column in self.rows.columns]
        return {
            "place": place,
            "title": titled,
            "inputs": inputs,
            "wrong": any(cell["problem"] for cell in inputs),
            "remove": row.get(REMOVE, False),
            "first": number == 0,
            "last": number == total - 1,
            "focus": self._focus(number, total),
        }

    def _focus(self, number: int, total: int) -> str:
        """Return the direction whose button gets the focus: that of the last move, the other one at the end."""
        if self.moved is None or self.moved[0] != number:
            return ""
        up, down = number > 0, number < total - 1
        return self.moved[1] if (up if self.moved[1] == UP else down) else (DOWN if down else UP)

    def _input(self, place: str, number: int, column: RowColumn, row: Row) -> dict[str, Any]:
        value = row.get(column.key, [] if column.kind is Kind.CHOICES else "")
        cell = {
            "name": f"{place}:{column.key}",
            "column": column,
            "kind": column.kind.name.lower(),
            "value": value,
            "problem": self.problems.get((number, column.key), ""),
        }
        if column.kind is Kind.CHOICES:
            unknown = [(url, url) for url in value if url not in dict(self.sources)]
            cell["choices"] = [(url, title, url in value) for url, title in (*self.sources, *unknown)]
        elif column.others and self.categories:
            ticked = {line.casefold(): line for line in value.splitlines()}
            cell["ticks"] = [(category, category.casefold() in ticked) for category in self.categories]
            offered = {category.casefold() for category in self.categories}
            cell["value"] = "\n".join(line for key, line in ticked.items() if key not in offered)
        return cell


POSTS, MOST = 500, 40
"""How many of the newest posts are looked at for categories, and how many of these are offered at most."""
MARKED_ROWS = gettext_lazy("Check the marked rows.")


def rows_of(rows: Rows, value: Any) -> list[Row]:
    """Return the rows that show a value of config.toml; none for a value of another shape."""
    if rows.shape is Shape.LIST:
        return [_cells(rows.columns, table) for table in value] if isinstance(value, list) else []
    name, *columns = rows.columns
    typed_rows = []
    for key, inner in value.items() if isinstance(value, Mapping) else ():
        table = {columns[0].key: inner} if rows.shape is Shape.NAMED_VALUES else inner
        typed_rows.append({name.key: str(key), **_cells(columns, table)})
    return typed_rows


def _cells(columns: Sequence[RowColumn], table: Any) -> Row:
    return {column.key: _as_typed(column, value_at(table, (column.key,))) for column in columns}


def _as_typed(column: RowColumn, value: Any) -> Any:
    several = [str(item) for item in value] if isinstance(value, list) else []
    if column.kind is Kind.CHOICES:
        return several
    if column.kind is Kind.LINES:
        return "\n".join(several)
    return "" if value is None else str(value)


class RowsField(forms.Field):
    """The rows of a table; its value is as config.toml has it. Where the key is missing, the default is shown."""

    widget: RowsWidget

    def __init__(
        self,
        rows: Rows,
        before: Any,
        default: Any = None,
        sources: Sequence[tuple[str, str]] = (),
        categories: Sequence[str] = (),
        **options: Any,
    ) -> None:
        self.rows, self._before, self._default = rows, before, default
        super().__init__(widget=RowsWidget(rows, sources, categories), initial=self.rows_of(before), **options)

    def rows_of(self, value: Any) -> list[Row]:
        """Return the rows that show a value, or those of the default."""
        return rows_of(self.rows, self._default if value is None else value)

    def bound_data(self, data: Any, initial: Any) -> Any:
        """Return what is shown again after a problem; the stored rows if the form had none."""
        return super().bound_data(initial if data is None else data, initial)

    def clean(self, value: Any) -> Any:
        """Return the value for config.toml, None for a missing key. Problems are kept for their cells, too."""
        rows = _kept(value or ())
        self.widget.problems = dict(self._problems(rows))
        if self.widget.problems:
            raise forms.ValidationError(MARKED_ROWS)
        if not rows:
            return {} if self._default else None
        return self._value([row for _number, row in rows])

    def change(self, path: KeyPath, value: Any) -> Change:
        """Return the change of config.toml that gives the rows their value."""
        if value is None:
            return RemoveValue(path)
        if not value or not self._before:
            return SetValue(path, value)
        if self.rows.shape is Shape.LIST:
            return SetEntries(path, value, self._origins([table[self.rows.columns[0].key] for table in value]))
        return SetEntries(path, value, tuple(key if key in self._before else None for key in value))

    def mark(self, typed: Sequence[Row], place: str, sentence: str) -> bool:
        """Mark the cell at a place such as `[2].colour` or `.gmail.com.rate`; return whether it exists."""
        name_key, value_key, *_rest = (column.key for column in self.rows.columns)
        without_number = place.partition("[")[0] if self.rows.shape is not Shape.LIST else place
        for position, (number, row) in enumerate(_kept(typed)):
            begin = f"[{position + 1}]" if self.rows.shape is Shape.LIST else f".{row[name_key]}"
            cells = {f"{begin}.{column.key}": column.key for column in self.rows.columns}
            cells[begin] = value_key if self.rows.shape is Shape.NAMED_VALUES else name_key
            if cell := cells.get(place) or cells.get(without_number):
                self.widget.problems[number, cell] = sentence
                return True
        return False

    def _problems(self, rows: Sequence[tuple[int, Row]]) -> Iterator[tuple[tuple[int, str], str]]:
        name_column, names = self.rows.columns[0], set()
        for number, row in rows:
            name = row[name_column.key]
            if not name:
                yield (number, name_column.key), _("Fill this in, or remove the row.")
            elif self.rows.shape is not Shape.LIST and name in names:
                yield (number, name_column.key), _("There is already a row with this name.")
            names.add(name)
            for column in self.rows.columns:
                if column.kind is Kind.NUMBER and row[column.key] and not row[column.key].isdecimal():
                    yield (number, column.key), _("Enter a number.")
                if self.rows.shape is Shape.NAMED_VALUES and not row[column.key] and column is not name_column:
                    yield (number, column.key), _("Fill this in, or remove the row.")

    def _value(self, rows: Sequence[Row]) -> Any:
        name, *other_columns = self.rows.columns
        if self.rows.shape is Shape.NAMED_VALUES:
            return {row[name.key]: row[other_columns[0].key] for row in rows}
        before = list(self._before.values()) if isinstance(self._before, Mapping) else self._before or []
        origins = self._origins([row[name.key] for row in rows])
        tables = [None if origin is None else before[origin] for origin in origins]
        columns = self.rows.columns if self.rows.shape is Shape.LIST else other_columns
        values = [_table(columns, row, table) for row, table in zip(rows, tables, strict=True)]
        return (
            values if self.rows.shape is Shape.LIST else dict(zip((row[name.key] for row in rows), values, strict=True))
        )

    def _origins(self, names: Sequence[str]) -> tuple[int | None, ...]:
        """Return which entry of config.toml each row was: one with its name, or a renamed one that was in its place."""
        name_key = self.rows.columns[0].key
        unassigned: dict[int, str] = {
            number: row[name_key] for number, row in enumerate(rows_of(self.rows, self._before))
        }
        origins: list[int | None] = []
        for name in names:
            origins.append(next((number for number, old in unassigned.items() if old == name), None))
            unassigned.pop(origins[-1] if origins[-1] is not None else -1, None)
        return tuple(n if origin is None and n in unassigned else origin for n, origin in enumerate(origins))


def _kept(typed: Sequence[Row]) -> list[tuple[int, Row]]:
    """Return the rows that are not to be removed, with their numbers on the page."""
    return [(number, row) for number, row in enumerate(typed) if not row.get(REMOVE)]


def _table(columns: Sequence[RowColumn], row: Row, before: Any) -> dict[str, Any]:
    """Return the table of a row. A value that looks as it did stays as it was written."""
    table = {}
    for column in columns:
        old, typed = value_at(before, (column.key,)), row[column.key]
        if old is not None and _sorted(column, _as_typed(column, old)) == _sorted(column, typed):
            table[column.key] = old
        elif typed:
            table[column.key] = _value(column, typed)
    return table


def _sorted(column: RowColumn, typed: Any) -> Any:
    return sorted(typed.splitlines()) if column.others else typed


def _value(column: RowColumn, typed: Any) -> Any:
    if column.kind is Kind.NUMBER:
        return int(typed)
    if column.kind is Kind.LINES:
        return [line.strip() for line in typed.splitlines() if line.strip()]
    return typed


def categories_of(newsletter: str) -> list[str]:
    """Return the commonest categories of a newsletter's newest posts, by name; each as it is written most often."""
    newest = Post.objects.filter(newsletter=newsletter).order_by("-pk").values_list("categories", flat=True)[:POSTS]
    spellings = Counter(str(category).strip() for categories in newest for category in categories)
    names: dict[str, str] = {}
    totals: Counter[str] = Counter()
    for spelling, times in spellings.most_common():
        names.setdefault(spelling.casefold(), spelling)
        totals[spelling.casefold()] += times
    return sorted((names[key] for key, _count in totals.most_common(MOST) if key), key=str.casefold)
