"""An overview of a file's columns: header, guessed meaning and first values of each."""

from dataclasses import dataclass
from pathlib import Path

from newsletter.messages import subscriptions as messages
from newsletter.messages.general import ABOUT
from subscribers.importing.headers import recognise
from subscribers.importing.mapping import guessed, is_header
from subscribers.importing.old_issues import is_table
from subscribers.importing.reading import FileProblem, has_old_issues, opened, records

LOOKED_AT, SHOWN, WIDEST = 50, 3, 60


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its header ("" in a plain list), its guessed meaning, and a few values."""

    header: str
    meaning: str
    values: tuple[str, ...]


def outline(path: Path) -> list[Column]:
    """Return the columns of a CSV file. Raises FileProblem if it has no first line."""
    with opened(path) as file:
        lines = records(file)
        head = [cell.strip().lstrip("\ufeff") for cell in next((cells for _n, cells, _problem in lines), [])]
        if not any(head):
            raise FileProblem(ABOUT(subject=str(path), message=messages.EMPTY_FIRST_LINE()))
        if recognise(head) is None and is_table(head):
            raise has_old_issues(path)
        named = is_header(head)
        rows = ([] if named else [head]) + [cells for (_n, cells, _p), _ in zip(lines, range(LOOKED_AT), strict=False)]
    meanings = guessed(head)
    return [
        Column(header if named else "", meanings[number], _values(rows, number)) for number, header in enumerate(head)
    ]


def _values(rows: list[list[str]], number: int) -> tuple[str, ...]:
    values = (row[number].strip()[:WIDEST] for row in rows if number < len(row))
    return tuple(dict.fromkeys(filter(None, values)))[:SHOWN]
