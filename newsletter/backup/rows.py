"""Rows as lines of text, in the format of PostgreSQL's COPY: columns are separated by tabs, and NULL is `\\N`.

The lines of a row are the same whichever database it is in, except for JSON, which PostgreSQL stores in its own order,
and floating-point numbers, which have several texts; `canonical` makes those the same too.
"""

import json
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from newsletter.backup.tables import Table, TableColumn

NULL, BINARY = "\\N", "\\\\x"
"""How NULL is written, and what is before the hexadecimal digits of binary data."""
_ESCAPES = {"\b": "\\b", "\t": "\\t", "\n": "\\n", "\v": "\\v", "\f": "\\f", "\r": "\\r", "\\": "\\\\", "\0": ""}
_UNESCAPES = {"b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r"}
_ESCAPED = re.compile(r"\\(.)")
_TRANSLATION = str.maketrans(_ESCAPES)
_TO_ESCAPE = re.compile("[\0\b-\r\\\\]")

Value = Any
"""What SQLite's driver takes and returns."""


def escaped(text: str) -> str:
    """Return text as it is written in a line; PostgreSQL can't store NUL, which is left out."""
    return text.translate(_TRANSLATION) if _TO_ESCAPE.search(text) else text


def unescaped(text: str) -> str:
    """Return the text of a written value."""
    return _ESCAPED.sub(lambda match: _UNESCAPES.get(match[1], match[1]), text) if "\\" in text else text


def number_text(value: float) -> str:
    """Return the shortest text of a number; -0.0, which SQLite can't store, is 0."""
    return repr(float(value) + 0.0).removesuffix(".0")


def writer(table: Table) -> Callable[[Sequence[Value]], str]:
    """Return a function that writes a row of SQLite, with its newline."""
    columns = [_writers[column.kind] for column in table.columns]

    def write(row: Sequence[Value]) -> str:
        return "\t".join([NULL if v is None else w(v) for w, v in zip(columns, row, strict=True)]) + "\n"

    return write


def reader(table: Table) -> Callable[[str], list[Value]]:
    """Return a function that reads a line, without its newline, for SQLite."""
    escaped_columns = [(position, _readers[c.kind]) for position, c in enumerate(table.columns) if c.kind in _readers]
    numbers = [position for position, column in enumerate(table.columns) if column.kind == "float"]

    def read(line: str) -> list[Value]:
        values: list[Value] = line.split("\t")
        if "\\" in line:
            values = [None if value == NULL else value for value in values]
            for position, convert in escaped_columns:
                if values[position] is not None:
                    values[position] = convert(values[position])
        for position in numbers:  # SQLite's own conversion of text may be off by the last bit
            if values[position] is not None:
                values[position] = float(values[position])
        return values

    return read


def canonical(table: Table) -> Callable[[bytes], bytes]:
    """Return a function that makes lines of the same rows equal, whichever database they come from."""
    columns = [
        (position, _canonical[column.kind])
        for position, column in enumerate(table.columns)
        if column.kind in _canonical
    ]
    if not columns:
        return lambda lines: lines

    def same(lines: bytes) -> bytes:
        return "".join(_same_values(line, columns) + "\n" for line in lines.decode().split("\n")[:-1]).encode()

    return same


def _same_values(line: str, columns: Sequence[tuple[int, Callable[[str], str]]]) -> str:
    values = line.split("\t")
    for position, convert in columns:
        if values[position] != NULL:
            values[position] = convert(values[position])
    return "\t".join(values)


def _same_json(text: str) -> str:
    value = json.loads(unescaped(text), parse_float=_json_number)
    return escaped(json.dumps(value, sort_keys=True, ensure_ascii=False))


def _json_number(text: str) -> int | float:
    """PostgreSQL writes numbers of JSON without an exponent: 1e+16 becomes an integer."""
    value = Decimal(text)
    return int(value) if value == value.to_integral_value() else float(value)


def selected(column: TableColumn) -> str:
    """Return the expression that PostgreSQL writes like SQLite."""
    name = f'"{column.name}"'
    if column.kind == "boolean":
        return f"{name}::integer"
    if column.kind == "instant":
        return f"replace(to_char({name} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US'), '.000000', '')"
    return f"host({name})" if column.kind == "network" else name


_writers: dict[str, Callable[[Any], str]] = {
    "plain": str,
    "boolean": lambda value: str(int(value)),
    "float": number_text,
    "instant": str,
    "text": lambda value: escaped(str(value)),
    "json": lambda value: escaped(str(value)),
    "network": str,
    "binary": lambda value: f"{BINARY}{value.hex()}",
}
_readers: dict[str, Callable[[str], Any]] = {
    "text": unescaped,
    "json": unescaped,
    "binary": lambda text: bytes.fromhex(text.removeprefix(BINARY)),
}
_canonical: dict[str, Callable[[str], str]] = {"json": _same_json, "float": lambda text: number_text(float(text))}
