"""The tables of the program and their columns, as they are written into a backup."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from django.apps import apps
from django.db import models

Kind: TypeAlias = Literal["plain", "text", "boolean", "float", "instant", "json", "binary", "network"]
"""How values of a column are written; `plain` values are the same text in both kinds of database."""

SESSIONS = "django_session"
OTHERS = frozenset({"procrastinate"})
"""Apps whose tables exist in only one kind of database, and hold nothing that must be kept."""

_KINDS: dict[str, Kind] = {
    "BooleanField": "boolean",
    "FloatField": "float",
    "DateTimeField": "instant",
    "JSONField": "json",
    "BinaryField": "binary",
    "GenericIPAddressField": "network",
    "CharField": "text",
    "TextField": "text",
}


@dataclass(frozen=True, slots=True)
class TableColumn:
    """A column and how its values are written."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """A table: its columns, those of its primary key, and the one that is numbered by a sequence, if any."""

    name: str
    columns: tuple[TableColumn, ...]
    key: tuple[TableColumn, ...]
    numbered: str | None = None


def from_document(document: dict[str, Any]) -> Table:
    """Return the table of a manifest."""
    columns, key = (tuple(TableColumn(**column) for column in document[part]) for part in ("columns", "key"))
    return Table(document["name"], columns, key, document["numbered"])


def all_tables() -> tuple[Table, ...]:
    """Return the tables of every model, each after those that it refers to."""
    models = [model for model in apps.get_models(include_auto_created=True) if model._meta.app_label not in OTHERS]
    return tuple(_table(model) for model in _ordered(models))


def _table(model: type[models.Model]) -> Table:
    columns = {field.name: TableColumn(str(field.column), _kind(field)) for field in model._meta.concrete_fields}
    key = model._meta.pk
    if isinstance(key, models.CompositePrimaryKey):
        return Table(
            model._meta.db_table, tuple(columns.values()), tuple(_of(columns, name) for name in key.field_names)
        )
    numbered = key.column if isinstance(key, models.AutoField | models.BigAutoField) else None
    return Table(model._meta.db_table, tuple(columns.values()), (columns[key.name],), numbered)


def _of(columns: dict[str, TableColumn], name: str) -> TableColumn:
    return next(column for field, column in columns.items() if name in (field, column.name))


def _kind(field: "models.Field[Any, Any]") -> Kind:
    target: Any = field
    while isinstance(target, models.ForeignKey):
        target = target.target_field
    return _KINDS.get(target.get_internal_type(), "plain")


def _ordered(unordered: Iterable[type[models.Model]]) -> list[type[models.Model]]:
    """Sort models so that each comes after those that it refers to; references to itself don't count."""
    remaining, ordered = dict.fromkeys(unordered), list[type[models.Model]]()
    while remaining:
        ready = [model for model in remaining if not (_referred(model) & remaining.keys())]
        if not ready:
            raise ValueError(f"tables refer to each other in a circle: {[model._meta.db_table for model in remaining]}")
        for model in ready:
            ordered.append(model)
            del remaining[model]
    return ordered


def _referred(model: type[models.Model]) -> set[type[models.Model]]:
    related = {field.related_model for field in model._meta.concrete_fields if field.is_relation}
    return {other_model for other_model in related if isinstance(other_model, type) and other_model is not model}
