"""An older copy of the database, put in its place: nothing is sent from it until a person decides, and then nothing
twice.
"""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.running_site import RunningSite
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE, MailServer, eventually

pytestmark = pytest.mark.e2e
Made = Callable[..., Any]
READERS = 300
LEAVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers import preferences
from subscribers.models import Subscription
preferences.unsubscribe(Subscription.objects.order_by("-pk").first().pk, datetime.now(UTC))
"""


def test_an_older_copy_sends_nothing_until_it_is_confirmed_and_then_nothing_twice(
    prepared: Made, server: MailServer
) -> None:
    server.kill()
    server.seconds = 0.1
    server.start()
    site = prepared(READERS, delivery="connections = 2")
    database, copy = site.folder / "newsletter.db", site.folder / "copy.db"
    running = RunningSite(site)
    try:
        server.wait_for(66)
        shutil.copy(database, copy)
        server.wait_for(150)
        site.script(LEAVE)
    finally:
        running.end()
    copy.replace(database)
    got = dict(server.got)

    running = RunningSite(site)
    try:
        eventually(lambda: "the database is an older copy" in running.said())
        assert "the database is an older copy" in site.run("status").stderr
        assert dict(server.got) == got
        site.run("restore", "--confirm")
        site.run("resume", EDITION)
        eventually(lambda: site.json("status", EDITION)["state"] == "sent")
    finally:
        running.end()
    counts = site.json("status", EDITION)
    assert set(server.got.values()) == {1}
    assert counts["pending"] == 0
    assert counts["accepted"] + counts["unknown"] + counts["skipped"] == READERS
    assert counts["skipped"] == 1  # who unsubscribed after the copy
    assert counts["unknown"] == 0
    assert len(server.got) == READERS - 1


def test_the_newer_database_is_put_back_and_sends_as_if_nothing_had_been(prepared: Made, server: MailServer) -> None:
    site = prepared(READERS, delivery="connections = 2")
    database, kept = site.folder / "newsletter.db", site.folder / "kept.db"
    for name in ("copy.db", "newest.db"):
        run_until(site, lambda _: site.json("status", EDITION)["state"] == "sent")
        shutil.copy(database, site.folder / name)
    database.rename(kept)
    (site.folder / "copy.db").rename(database)
    run_until(site, lambda running: "the database is an older copy" in running.said())
    assert not database.with_name("newsletter.db-wal").exists()  # it would be applied to the other file
    kept.replace(database)
    site.run("send", EDITION, "--wait", status=None)
    assert site.json("status", EDITION)["accepted"] == READERS
    assert set(server.got.values()) == {1}


@pytest.mark.postgresql
def test_an_older_copy_in_postgresql_is_recognized(tmp_path: Path, server: MailServer) -> None:
    with postgresql.running() as url:
        place, _, name = url.rpartition("/")
        site = site_with(tmp_path, server, url)
        site.script(PREPARE, READERS)
        site.run("send", EDITION, "--wait")
        with psycopg.connect(f"{place}/postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}_older TEMPLATE {name}")
        note = (site.folder / "journal" / "renewals").read_text(encoding="ascii")
        run_until(site, lambda _: (site.folder / "journal" / "renewals").read_text(encoding="ascii") != note)
        site = site_with(tmp_path, server, f"{place}/{name}_older")
        run_until(site, lambda running: "the database is an older copy" in running.said())
        assert "the database is an older copy" in site.run("status").stderr
        assert site.json("restore", "--confirm")["confirmed"]
        assert "older copy" not in site.run("status").stderr
        assert set(server.got.values()) == {1}
        with psycopg.connect(f"{place}/postgres", autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name}_older WITH (FORCE)")


def run_until(site: Site, condition: Callable[[RunningSite], bool]) -> None:
    running = RunningSite(site)
    try:
        eventually(lambda: condition(running))
    finally:
        running.end()


def site_with(folder: Path, server: MailServer, url: str) -> Site:
    text = CONFIG.format(port=server.port, delivery="connections = 2")
    return Site(folder, text.replace("[site]", f'[site]\ndatabase = "{url}"\nsecret_key = "the same key everywhere"'))
