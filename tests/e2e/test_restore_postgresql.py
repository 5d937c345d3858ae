"""A PostgreSQL database that is backed up while an edition is sent, and restored: in its place, and into SQLite."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from newsletter.backup import BackupProblem, restore
from newsletter.scheduling.housekeeping import OLD_SCHEMAS
from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE, MailServer, kill_all

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]
READERS = 3_000
FORGET = "UPDATE newsletter_machine SET seen_at = clock_timestamp() - interval '1 hour'"


@pytest.fixture
def server() -> Iterator[MailServer]:
    """A server that is so slow that no command takes as long as an edition."""
    found = MailServer(0.1)
    found.start()
    yield found
    found.kill()


@pytest.fixture
def url() -> Iterator[str]:
    with postgresql.running() as found:
        yield found


def with_database(folder: Path, server: MailServer, url: str) -> Site:
    folder.mkdir(exist_ok=True)
    text = CONFIG.format(port=server.port, delivery="")
    return Site(folder, text.replace("[site]", f'[site]\ndatabase = "{url}"\nsecret_key = "the same key everywhere"'))


def schemas(url: str) -> list[str]:
    query = "SELECT nspname FROM pg_namespace WHERE nspname LIKE 'newsletter%' OR nspname = 'public' ORDER BY 1"
    with psycopg.connect(url) as connection:
        return [name for (name,) in connection.execute(query)]


def test_it_is_restored_in_place_and_elsewhere_and_nothing_is_sent_twice(
    tmp_path: Path, server: MailServer, url: str
) -> None:
    site = with_database(tmp_path / "site", server, url)
    site.script(PREPARE, READERS)
    process = site.start("send", EDITION, "--wait")
    server.wait_for(50, 60)
    backup = tmp_path / "during.zip"
    site.run("backup", backup)
    server.wait_for(server.got.total() + 50, 60)
    told = site.run("restore", backup, status=1).stderr
    assert "newsletter is running here" in told
    kill_all(process)
    assert "has newsletter's tables already" in site.run("restore", backup, status=1).stderr
    with psycopg.connect(url) as connection:
        connection.execute("UPDATE newsletter_machine SET seen_at = clock_timestamp()")
    assert "stop it on every machine" in site.run("restore", backup, "--replace", status=1).stderr
    with psycopg.connect(url) as connection:
        connection.execute(FORGET)
    assert "has been read from the recovery log" in site.json("restore", backup, "--replace")["reason"]
    assert [name.partition("_replaced_")[0] for name in schemas(url)] == ["newsletter", "public"]
    with pytest.raises(BackupProblem), restore._schema(url):
        raise BackupProblem("no space")
    assert not any("restoring" in name for name in schemas(url))
    with psycopg.connect(url) as connection:
        for name in ("restoring_20260101t000000", "restoring_20260201t000000", "replaced_20260101t000000_mine"):
            connection.execute(f"CREATE SCHEMA newsletter_{name}")
        old = connection.execute(OLD_SCHEMAS, ["20260131t000000"]).fetchall()
    assert old == [("newsletter_restoring_20260101t000000",)]
    counted = site.json("status", EDITION)
    assert counted["state"] == "paused"
    assert counted["unknown"] <= 8

    other = with_database(tmp_path / "other", server, "sqlite:///newsletter.db")
    log = tmp_path / "log"
    shutil.copytree(site.folder / "recovery-log", log)
    assert "has been read from the recovery log" in other.json("restore", backup, "--log", log)["reason"]
    again = other.json("status", EDITION)
    assert (again["accepted"], again["unknown"]) == (counted["accepted"], counted["unknown"])
    other.run("restore", "--confirm")
    other.run("resume", EDITION)
    server.kill()
    server.seconds = 0.001
    server.start()
    other.run("send", EDITION, "--wait", status=None)
    counted = other.json("status", EDITION)
    assert counted["state"] == "sent"
    server.wait_for(READERS - counted["unknown"])
    assert set(server.got.values()) == {1}
