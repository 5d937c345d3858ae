"""Questions that are asked of the database for every chunk, phrased once.

For 500 readers the ORM takes longer to phrase a question than the database to answer it. Promises: what is asked is
what the queryset says, on either database; only the values that were handed over change.
"""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

Value = int | str | datetime
"""What may change from one asking to the next. A value's type stays what it was at the first."""

_FIRST = 2_000_000_000


class Phrased:
    """A question: `phrase` makes a queryset of columns (`values_list`) from the values that change.

    Columns come as the database gives them: no dates, no JSON.
    """

    def __init__(self, phrase: Callable[..., QuerySet[Any, Any]]) -> None:
        self._phrase = phrase
        self._known: dict[str, tuple[str, list[tuple[int | None, Any]]]] = {}

    def rows(self, *values: Value) -> list[tuple[Any, ...]]:
        """The answer for these values."""
        known = self._known.get(connection.vendor)
        if known is None:
            known = self._known[connection.vendor] = self._learn(values)
        sql, parameters = known
        given = [_adapted(value) for value in values]
        with connection.cursor() as cursor:
            cursor.execute(sql, [constant if at is None else given[at] for at, constant in parameters])
            return list(cursor.fetchall())

    def _learn(self, values: Sequence[Value]) -> tuple[str, list[tuple[int | None, Any]]]:
        """The statement, and for each of its parameters which value it is, or the constant."""
        marks = [_mark(at, value) for at, value in enumerate(values)]
        sql, parameters = self._phrase(*marks).query.sql_with_params()
        places = {_adapted(mark): at for at, mark in enumerate(marks)}
        return sql, [(places.get(parameter), parameter) for parameter in parameters]


def _mark(at: int, value: Value) -> Value:
    """A value that no constant of a question has, in the place of another."""
    if isinstance(value, datetime):
        return datetime(1000, 1, 1 + at, tzinfo=UTC)
    return f"value {at}" if isinstance(value, str) else _FIRST + at


def _adapted(value: Value) -> Any:
    return connection.ops.adapt_datetimefield_value(value) if isinstance(value, datetime) else value
