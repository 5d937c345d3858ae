"""The inputs of rows, and blank ones below them. Forms work without scripts."""

from collections.abc import Sequence
from itertools import count
from typing import Any, TypeAlias

from django.http import QueryDict

from newsletter.web.desk.forms import DeskWidget
from newsletter.web.desk.settings.fields import Kind, RowColumn, Rows

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


def is_blank(row: Row) -> bool:
    """Return whether nothing was typed into a row."""
    return not any(value for key, value in row.items() if key != REMOVE)


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
        rows = []
        for number in count():
            place = f"{name}:{number}"
            if not any(f"{place}:{column.key}" in data for column in self.rows.columns):
                break
            rows.append(self._typed(data, place))
        return [row for row in rows if not is_blank(row)]

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

    def value_omitted_from_data(self, data: Any, files: Any, name: str) -> bool:
        """Return whether a form has no rows at all."""
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
