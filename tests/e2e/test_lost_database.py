"""A database that is removed while `newsletter run` is at work, and one of a newer version of the program."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing

import pytest
import requests

from tests import settings
from tests.conftest import Site
from tests.e2e.test_run import wait_for

pytestmark = pytest.mark.e2e
TEXT = settings.TEXT.partition("[newsletters.daily]")[0] + '[web]\nport = 0\n[delivery]\nprovider = "file"\n'

OLDER = """
import os
from pathlib import Path
from newsletter import config
config.use(config.load(Path("config.toml").absolute()))
os.environ["DJANGO_SETTINGS_MODULE"] = "newsletter.settings"
import django
django.setup()
from django.core.management import call_command
call_command("migrate", "newsletter", "0008", verbosity=0)
"""
"""Makes the database of an earlier version."""


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


def test_an_upgrade_copies_the_database_first(site: Callable[[str], Site]) -> None:
    place = site(TEXT)
    place.run("editions")
    database, copy = place.folder / "newsletter.db", place.folder / "newsletter.db.before-0009"
    assert not copy.exists(), "a new database has nothing to be kept"
    for file in place.folder.glob("newsletter.db*"):
        file.unlink()
    subprocess.run([sys.executable, "-c", OLDER], cwd=place.folder, env=place.environment, check=True)
    with closing(sqlite3.connect(database)) as older, older:
        older.execute("CREATE TABLE kept (id)")
    place.run("editions")
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as copied:
        names = {name for (name,) in copied.execute("SELECT name FROM sqlite_master")}
    assert "kept" in names
    assert "newsletter_bouncemailbox" not in names
