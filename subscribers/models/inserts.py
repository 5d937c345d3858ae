"""Inserts of many rows, in a fifth of the time of the ORM's `bulk_create`.

Values are bound as they are, without `Field.pre_save`, and no primary keys are set on the objects but by
`insert_numbered`. `unsaved` makes an object in a tenth of the time of its class.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeVar

from django.db import connection, models
from django.db.models.base import ModelState
from django.db.models.fields import NOT_PROVIDED

from subscribers.models.people import TagsField

SLICE = 5_000
SELECT = 'SELECT "{column}" FROM "{table}" WHERE "{column}" IN ({places})'
INSERT = "INSERT INTO {table} ({columns}) VALUES {rows}"
UNLESS_STORED = " ON CONFLICT DO NOTHING"
AT_ONCE = 50
"""The rows of a statement on SQLite, which takes half the time of one for each row."""
LAST_KEY = "SELECT seq FROM sqlite_sequence WHERE name = %s"
NEXT_KEYS = "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)"
CACHE = 32 << 10
"""The KiB of a SQLite database that an import keeps in memory; by default it is 2 MB, and pages are written twice."""

_Convert = Callable[[Any], Any]
_Model = TypeVar("_Model", bound=models.Model)


class _Columns(NamedTuple):
    """How the rows of a model are written: which attributes, how each is converted, and what the database puts where a
    statement leaves a column out (`_NOTHING` if it must not).
    """

    names: tuple[str, ...]
    values: Callable[[dict[str, Any]], tuple[Any, ...]]
    conversions: tuple[_Convert | None, ...]
    defaults: tuple[Any, ...]


_NOTHING = object()


def unsaved(model: type[_Model], **values: Any) -> _Model:
    """Return a new object with these values by the names of attributes, such as `subscriber_id`; all whose default is a
    function must be among them. No signals are sent.
    """
    instance = model.__new__(model)
    instance.__dict__ = {**_defaults(model), **values, "_state": ModelState()}
    return instance


@lru_cache(maxsize=32)
def _defaults(model: type[models.Model]) -> dict[str, Any]:
    """Return the defaults that are values; of a field without one, what Django puts in its place."""
    fields = [f for f in model._meta.concrete_fields if not (f.has_default() and callable(f.default))]
    return {field.attname: field.get_default() for field in fields}


def insert_all(objects: Iterable[models.Model], *, unless_stored: bool = False) -> None:
    """Insert objects of one model, none of which has a primary key.

    With `unless_stored`, those that break a unique constraint are left out.
    """
    if rows := list(objects):
        _insert(type(rows[0]), list(map(vars, rows)), False, unless_stored)


def insert_values(model: type[models.Model], rows: Iterable[dict[str, Any]]) -> None:
    """Insert rows that are not made to objects; their values are those that `unsaved` takes."""
    defaults = _defaults(model)
    if values := [{**defaults, **row} for row in rows]:
        _insert(model, values, False, False)


def insert_numbered(rows: Sequence[models.Model]) -> None:
    """Insert objects of one model, none of which has a primary key, and set it. The caller holds a transaction."""
    if not rows:
        return
    name = rows[0]._meta.pk.attname
    for row, key in zip(rows, _new_keys(type(rows[0]), len(rows)), strict=True):
        row.__dict__[name] = key  # the property `pk` takes ten times as long
    _insert(type(rows[0]), list(map(vars, rows)), True, False)


def _new_keys(model: type[models.Model], count: int) -> Iterable[int]:
    """Return primary keys that no other row gets. On SQLite, a transaction that writes is alone."""
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(NEXT_KEYS, [f'"{table}"', count])
            return [key for (key,) in cursor.fetchall()]
        cursor.execute(LAST_KEY, [table])
        sequence = cursor.fetchone()
    start = (sequence[0] if sequence else 0) + 1
    return range(start, start + count)


def _insert(model: type[models.Model], rows: Sequence[dict[str, Any]], numbered: bool, unless_stored: bool) -> None:
    columns, values = _written(rows, _columns(model, connection.vendor, numbered))
    table, names = f'"{model._meta.db_table}"', ", ".join(f'"{n}"' for n in columns)
    with connection.wrap_database_errors, connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            _insert_in_sqlite(table, names, len(columns), values, unless_stored)
        elif unless_stored:
            places = f"({', '.join(['%s'] * len(columns))})"
            statement = INSERT.format(table=table, columns=names, rows=places)
            cursor.executemany(statement + UNLESS_STORED, list(values))
        else:
            with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
                for value in values:
                    copy.write_row(value)


def _insert_in_sqlite(
    table: str, names: str, columns: int, values: Iterator[tuple[Any, ...]], unless_stored: bool
) -> None:
    """Insert many rows with each statement, through the driver, since Django converts every placeholder each time.

    A failure needs no copies of the pages that the statement changed (`OR FAIL`): it ends the whole transaction.
    """
    insert = INSERT.replace("INSERT", "INSERT OR FAIL") + UNLESS_STORED * unless_stored
    while batch := list(islice(values, AT_ONCE)):
        statement = insert.format(table=table, columns=names, rows=_places(len(batch), columns))
        connection.connection.execute(statement, list(chain.from_iterable(batch)))


@lru_cache(maxsize=64)
def _places(rows: int, columns: int) -> str:
    """Return SQLite's placeholders of some rows."""
    return ", ".join([f"({', '.join('?' * columns)})"] * rows)


