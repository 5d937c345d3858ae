"""Precompiled queries, for queries that run for every chunk, and the ranges of numbers that they take.

For 500 subscribers, the ORM takes longer to compile a query than the database to run it. The SQL is that of the
queryset, on either database; only the given values change.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet

QueryValue = int | str | datetime
"""A value that may differ between calls; its type must not."""

_FIRST = 32_000
"""Fits the smallest integer column: for a larger number, PostgreSQL's backend knows that no row has it."""


class PrecompiledQuery:
    """A query that is compiled once: `make_queryset` returns a queryset of columns (`values_list`) for some values.

    Columns are returned as the database driver returns them, without conversion of dates or JSON.
    """

    def __init__(self, make_queryset: Callable[..., QuerySet[Any, Any]]) -> None:
        self._make_queryset = make_queryset
        self._known: dict[str, tuple[str, list[tuple[int | None, Any]]]] = {}

    def rows(self, *values: QueryValue) -> list[tuple[Any, ...]]:
        """Run the query with these values and return its rows."""
        compiled = self._known.get(connection.vendor)
        if compiled is None:
            compiled = self._known[connection.vendor] = self._compile(values)
        sql, parameters = compiled
        adapted = [_adapted(value) for value in values]
        with connection.cursor() as cursor:
            cursor.execute(sql, [constant if index is None else adapted[index] for index, constant in parameters])
            return list(cursor.fetchall())

    def _compile(self, values: Sequence[QueryValue]) -> tuple[str, list[tuple[int | None, Any]]]:
        """Return the SQL, and for each of its parameters the index of its value, or the constant.

        Raises ValueError if the SQL depends on a value in another way than as a parameter, such as through `contains`
        or a slice: two sets of markers must result in the same SQL and the same constants.
        """
        sql, parameters = self._compiled(values, 0)
        if (sql, parameters) != self._compiled(values, len(values)):
            raise ValueError("a value of a precompiled query is transformed, not handed over as it is")
        if {index for index, _ in parameters if index is not None} != set(range(len(values))):
            raise ValueError("a value of a precompiled query is not a parameter of its statement")
        return sql, parameters

    def _compiled(self, values: Sequence[QueryValue], offset: int) -> tuple[str, list[tuple[int | None, Any]]]:
        markers = [_marker(offset + index, value) for index, value in enumerate(values)]
        sql, parameters = self._make_queryset(*markers).query.sql_with_params()
        places = {_adapted(marker): index for index, marker in enumerate(markers)}
        positions = [places.get(parameter) for parameter in parameters]
        return sql, [
            (index, parameter if index is None else None)
            for index, parameter in zip(positions, parameters, strict=True)
        ]


def _marker(index: int, value: QueryValue) -> QueryValue:
    """Return a value that no constant in a query has, in place of another."""
    if isinstance(value, datetime):
        return datetime(1000, 1, 1, tzinfo=UTC) + timedelta(days=index)
    return f"value {index}" if isinstance(value, str) else _FIRST + index


def _adapted(value: QueryValue) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value


GAP = 20
"""If fewer numbers than this are missing between two, one range is cheaper than two."""


def coalesced_ranges(numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges, first and last included, that contain all of these numbers, and others if they are close together.

    A range costs a fraction of a list of hundreds. The caller ignores numbers that it did not ask for.
    """
    if not numbers:
        return
    ordered = sorted(numbers)
    first = last = ordered[0]
    if ordered[-1] - first < len(ordered) + GAP:  # so few are missing in all
        yield first, ordered[-1]
        return
    for number in ordered[1:]:
        if number - last > GAP:
            yield first, last
            first = number
        last = number
    yield first, last
