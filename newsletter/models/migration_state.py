"""Whether the database's migrations are those of this version of the program."""

import pkgutil
from collections.abc import Collection
from functools import cache
from importlib import import_module
from importlib.util import find_spec

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

OURS = ("newsletter", "subscribers")
FIRST_COMMIT = "2fffa3b"
"""The commit whose tables the first migrations of our apps make, under the names of the last migrations it had."""


Migrations = Collection[tuple[str, str]]
"""The app and the name of each."""


def waiting_migrations(applied: Migrations | None = None) -> list[str]:
    """Return the names of pending migrations; the database is asked for the `applied` ones if they aren't given."""
    if without_earlier(applied_migrations() if applied is None else applied) == _migrations_on_disk():
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def unknown_migrations(applied: Migrations | None = None) -> list[str]:
    """Return the names of applied migrations that only a newer version of the program has."""
    unknown = sorted(without_earlier(applied_migrations() if applied is None else applied) - _migrations_on_disk())
    return [f"{app}.{name}" for app, name in unknown if app in OURS]


def too_old(applied: Migrations) -> str:
    """Return the last migration of an app that has applied some from before the first one and not that one, or ""."""
    for app in OURS:
        first = _first_migrations()[app]
        last = max((name for label, name in applied if label == app), default=first)
        if last < first:
            return f"{app}.{last}"
    return ""


def without_earlier(applied: Migrations) -> set[tuple[str, str]]:
    """Return the migrations without those that the first of each app has taken in."""
    first = _first_migrations()
    return {(app, name) for app, name in applied if app in first and name >= first[app]}


def applied_migrations() -> set[tuple[str, str]]:
    """Return the app and name of each migration that the database has."""
    return set(MigrationRecorder(connection).applied_migrations())


@cache
def _first_migrations() -> dict[str, str]:
    """Return the name of the first migration of each installed app."""
    return dict(sorted(_migrations_on_disk(), reverse=True))


@cache
def _migrations_on_disk() -> frozenset[tuple[str, str]]:
    """Return the app and name of each migration of the installed apps, without importing it.

    Each command and each request to `/readyz` asks. Importing all migrations would take a tenth of a second.
    """
    names = set[tuple[str, str]]()
    for app in apps.get_app_configs():
        module, _ = MigrationLoader.migrations_module(app.label)
        if module is None or find_spec(module) is None:
            continue  # an app without migrations
        folder = import_module(module).__path__
        names |= {(app.label, name) for _, name, _ in pkgutil.iter_modules(folder) if name[0] not in "_~"}
    return frozenset(names)


def older_database(last: str) -> str:
    """Return the sentence for a database that is too old to be upgraded."""
    return (
        f"site.database: the database is from before commit {FIRST_COMMIT} (its last migration is {last}), and this "
        f"version can't upgrade it; start newsletter of commit {FIRST_COMMIT} with it once, then this version"
    )


def newer_database(unknown: list[str]) -> str:
    """Return the sentence for a database that is newer than the program."""
    return (
        f"site.database: a newer version of newsletter has changed the database ({unknown[-1]}), and this version "
        "could damage it; install the newer version again, or restore a backup from before the upgrade"
    )
