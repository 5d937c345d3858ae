"""A backup that is made while an edition is sent, and restored after the database is lost: nothing is sent twice."""

import shutil
import signal
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import Site
from tests.e2e.sending_samples import EDITION, MailServer, kill_all

pytestmark = pytest.mark.e2e
Made = Callable[..., Any]
READERS = 3_000
SLOW, FAST = 0.1, 0.001
"""Seconds that the mail server takes for each message: while something else must happen, and for the rest."""

LEAVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers import preferences
from subscribers.models import Subscription
for address in sys.argv[1:]:
    preferences.unsubscribe(Subscription.objects.get(subscriber__key=address).pk, datetime.now(UTC))
"""


def python(site: Site, code: str, *words: str) -> None:
    site.script(code, *words)


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A server that is so slow that no command takes as long as an edition."""
    found = MailServer(SLOW)
    found.start()
    yield found
    found.kill()


def hurry(server: MailServer) -> None:
    server.kill()
    server.seconds = FAST
    server.start()


def lose_database(site: Site) -> None:
    for path in site.folder.glob("newsletter.db*"):
        path.unlink()


def moved(site: Site, folder: Path) -> Site:
    """The same site on another machine, without its database."""
    shutil.copytree(site.folder, folder, ignore=shutil.ignore_patterns("newsletter.db*", "machine"))
    return Site(folder, (site.folder / "config.toml").read_text(encoding="utf-8"))


def test_a_backup_made_during_sending_is_restored_elsewhere_three_times_with_kills(
    prepared: Made, server: MailServer, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    site, left, unknown = prepared(READERS), set[str](), 0
    for turn in range(3):
        process = site.start("send", EDITION, "--wait")
        server.wait_for(server.got.total() + 50, 60)
        backup = tmp_path_factory.mktemp("backups") / "newsletter.zip"
        site.run("backup", backup)
        server.wait_for(server.got.total() + 50, 60)
        leaving = [f"r{READERS - 10 * turn - n}@reader.example" for n in range(3)]
        python(site, LEAVE, *leaving)
        left.update(leaving)
        kill_all(process)
        site = moved(site, tmp_path_factory.mktemp("elsewhere") / "site")
        told = site.json("restore", backup)
        assert "has been read from the recovery log" in told["reason"]
        counted = site.json("status", EDITION)
        assert counted["state"] == "paused"
        assert counted["unknown"] - unknown <= 8, "two for each of four connections"
        unknown = counted["unknown"]
        held = site.run("send", EDITION, "--wait", status=3)
        assert "restored from a backup" in held.stderr + held.stdout
        site.run("resume", EDITION)
        before = server.got.total()
        waiting = site.start("send", EDITION, "--wait")
        said, _ = waiting.communicate(timeout=60)
        assert "nothing is sent until you confirm it" in said
        assert server.got.total() == before
        site.run("restore", "--confirm")
    hurry(server)
    site.run("send", EDITION, "--wait", status=None)
    counted = site.json("status", EDITION)
    assert (counted["state"], counted["pending"], counted["skipped"]) == ("sent", 0, len(left))
    server.wait_for(READERS - counted["unknown"] - len(left))
    assert set(server.got.values()) == {1}
    assert not left & set(server.got)
    named = {one["address"] for one in counted["unknown_deliveries"]}
    assert {f"r{n}@reader.example" for n in range(1, READERS + 1)} - set(server.got) <= named | left


def test_an_edition_that_began_after_the_backup_is_not_sent_again(
    prepared: Made, server: MailServer, tmp_path: Path
) -> None:
    site = prepared(1_500)
    site.run("backup", "before.zip")
    process = site.start("send", EDITION, "--wait")
    server.wait_for(60, 60)
    kill_all(process)
    taken = server.got.total()
    site.run("restore", "before.zip", status=1)
    assert (site.folder / "newsletter.db").exists()
    site.run("restore", "before.zip", "--replace")
    counted = site.json("status", EDITION)
    assert counted["state"] == "paused"
    assert counted["audience"] == 1_500
    assert counted["accepted"] + counted["unknown"] >= taken
    site.run("restore", "--confirm")
    site.run("resume", EDITION)
    hurry(server)
    site.run("send", EDITION, "--wait", status=None)
    counted = site.json("status", EDITION)
    server.wait_for(1_500 - counted["unknown"])
    assert set(server.got.values()) == {1}
    assert len(list(site.folder.glob("newsletter.db.replaced-*"))) >= 1


def test_without_the_recovery_log_everything_that_was_not_sent_is_unknown(
    prepared: Made, server: MailServer, tmp_path: Path
) -> None:
    site = prepared(1_200)
    process = site.start("send", EDITION, "--wait")
    server.wait_for(50, 60)
    site.run("backup", "during.zip")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    shutil.rmtree(site.folder / "recovery-log")
    lose_database(site)
    told = site.json("restore", "during.zip")
    assert "without the recovery log" in told["reason"]
    counted = site.json("status", EDITION)
    assert (counted["state"], counted["pending"], counted["deferred"]) == ("paused", 0, 0)
    assert counted["accepted"] + counted["unknown"] == 1_200
    assert counted["unknown"] > 0
    site.run("restore", "--confirm")
    site.run("resume", EDITION)
    before = server.got.total()
    site.run("send", EDITION, "--wait", status=3)
    assert server.got.total() == before


def test_restoring_over_a_database_that_crashed_refuses_its_log_and_keeps_it_when_told_to_replace_it(
    prepared: Made, server: MailServer
) -> None:
    site = prepared(600)
    site.run("backup", "before.zip")
    with closing(sqlite3.connect(site.folder / "newsletter.db")) as database:
        database.execute("PRAGMA wal_autocheckpoint = 0")
        database.execute("CREATE TABLE left_by_a_crash (id)")
        database.commit()
        for name in ("newsletter.db", "newsletter.db-wal"):
            shutil.copy(site.folder / name, site.folder / f"{name}.kept")
    lose = [path for path in site.folder.glob("newsletter.db*") if not path.name.endswith(".kept")]
    for path in lose:
        path.unlink()
    (site.folder / "newsletter.db-wal.kept").rename(site.folder / "newsletter.db-wal")
    told = site.run("restore", "before.zip", status=1).stderr
    assert "newsletter.db-wal: there is a database already, or its log" in told
    site.run("restore", "before.zip", "--replace")
    assert [path.name.endswith("-wal") for path in site.folder.glob("newsletter.db.replaced-*")] == [True]
    assert site.json("status", EDITION)["state"] == "approved"


def test_a_damaged_backup_and_a_running_program_are_refused(prepared: Made, server: MailServer) -> None:
    site = prepared(100)
    site.run("backup", "whole.zip")
    whole = (site.folder / "whole.zip").read_bytes()
    assert (site.folder / "whole.zip").stat().st_mode & 0o777 == 0o600
    (site.folder / "short.zip").write_bytes(whole[:-1_000])
    told = site.run("restore", "short.zip", "--replace", status=1).stderr
    assert "is not a complete backup" in told
    at = whole.index(b"tables/newsletter_edition") + 60
    (site.folder / "changed.zip").write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    told = site.run("restore", "changed.zip", "--replace", status=1).stderr
    assert "newsletter_edition is damaged" in told
    assert site.json("status", EDITION)["state"] == "queued"
