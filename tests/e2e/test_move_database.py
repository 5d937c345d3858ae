"""A database that is moved to PostgreSQL and back, with a kill in the middle: every row arrives."""

import os
import signal
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import EDITION, MailServer

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]
Made = Callable[..., Any]


def rows(url: str) -> int:
    """How many deliveries have arrived; 0 without the table."""
    with psycopg.connect(url) as connection:
        if connection.execute("SELECT to_regclass('newsletter_delivery')").fetchall() == [(None,)]:
            return 0
        return int(connection.execute("SELECT count(*) FROM newsletter_delivery").fetchall()[0][0])


def more_deliveries(database: Path, editions: int) -> None:
    """Editions that were sent to everybody, enough to be interrupted."""
    with closing(sqlite3.connect(database)) as connection, connection:
        columns = [row[1] for row in connection.execute("PRAGMA table_info(newsletter_edition)")]
        copied = ", ".join({"id": "?", "period": "'old-' || ?", "state": "'sent'"}.get(c, f'"{c}"') for c in columns)
        for number in range(100, 100 + editions):
            names = ", ".join(f'"{c}"' for c in columns)
            connection.execute(
                f"INSERT INTO newsletter_edition ({names}) SELECT {copied} FROM newsletter_edition LIMIT 1",
                (number, number),
            )
            connection.execute(
                "INSERT INTO newsletter_delivery (edition_id, number, subscription_id)"
                " SELECT ?, row_number() OVER (ORDER BY id), id FROM subscribers_subscription",
                (number,),
            )


def kill_when(site: Site, words: tuple[str, ...], reached: Callable[[], bool]) -> bool:
    """Start a command and kill it when something is reached; return whether it was still running."""
    process = site.start(*words)
    until = time.monotonic() + 60
    while process.poll() is None and not reached():
        assert time.monotonic() < until
        time.sleep(0.005)
    running = process.poll() is None
    if running:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return running


def test_a_database_is_moved_to_postgresql_and_back_despite_kills(prepared: Made, server: MailServer) -> None:
    site = prepared(2_000)
    more_deliveries(site.folder / "newsletter.db", 150)
    with postgresql.running() as url:
        words = ("move-database", "sqlite:///newsletter.db", url)
        assert kill_when(site, words, lambda: rows(url) > 0)
        (site.folder / "config.toml").rename(site.folder / "before.toml")
        text = (site.folder / "before.toml").read_text(encoding="utf-8")
        (site.folder / "config.toml").write_text(
            text.replace("[site]", f'[site]\ndatabase = "{url}"'), encoding="utf-8"
        )
        assert "'newsletter move-database' has not finished" in site.run("status", EDITION).stderr
        moved = site.json(*words)
        assert moved["rows"] > 300_000
        assert rows(url) == 300_000
        assert site.json("status", EDITION)["state"] == "queued"
        assert site.json("send", EDITION, "--wait")["accepted"] == 2_000
        back = site.json("move-database", url, "sqlite:///back.db")
        (site.folder / "config.toml").write_text(
            text.replace("[site]", '[site]\ndatabase = "sqlite:///back.db"'), encoding="utf-8"
        )
        assert site.json("status", EDITION)["accepted"] == 2_000
        again = {table["name"]: table for table in back["tables"]}
        unchanged = (
            "subscribers_subscriber",
            "subscribers_subscription",
            "newsletter_approvedcontent",
            "auth_permission",
        )
        for table in moved["tables"]:
            if table["name"] in unchanged:
                assert again[table["name"]] == table
        told = site.run("move-database", url, "sqlite:///newsletter.db", status=1).stderr
        assert "has tables already" in told
