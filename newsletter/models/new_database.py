"""Creates the tables of a new SQLite database from the models, in a fifth of the time that all migrations take.

The result is that of the migrations (`tests/models/test_new_database.py` compares the two), and they are recorded as
applied. It is one transaction: a database whose program was killed meanwhile is still empty.
"""

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model


def is_empty(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Return whether this is a SQLite database without tables."""
    connection = connections[alias]
    return connection.vendor == "sqlite" and not connection.introspection.table_names()


def create_tables(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Create the tables of all models in an empty database."""
    connection = connections[alias]
    recorder = MigrationRecorder(connection)
    models: list[type[Model]] = [recorder.Migration, *apps.get_models()]
    with connection.schema_editor() as editor:
        for model in models:
            if model._meta.managed and not model._meta.proxy:
                editor.create_model(model)
        for app, name in sorted(MigrationLoader(None).graph.nodes):
            recorder.migration_qs.create(app=app, name=name)
    emit_post_migrate_signal(verbosity=0, interactive=False, db=alias)
