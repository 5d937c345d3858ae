"""Whether the database's migrations are those of this version of the program, and the tables of a new one."""

import pkgutil
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.core.management.sql import emit_post_migrate_signal
from django.db import DEFAULT_DB_ALIAS, connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Model

OURS = ("newsletter", "subscribers")


def waiting_migrations() -> list[str]:
    """Return the names of pending migrations."""
    if _all_applied():
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unknown_migrations() -> list[str]:
    """Return the names of applied migrations that only a newer version of the program has."""
    if _all_applied():
        return []
    loader = MigrationExecutor(connection).loader
    applied = (key for key in loader.applied_migrations if key[0] in OURS)
    return [f"{app}.{name}" for app, name in sorted(applied) if (app, name) not in loader.disk_migrations]


def _all_applied() -> bool:
    """Return whether the database has just the migrations of this program, by their names.

    Each command and each request to `/readyz` asks. Importing all migrations would take a tenth of a second.
    """
    labels = {each.label for each in apps.get_app_configs()}
    applied = MigrationRecorder(connection).applied_migrations()
    return {key for key in applied if key[0] in labels} == _migrations_on_disk()


@cache
def _migrations_on_disk() -> frozenset[tuple[str, str]]:
    """Return the app and name of each migration of the installed apps, without importing it."""
    found = set[tuple[str, str]]()
    for each in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(each.label)
        if module is None or find_spec(module) is None:
            continue  # an app without migrations
        folder = import_module(module).__path__
        found |= {(each.label, name) for _, name, _ in pkgutil.iter_modules(folder) if name[0] not in "_~"}
    return frozenset(found)


def newer_database(unknown: list[str]) -> str:
    """Return the sentence for a database that is newer than the program."""
    return (
        f"site.database: a newer version of newsletter has changed the database ({unknown[-1]}), and this version "
        "could damage it; install the newer version again, or restore a backup from before the upgrade"
    )


def is_empty(alias: str = DEFAULT_DB_ALIAS) -> bool:
    """Return whether this is a SQLite database without tables."""
    found = connections[alias]
    return found.vendor == "sqlite" and not found.introspection.table_names()


def create_tables(alias: str = DEFAULT_DB_ALIAS) -> None:
    """Create the tables of all models in an empty SQLite database, and record all migrations as applied.

    It takes a fifth of the time of the migrations, whose result it has (`tests/models/test_new_database.py`). It is one
    transaction: a database whose program was killed meanwhile is still empty.
    """
    recorder = MigrationRecorder(connections[alias])
    models: list[type[Model]] = [recorder.Migration, *apps.get_models()]
    with connections[alias].schema_editor() as editor:
        for model in models:
            if model._meta.managed and not model._meta.proxy:
                editor.create_model(model)
        for app, name in sorted(MigrationLoader(None).graph.nodes):
            recorder.migration_qs.create(app=app, name=name)
    emit_post_migrate_signal(verbosity=0, interactive=False, db=alias)
