"""A filter of subscribers as rows, such as "has one of the tags: film, oslo", and back.

Rows can say less than the text, in which conditions can be nested; such a filter has no rows.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from subscribers.models import AllOf, AnyOf, Condition, Is, Joined, Not
from subscribers.models.filters import SPANS, Compared, Has, InThis

LISTS = ("tag", "language", "frequency", "topic")
DAYS = ("after", "before")
THIS = tuple(f"this-{span}" for span in SPANS)
"""Rows without a value: subscribed this year or this month."""
OWN, HAS = "own:", "has:"
"""What stands before a field's key in the kind of a row about a site's own field: its values, or whether it has any."""
NONE = "!"
"""What stands before a field in the kind of a row that has none of the values: `!tag`."""

SEPARATOR = ","
"""What stands between words that are typed; a word with it can only be chosen."""

_PLAIN = re.compile(r"[\w.+-]+")


@dataclass(frozen=True, slots=True)
class ConditionRow:
    """One condition. `kind` is a field, `!` and a field, `after` or `before`; days have one value in ISO format.

    Kinds without values are in THIS, or begin with HAS.
    """

    kind: str
    values: tuple[str, ...]

    @property
    def field(self) -> str:
        """The field whose values are listed, or else the kind without NONE."""
        return self.kind.removeprefix(NONE)

    @property
    def has_list(self) -> bool:
        """Whether its values are words of a list."""
        return self.field in LISTS or self.field.startswith(OWN)

    @property
    def needs_value(self) -> bool:
        """Whether the condition has a value."""
        return self.has_list or self.field in DAYS


@dataclass(frozen=True, slots=True)
class ConditionRows:
    """Rows that must all hold or, with `any_of`, of which one must."""

    rows: tuple[ConditionRow, ...] = ()
    any_of: bool = False


def to_rows(condition: Condition) -> ConditionRows | None:
    """Return a filter as rows; None if they can't express it."""
    if (row := _row(condition)) is not None:
        return ConditionRows((row,))
    if isinstance(condition, Is | Joined | Compared | InThis | Has | Not):
        return None
    any_of = isinstance(condition, AnyOf)
    rows: list[ConditionRow] = []
    for part in _flat(condition):
        row = _row(part)
        if row is None:
            return None
        previous = rows[-1] if rows else None
        # `tag != a and tag != b` is one row, and so is `tag = a or tag = b`.
        if previous and previous.kind == row.kind and row.has_list and row.kind.startswith(NONE) is not any_of:
            rows[-1] = ConditionRow(row.kind, (*previous.values, *row.values))
        else:
            rows.append(row)
    return ConditionRows(tuple(rows), any_of)


def _flat(condition: AllOf | AnyOf) -> Iterator[Condition]:
    """Yield the parts, and those of parts that are combined in the same way."""
    for part in condition.parts:
        if isinstance(part, AllOf | AnyOf) and type(part) is type(condition):
            yield from _flat(part)
        else:
            yield part


def _row(condition: Condition) -> ConditionRow | None:
    """Return a condition that is a single row."""
    if isinstance(condition, Joined):
        return ConditionRow(condition.how, (condition.day.isoformat(),))
    if isinstance(condition, InThis):
        return ConditionRow(f"this-{condition.span}", ()) if condition.field == "joined" else None
    if isinstance(condition, Has):
        return ConditionRow(f"{HAS}{condition.field}", ())
    if isinstance(condition, Compared):
        return None
    if isinstance(condition, Is):
        return _words((condition,), differs=condition.differs)
    if isinstance(condition, Not):
        return _opposite(_row(condition.inside))
    parts = list(_flat(condition))
    differs = isinstance(condition, AllOf)
    words = [part for part in parts if isinstance(part, Is) and part.differs is differs]
    if not words or len(words) < len(parts) or len({part.field for part in words}) > 1:
        return None
    return _words(words, differs=differs)


def _words(parts: Sequence[Is], *, differs: bool) -> ConditionRow | None:
    """Return comparisons of one field as a row; None if a word of an own field can't be typed among others."""
    field = parts[0].field if parts[0].field in LISTS else f"{OWN}{parts[0].field}"
    if field.startswith(OWN) and any(SEPARATOR in part.word for part in parts):
        return None
    return ConditionRow(f"{NONE}{field}" if differs else field, tuple(part.word for part in parts))


def _opposite(row: ConditionRow | None) -> ConditionRow | None:
    if row is None or not (row.has_list or row.field.startswith(HAS)):
        return None
    return ConditionRow(row.field if row.kind.startswith(NONE) else f"{NONE}{row.field}", row.values)


def to_text(rows: ConditionRows) -> str:
    """Return the filter for rows, which have values; "" for none."""
    several = len(rows.rows) > 1
    return (" or " if rows.any_of else " and ").join(_text(row, rows.any_of, several=several) for row in rows.rows)


def _text(row: ConditionRow, any_of: bool, *, several: bool) -> str:
    if row.field in DAYS:
        return f"joined {row.kind} {date.fromisoformat(row.values[0])}"
    if row.field in THIS:
        return f"joined this {row.kind.removeprefix('this-')}"
    differs = row.kind.startswith(NONE)
    if row.field.startswith(HAS):
        return f"has {'no ' if differs else ''}{row.field.removeprefix(HAS)}"
    parts = [f"{row.field.removeprefix(OWN)} {'!=' if differs else '='} {_quoted(value)}" for value in row.values]
    text = (" and " if differs else " or ").join(parts)
    return f"({text})" if parts[1:] and several and differs is any_of else text


def _quoted(word: str) -> str:
    return word if _PLAIN.fullmatch(word) else f'"{word}"'


def clean_words(chosen: Iterable[str], typed: str, *, keep_case: bool = False) -> tuple[str, ...]:
    """Return chosen words and those typed with commas between them, each once, as a filter can have them."""
    words = (" ".join(word.replace('"', " ").split()) for word in (*chosen, *typed.split(SEPARATOR)))
    return tuple(dict.fromkeys(word if keep_case else word.lower() for word in words if word))


def same_rows(one: ConditionRows, other: ConditionRows) -> bool:
    """Return whether rows are the same but for the order of their values and for values that are repeated."""
    first, second = ([(row.kind, _comparable(row)) for row in rows.rows] for rows in (one, other))
    return one.any_of is other.any_of and first == second


def _comparable(row: ConditionRow) -> frozenset[str]:
    return frozenset(row.values if row.field in DAYS else clean_words(row.values, ""))


def named(condition: Condition) -> Iterator[Is]:
    """Yield the comparisons with words anywhere in a filter."""
    if isinstance(condition, Is):
        yield condition
    elif isinstance(condition, Not):
        yield from named(condition.inside)
    elif isinstance(condition, AllOf | AnyOf):
        for part in condition.parts:
            yield from named(part)


def values_of(rows: Sequence[ConditionRow], field: str) -> tuple[str, ...]:
    """Return the values of a field in all rows, each once."""
    return tuple(dict.fromkeys(value for row in rows if row.field == field for value in row.values))
