"""Check whether the database's migrations match this version of the program."""

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

OURS = ("newsletter", "subscribers")


def waiting_migrations() -> list[str]:
    """Return the names of pending migrations."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unknown_migrations() -> list[str]:
    """Return the names of applied migrations that only a newer version of the program has."""
    loader = MigrationExecutor(connection).loader
    applied = (key for key in loader.applied_migrations if key[0] in OURS)
    return [f"{app}.{name}" for app, name in sorted(applied) if (app, name) not in loader.disk_migrations]


def newer_database(unknown: list[str]) -> str:
    """Return the sentence for a database that is newer than the program."""
    return (
        f"site.database: a newer version of newsletter has changed the database ({unknown[-1]}), and this version "
        "could damage it; install the newer version again, or restore a backup from before the upgrade"
    )
