"""Case-insensitive search in any alphabet; SQLite's LIKE and LOWER support only ASCII."""

import unicodedata
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import CharField, Func


def fold(text: str) -> str:
    """Return the text case-folded and normalized (Unicode 3.13), so that a composed Å matches a decomposed one."""
    return text.lower() if text.isascii() else unicodedata.normalize("NFKC", text).lower()


class Folded(Func):
    """`fold` in the database. With the collation C, PostgreSQL's LOWER would change only ASCII."""

    arity = 1
    output_field = CharField()
    template = 'LOWER(NORMALIZE(%(expressions)s, NFKC) COLLATE "und-x-icu")'

    def as_sqlite(self, compiler: Any, connection: BaseDatabaseWrapper, **extra: Any) -> tuple[str, Any]:
        """Use the Python function, which `_add_function` adds to each connection."""
        return self.as_sql(compiler, connection, template="subscribers_fold(%(expressions)s)", **extra)


def _add_function(connection: BaseDatabaseWrapper, **_: Any) -> None:
    if connection.vendor == "sqlite":
        connection.connection.create_function("subscribers_fold", 1, fold, deterministic=True)


connection_created.connect(_add_function, dispatch_uid="subscribers_fold")
