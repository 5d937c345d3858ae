"""A new database has the tables that all migrations would have made."""

import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from django.db import connections
from django.db.migrations.recorder import MigrationRecorder
from pytest_django.plugin import DjangoDbBlocker

from newsletter.models.migration_state import create_tables, is_empty
from tests.conftest import Site
from tests.models.test_migrations import ALIAS, database
from tests.site_texts import with_kinaforum


def tables(path: Path) -> dict[str, Any]:
    """Return what defines each table: its columns, foreign keys, constraints, indexes and number of rows."""
    with closing(sqlite3.connect(path)) as file:
        found = file.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'sqlite_sequence'")
        names = [name for (name,) in found]
        return {name: table(file, name) for name in names}


def table(file: sqlite3.Connection, name: str) -> dict[str, Any]:
    (written,) = file.execute("SELECT sql FROM sqlite_master WHERE name = ?", [name]).fetchone()
    indexes = file.execute("SELECT name, sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ?", [name])
    return {
        "columns": {column[1:] for column in file.execute(f"PRAGMA table_info('{name}')")},
        "foreign keys": {key[2:] for key in file.execute(f"PRAGMA foreign_key_list('{name}')")},
        "parts": sorted(parts(written)),
        "rows": file.execute(f"SELECT count(*) FROM '{name}'").fetchone(),
        "indexes": {(index, sql) for index, sql in indexes if sql},
    }


def parts(statement: str) -> list[str]:
    """Return the parts between the outer commas of CREATE TABLE (...)."""
    found, depth, part = [], 0, ""
    for letter in statement.partition("(")[2].rpartition(")")[0]:
        depth += (letter == "(") - (letter == ")")
        if letter == "," and not depth:
            found.append(part.strip())
            part = ""
        else:
            part += letter
    return [*found, part.strip()]


def applied(path: Path) -> set[tuple[str, str]]:
    with closing(sqlite3.connect(path)) as file:
        return set(file.execute("SELECT app, name FROM django_migrations"))


SOURCE = """
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
"""
MAKE = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import set_up, start
configuration = config.load(Path("config.toml").absolute())
if sys.argv[1] == "migrated":
    set_up(configuration)
    from django.core.management import call_command
    call_command("migrate", verbosity=0)
start(configuration)
from django.contrib.auth.models import Permission
print(Permission.objects.count())
"""


def made(folder: Path, how: str) -> tuple[Path, int]:
    """Make a database; return it and the number of permissions in it."""
    folder.mkdir()
    site = Site(folder, with_kinaforum(SOURCE))
    done = subprocess.run(
        [sys.executable, "-c", MAKE, how], cwd=folder, env=site.environment, capture_output=True, text=True, check=True
    )
    return folder / "newsletter.db", int(done.stdout)


@pytest.mark.e2e
def test_a_new_database_is_as_after_all_migrations(tmp_path: Path) -> None:
    (at_once, permissions), (migrated, wanted) = (made(tmp_path / how, how) for how in ("at once", "migrated"))
    assert permissions == wanted > 0
    first, second = tables(at_once), tables(migrated)
    assert first.keys() == second.keys()
    for name in first:
        assert first[name] == second[name], name
    assert applied(at_once) == applied(migrated)


def test_a_database_whose_creation_was_killed_is_still_empty(
    tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    class Killed(BaseException):
        pass

    def kill(model: object) -> None:
        raise Killed

    with database("sqlite", tmp_path, django_db_blocker), pytest.MonkeyPatch.context() as patch:
        patch.setattr(MigrationRecorder, "migration_qs", property(kill))
        with pytest.raises(Killed):
            create_tables(ALIAS)
        connections[ALIAS].close()
        assert is_empty(ALIAS)
