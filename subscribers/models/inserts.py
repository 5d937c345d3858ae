"""Inserts of many rows, in a fifth of the time of the ORM's `bulk_create`.

Values are bound as they are, without `Field.pre_save`, and no primary keys are set on the objects but where a function
says so. `unsaved` makes an object in a tenth of the time of its class.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState

from subscribers.models.people import Subscriber, Subscription, TagsField

SLICE = 5_000
SELECT = "SELECT {names} FROM {table} WHERE {column} IN ({places})"
INSERT = "INSERT INTO {table} ({columns}) VALUES ({places})"
UNLESS_STORED = " ON CONFLICT DO NOTHING"

_Convert = Callable[[Any], Any]
_Model = TypeVar("_Model", bound=models.Model)


class _Columns(NamedTuple):
    """How the rows of a model are written: which attributes, and the indexes of those that have to be converted."""

    names: tuple[str, ...]
    values: Callable[[dict[str, Any]], tuple[Any, ...]]
    converted: tuple[tuple[int, _Convert], ...]


def unsaved(model: type[_Model], **values: Any) -> _Model:
    """Return a new object with these values by the names of attributes, such as `subscriber_id`; all whose default is a
    function must be among them. No signals are sent.
    """
    made = model.__new__(model)
    made._state = ModelState()
    made.__dict__.update(_defaults(model))
    made.__dict__.update(values)
    return made


@lru_cache(maxsize=32)
def _defaults(model: type[models.Model]) -> dict[str, Any]:
    """Return the defaults that are values."""
    fields = [f for f in model._meta.concrete_fields if not (f.has_default() and callable(f.default))]
    return {field.attname: field.get_default() if field.has_default() else _empty(field) for field in fields}


def _empty(field: "models.Field[Any, Any]") -> Any:
    return "" if field.empty_strings_allowed and not field.null else None


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
    numbers = dict(select_in(Subscriber, ("key", "id"), "key", [s.key for s in people]))
    for subscriber in people:
        subscriber.pk = numbers[subscriber.key]


def insert_ties(newsletter: str, ties: Sequence[Subscription]) -> None:
    """Insert subscriptions of saved subscribers to a newsletter, and set their primary keys."""
    for tie in ties:
        tie.subscriber_id = tie.subscriber.pk
    insert_all(ties)
    of_these = [tie.subscriber_id for tie in ties]
    rows = select_in(Subscription, ("subscriber_id", "newsletter", "id"), "subscriber_id", of_these)
    numbers = {subscriber: number for subscriber, name, number in rows if name == newsletter}
    for tie in ties:
        tie.pk = numbers[tie.subscriber_id]


def select_in(
    model: type[models.Model], columns: Sequence[str], column: str, values: Sequence[Any]
) -> Iterator[tuple[Any, ...]]:
    """Yield columns, as the database has them, of the rows with one of these values; the ORM takes four times as long
    for thousands of values.
    """
    names = ", ".join(f'"{name}"' for name in columns)
    for some in _slices(values):
        places = ", ".join(["%s"] * len(some))
        statement = SELECT.format(names=names, table=f'"{model._meta.db_table}"', column=f'"{column}"', places=places)
        with connection.cursor() as cursor:
            cursor.execute(statement, list(some))
            yield from cursor.fetchall()


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
        return _sqlite_time if connection.vendor == "sqlite" else connection.ops.adapt_datetimefield_value
    if isinstance(field, models.DateField):
        return connection.ops.adapt_datefield_value
    if field.choices:  # the members of enumerations
        return str
    if isinstance(field, TagsField):
        return lru_cache(maxsize=1024)(field.get_prep_value)
    plain = (models.CharField, models.IntegerField, models.BooleanField, models.ForeignKey)
    if isinstance(field, plain) or type(field) is models.TextField:
        return None
    return lambda value: field.get_db_prep_save(value, connection)


def _sqlite_time(value: datetime) -> Any:
    """Return a time as SQLite stores it: in UTC, without saying so."""
    if value.tzinfo is UTC:
        return value.isoformat(" ").removesuffix("+00:00")
    return connection.ops.adapt_datetimefield_value(value)


def _slices(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + SLICE] for start in range(0, len(values), SLICE))