@contextmanager
def large_cache() -> Iterator[None]:
    """Keep more of a SQLite database in memory for many random inserts."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA cache_size")
        usual = int(cursor.fetchone()[0])
        cursor.execute(f"PRAGMA cache_size = -{CACHE}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"PRAGMA cache_size = {usual}")


def stored_values(model: type[models.Model], column: str, values: Sequence[str]) -> Iterator[str]:
    """Yield those of the values that rows have in a column; the ORM takes four times as long for thousands."""
    for batch in slices(values):
        places = ", ".join(["%s"] * len(batch))
        with connection.cursor() as cursor:
            cursor.execute(SELECT.format(table=model._meta.db_table, column=column, places=places), list(batch))
            yield from (value for (value,) in cursor.fetchall())


def _written(rows: Sequence[dict[str, Any]], columns: _Columns) -> tuple[list[str], Iterator[tuple[Any, ...]]]:
    """Return the columns to write, and the values of each row in them.

    Columns in which all rows have what the database puts there anyhow are left out, since binding a value takes longer.
    """
    names: list[str] = []
    columns_of_values: list[Sequence[Any]] = []
    by_column = zip(*map(columns.values, rows), strict=True)
    for name, convert, default, values in zip(
        columns.names, columns.conversions, columns.defaults, by_column, strict=True
    ):
        if values[0] == default and values.count(default) == len(values):
            continue
        names.append(name)
        if convert and None in values:
            columns_of_values.append([None if value is None else convert(value) for value in values])
        else:
            columns_of_values.append(list(map(convert, values)) if convert else values)
    return names, zip(*columns_of_values, strict=True)


@lru_cache(maxsize=64)
def _columns(model: type[models.Model], _vendor: str, numbered: bool) -> _Columns:
    """Return the columns of a model in a kind of database, with the primary key if it is `numbered`; the conversions
    are those of the thread that asked first.
    """
    fields = [field for field in model._meta.concrete_fields if numbered or not isinstance(field, models.AutoField)]
    return _Columns(
        tuple(field.get_attname_column()[1] or "" for field in fields),
        itemgetter(*(field.attname for field in fields)),
        tuple(_conversion(field) for field in fields),
        tuple(_put_by_database(field) for field in fields),
    )


def _put_by_database(field: "models.Field[Any, Any]") -> Any:
    """Return what the database puts where a statement leaves a column out."""
    default = getattr(field, "db_default", NOT_PROVIDED)
    if default is NOT_PROVIDED:
        return None if field.null else _NOTHING
    return default if isinstance(default, str | int) else _NOTHING


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
    if isinstance(field, models.JSONField):
        return lambda value: connection.ops.adapt_json_value(value, field.encoder)
    plain = (models.AutoField, models.CharField, models.IntegerField, models.BooleanField, models.ForeignKey)
    if isinstance(field, plain) or type(field) is models.TextField:
        return None
    return lambda value: field.get_db_prep_save(value, connection)


@lru_cache(maxsize=4096)
def _sqlite_time(value: datetime) -> Any:
    """Return a time as SQLite stores it: in UTC, without saying so."""
    if value.tzinfo is UTC:
        return value.isoformat(" ").removesuffix("+00:00")
    return connection.ops.adapt_datetimefield_value(value)


def slices(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    """Return the values in slices, as many as one statement takes."""
    return (values[start : start + SLICE] for start in range(0, len(values), SLICE))
