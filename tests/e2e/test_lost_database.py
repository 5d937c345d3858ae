"""A database that is removed while `newsletter run` is at work, and one of a newer version of the program."""

import json
import os
import re
import signal
import sqlite3
from collections.abc import Callable
from contextlib import closing, nullcontext
from zipfile import ZipFile

import pytest
import requests

from tests import settings
from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.test_run import wait_for

pytestmark = pytest.mark.e2e
TEXT = settings.TEXT.partition("[newsletters.daily]")[0] + '[web]\nport = 0\n[delivery]\nprovider = "file"\n'

OLDER = """
from pathlib import Path
from newsletter import config
from newsletter.start import set_up
set_up(config.load(Path("config.toml").absolute()))
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("migrate", "axes", "0009", verbosity=0)
"""
"""Makes a database that lacks the last migration of a library."""


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
        for address in ("", "/metrics", "/desk/login/", "/n/kinaforum/", "/api/v1/newsletters/", "/nothing-there"):
            answer(f"{where}{address}")
        for command in (("backup", "backup.zip"), ("status",), ("editions",)):
            refused = place.run(*command, status=1)
            assert refused.stdout == ""
            assert "the database file is missing while newsletter is running; put the file back" in refused.stderr
        wait_for(lambda: "sender: the database file" in answer(f"{where}/readyz")[1], 30)
        assert not database.exists(), "an empty database must not be made in its place"
        aside.rename(database)
        wait_for(lambda: answer(f"{where}/readyz")[0] == 200, 120)
        assert answer(f"{where}/n/kinaforum/subscribe")[0] == 200
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        log, _ = process.communicate()
    assert 1 <= log.count("newsletter.sending.sender: the database file") <= 2


def test_no_database_is_made_beside_the_log_of_a_missing_one(site: Callable[[str], Site]) -> None:
    place = site(TEXT)
    place.run("editions")
    database, log = place.folder / "newsletter.db", place.folder / "newsletter.db-wal"
    log.write_bytes(b"left by a program that was killed")
    database.unlink()
    sentence = place.run("editions", status=1).stderr
    assert "the database file is missing, but newsletter.db-wal, which belongs to it, is there" in sentence
    assert not database.exists()
    log.rename(place.folder / "away")
    assert "No editions yet" in place.run("editions").stdout


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
def test_an_older_database_is_upgraded_and_a_file_is_copied_first(site: Callable[[str], Site], kind: str) -> None:
    with postgresql.running() if kind == "postgresql" else nullcontext("sqlite:///newsletter.db") as url:
        place = site(TEXT.replace("sqlite:///newsletter.db", url))
        copy = place.folder / "newsletter.db.before-0010"
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
                assert copied.execute("SELECT max(name) FROM django_migrations WHERE app = 'axes'").fetchone() == (
                    "0009_add_session_hash",
                )
            copy.unlink()
        place.run("editions")
        assert not copy.exists()


def test_a_database_and_a_backup_from_before_the_first_migrations_name_the_commit_to_start_first(
    site: Callable[[str], Site],
) -> None:
    place = site(TEXT)
    place.run("backup", "new.zip")
    first, earlier = ["newsletter", "0055_machines_without_configuration"], ["newsletter", "0054_judged_posts"]
    with ZipFile(place.folder / "new.zip") as new, ZipFile(place.folder / "old.zip", "w") as old:
        for name in new.namelist():
            manifest = json.loads(new.read(name)) if name == "manifest.json" else None
            if manifest:
                others = [each for each in manifest["migrations"] if each[0] != "newsletter" or each[1] < first[1]]
                manifest["migrations"] = [*others, earlier]
            old.writestr(name, json.dumps(manifest) if manifest else new.read(name))
    refusal = place.run("restore", "old.zip", "--replace", status=1).stderr
    assert "the backup is from before commit 2fffa3b (its last migration is newsletter.0054_judged_posts)" in refusal
    assert "restore it with newsletter of commit 2fffa3b, then start this version" in refusal
    assert "No editions yet" in place.run("editions").stdout, "what is there must stay"
    with closing(sqlite3.connect(place.folder / "newsletter.db")) as database, database:
        database.execute("DELETE FROM django_migrations WHERE app = ? AND name > ?", first)
        database.execute("UPDATE django_migrations SET name = ? WHERE app = ? AND name = ?", [earlier[1], *first])
    refusal = place.run("editions", status=1).stderr
    assert "the database is from before commit 2fffa3b (its last migration is newsletter.0054_judged_posts)" in refusal
    assert "start newsletter of commit 2fffa3b with it once, then this version" in refusal
