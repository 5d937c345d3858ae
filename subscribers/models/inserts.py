"""Inserts of many rows, in a fifth of the time of the ORM's `bulk_create`.

Values are bound as they are, without `Field.pre_save`, and no primary keys are set on the objects but where a function
says so.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple

from django.db import connection, models

from subscribers.models.people import Subscriber, Subscription

SLICE = 5_000
INSERT = "INSERT INTO {table} ({columns}) VALUES ({places})"
UNLESS_STORED = " ON CONFLICT DO NOTHING"

_Convert = Callable[[Any], Any]


class _Columns(NamedTuple):
    """How the rows of a model are written: which attributes, and the indexes of those that have to be converted."""

    names: tuple[str, ...]
    values: Callable[[dict[str, Any]], tuple[Any, ...]]
    converted: tuple[tuple[int, _Convert], ...]


def insert_all(objects: Iterable[models.Model], *, unless_stored: bool = False) -> None:
    """Insert objects of one model, none of which has a primary key.

    With `unless_stored`, those that break a unique constraint are left out.
    """
    rows = list(objects)
    if not rows:
        return
    columns = _columns(type(rows[0]), connection.vendor)
    table, names = f'"{rows[0]._meta.db_table}"', ", ".join(f'"{n}"' for n in columns.names)
    values = [_row(columns, row) for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql" and not unless_stored:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for value in values:
                    copy.write_row(value)
        else:
            statement = INSERT.format(table=table, columns=names, places=", ".join(["%s"] * len(columns.names)))
            cursor.executemany(statement + UNLESS_STORED * unless_stored, values)


def insert_people(people: Sequence[Subscriber]) -> None:
    """Insert subscribers and set their primary keys."""
    insert_all(people)
    numbers: dict[str, int] = {}
    for some in _slices([s.key for s in people]):
        numbers.update(Subscriber.objects.filter(key__in=some).values_list("key", "pk"))
    for subscriber in people:
        subscriber.pk = numbers[subscriber.key]


def insert_ties(newsletter: str, ties: Sequence[Subscription]) -> None:
    """Insert subscriptions of saved subscribers to a newsletter, and set their primary keys."""
    for tie in ties:
        tie.subscriber_id = tie.subscriber.pk
    insert_all(ties)
    numbers: dict[int, int] = {}
    for some in _slices([tie.subscriber_id for tie in ties]):
        of_these = Subscription.objects.filter(newsletter=newsletter, subscriber__in=some)
        numbers.update(of_these.values_list("subscriber_id", "pk"))
    for tie in ties:
        tie.pk = numbers[tie.subscriber_id]


def _row(columns: _Columns, row: models.Model) -> Sequence[Any]:
    values = columns.values(vars(row))
    if not columns.converted:
        return values
    changed = list(values)
    for index, convert in columns.converted:
        if changed[index] is not None:
            changed[index] = convert(changed[index])
    return changed


@lru_cache(maxsize=32)
def _columns(model: type[models.Model], vendor: str) -> _Columns:
    """Return the columns of a model in a kind of database; the conversions are those of the thread that asked first."""
    fields = [field for field in model._meta.concrete_fields if not isinstance(field, models.AutoField)]
    converted = ((index, _conversion(field)) for index, field in enumerate(fields))
    return _Columns(
        tuple(field.get_attname_column()[1] or "" for field in fields),
        itemgetter(*(field.attname for field in fields)),
        tuple((index, convert) for index, convert in converted if convert),
    )


def _conversion(field: "models.Field[Any, Any]") -> _Convert | None:
    """Return how a field's values are converted for the database, or None if they are bound as they are."""
    if isinstance(field, models.DateTimeField):
        return lru_cache(maxsize=1024)(connection.ops.adapt_datetimefield_value)
    if isinstance(field, models.DateField):
        return connection.ops.adapt_datefield_value
    if field.choices:  # the members of enumerations
        return str
    plain = (models.CharField, models.IntegerField, models.BooleanField, models.ForeignKey)
    if isinstance(field, plain) or type(field) is models.TextField:
        return None
    return lambda value: field.get_db_prep_save(value, connection)


def _slices(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + SLICE] for start in range(0, len(values), SLICE))
