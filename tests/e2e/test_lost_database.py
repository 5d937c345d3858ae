"""A database that is removed while `newsletter run` is at work, and one of a newer version of the program."""

import os
import re
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext

import pytest
import requests

from tests import settings
from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.test_run import wait_for

pytestmark = pytest.mark.e2e
TEXT = settings.TEXT.partition("[newsletters.daily]")[0] + '[web]\nport = 0\n[delivery]\nprovider = "file"\n'

OLDER = """
from datetime import UTC, datetime
from pathlib import Path
from newsletter import config
from newsletter.start import set_up
set_up(config.load(Path("config.toml").absolute()))
from django.core.management import call_command
from django.db import connection
call_command("migrate", "newsletter", "0037", verbosity=0)
with connection.cursor() as cursor:
    for row in (("newsletter", "0036_topics"), ("subscribers", "0001_people")):
        values = [*row, datetime(2026, 1, 1, tzinfo=UTC)]
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, %s)", values)
"""
"""Makes the database of commit a6e0b70, with two of its earlier migrations."""


def answer(address: str) -> tuple[int, str]:
    found = requests.get(address, timeout=10)
    return found.status_code, found.text


def test_a_removed_database_is_told_and_nothing_is_written_into_the_void(site: Callable[[str], Site]) -> None:
    place = site(TEXT)
    process = place.start("run")
    try:
        assert process.stdout is not None
        where = ""
        while not where:
            if found := re.search(r"the desk is at (http://[^/]+)/desk/", process.stdout.readline()):
                where = found[1]
        wait_for(lambda: answer(f"{where}/readyz")[0] == 200, 60)
        database, aside = place.folder / "newsletter.db", place.folder / "aside.db"
        database.rename(aside)
        status, text = answer(f"{where}/readyz")
        assert status == 503
        assert f"the database file {database} was removed; stop newsletter, restore the file" in text
        assert answer(f"{where}/n/kinaforum/subscribe")[0] == 503
        assert answer(f"{where}/healthz") == (200, "ok\n")
        wait_for(lambda: "sender: the database file" in answer(f"{where}/readyz")[1], 30)
        assert not database.exists(), "an empty database must not be made in its place"
        aside.rename(database)
        wait_for(lambda: answer(f"{where}/readyz")[0] == 200, 120)
        assert answer(f"{where}/n/kinaforum/subscribe")[0] == 200
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        log, _ = process.communicate()
    assert 1 <= log.count("newsletter.sending.sender: the database file") <= 2


def test_an_older_program_leaves_a_newer_database_alone(site: Callable[[str], Site]) -> None:
    place = site(TEXT)
    place.run("editions")
    with closing(sqlite3.connect(place.folder / "newsletter.db")) as database, database:
        row = ("newsletter", "9999_from_the_future", "2030-01-01")
        database.execute("INSERT INTO django_migrations (app, name, applied) VALUES (?, ?, ?)", row)
    told = place.run("editions", status=1).stderr
    assert "a newer version of newsletter has changed the database (newsletter.9999_from_the_future)" in told
    assert told.count("\n") == 1


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_a_database_of_the_first_migrations_is_upgraded_and_a_file_is_copied_first(
    site: Callable[[str], Site], kind: str
) -> None:
    with postgresql.running() if kind == "postgresql" else nullcontext("sqlite:///newsletter.db") as url:
        place = site(TEXT.replace("sqlite:///newsletter.db", url))
        copy = place.folder / "newsletter.db.before-0038"
        copy.with_name(f"{copy.name}.part").write_bytes(b"left by a process that was killed")
        place.script(OLDER)
        if kind == "postgresql":
            told = place.run("workers", status=1).stderr
            assert "needs changes of the database that were not made yet (" in told
        assert "No editions yet" in place.run("editions").stdout
        assert copy.exists() == (kind == "sqlite")
        if kind == "sqlite":
            assert copy.stat().st_mode & 0o777 == 0o600
            with closing(sqlite3.connect(copy)) as copied:
                assert copied.execute(
                    "SELECT max(name) FROM django_migrations WHERE app = 'newsletter'"
                ).fetchone() == ("0037_attempts",)
            copy.unlink()
        place.run("editions")
        assert not copy.exists()
