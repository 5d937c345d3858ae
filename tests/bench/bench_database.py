"""What keeping a large database costs: `python -m tests.bench.bench_database [--readers N] [--editions N] [--each N]`.

It makes a SQLite database with so many subscribers, and editions with so many deliveries and results each. Then it
measures a backup, its restore, and moving it to PostgreSQL and back, and how the queries of sending, of a report and of
a subscriber's page are answered. In the end the checksums of all tables are equal.
"""

import argparse
import json
import os
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg

from tests.bench.bench_send import CONFIG
from tests.doubles import postgresql

ROOT = Path(__file__).parents[2]
SUBSCRIBERS = """
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO subscribers_subscriber
  (id, address, key, domain, address_hash, domain_hash, name, language, created)
SELECT i, 'Reader.' || i || '@reader' || (i % 1000) || '.example',
  'reader.' || i || '@reader' || (i % 1000) || '.example',
  'reader' || (i % 1000) || '.example', lower(hex(randomblob(16))), lower(hex(randomblob(16))), 'Reader ' || i, 'nb',
  '2025-01-01 12:00:00.123456' FROM n
"""
SUBSCRIPTIONS = """
INSERT INTO subscribers_subscription (id, subscriber_id, newsletter, state, tags, created, joined, reason)
SELECT id, id, 'kinaforum', 'active', '|film|', created, created, '' FROM subscribers_subscriber
"""
DELIVERIES = """
INSERT INTO newsletter_delivery (edition_id, number, subscription_id)
SELECT ?, row_number() OVER (ORDER BY id), id FROM subscribers_subscription WHERE id > ? ORDER BY id LIMIT ?
"""
RESULTS = """
INSERT INTO newsletter_result
  (edition_id, number, attempt, kind, at, fault, code, status, text, queue_id, settled)
SELECT edition_id, number, 1, CASE WHEN number % 200 THEN 'accepted' ELSE 'refused' END, 1770000000.0 + number * 0.0013,
  CASE WHEN number % 200 THEN '' ELSE 'mailbox' END, CASE WHEN number % 200 THEN 250 ELSE 550 END,
  CASE WHEN number % 200 THEN '' ELSE '5.1.1' END, CASE WHEN number % 200 THEN '' ELSE 'no such mailbox' END,
  '4A7F33', 0 FROM newsletter_delivery WHERE edition_id = ?
"""
QUERIES = {
    "the readers of a chunk": (
        "SELECT s.id FROM subscribers_subscription s JOIN newsletter_delivery d ON d.subscription_id = s.id"
        " WHERE d.edition_id = {edition} AND d.number BETWEEN 1001 AND 1500"
    ),
    "the results of a chunk": (
        "SELECT number, attempt, kind FROM newsletter_result"
        " WHERE edition_id = {edition} AND number BETWEEN 1001 AND 1500"
    ),
    "what was not accepted": (
        "SELECT count(*) FROM newsletter_result WHERE edition_id = {edition} AND NOT (kind = 'accepted')"
    ),
    "a subscriber's deliveries": (
        "SELECT edition_id, number FROM newsletter_delivery WHERE edition_id IN"
        " (SELECT id FROM newsletter_edition ORDER BY until DESC LIMIT 50) AND subscription_id = 1234"
    ),
}


def command(folder: Path, *words: object) -> Any:
    """Run a command in the folder; return its JSON."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "newsletter", *map(str, words), "--json"],
        cwd=folder,
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


NUMBERS = ("bool", "integer", "smallint", "bigint", "real")
"""Beginnings of SQLite's types of columns that don't take text elsewhere."""


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Print how long it took."""
    start = time.perf_counter()
    yield
    sys.stdout.write(f"{what:<44} {time.perf_counter() - start:8.1f} s\n")
    sys.stdout.flush()


def fill(database: Path, readers: int, editions: int, each: int) -> None:
    """Write subscribers, editions, deliveries and results."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        connection.execute(SUBSCRIBERS, (readers,))
        connection.execute(SUBSCRIPTIONS)
        columns = {row[1]: row[2] for row in connection.execute("PRAGMA table_info(newsletter_edition)")}
        for number in range(1, editions + 1):
            _edition(connection, columns, number, each)
            connection.execute(DELIVERIES, (number, (number * 7919) % max(1, readers - each + 1), each))
            connection.execute(RESULTS, (number,))
            refused = each // 200
            connection.execute(
                "INSERT INTO newsletter_tally (edition_id, at, accepted, deferred, refused, unknown, skipped)"
                " VALUES (?, '2025-01-01 12:00:00', ?, 0, ?, 0, 0)",
                (number, each - refused, refused),
            )
        connection.execute("COMMIT")


def _edition(connection: sqlite3.Connection, columns: dict[str, str], number: int, each: int) -> None:
    """Write an edition that was sent, with something in each column that needs it."""
    moment = f"20{number % 90 + 10}-01-01 12:00:00"
    known: dict[str, object] = {
        "id": number,
        "newsletter": "kinaforum",
        "period": f"letter-{number}",
        "state": "sent",
        "audience": each,
        **dict.fromkeys(("since", "until", "created_at", "refreshed_at", "began_at", "ended_at"), moment),
        "blocks": "[]",
        "despite_lint": "[]",
    }
    facts = {row[1]: bool(row[3]) for row in connection.execute("PRAGMA table_info(newsletter_edition)")}
    plain = {name: 0 if kind.startswith(NUMBERS) else "" for name, kind in columns.items() if facts[name]}
    values = {**plain, **known}
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    connection.execute(f"INSERT INTO newsletter_edition ({names}) VALUES ({marks})", tuple(values.values()))


def ask(kind: str, explain: str, run: Callable[[str], list[tuple[Any, ...]]], edition: int) -> None:
    """Print the time and the plan of each query."""
    for what, query in QUERIES.items():
        text = query.format(edition=edition)
        run(text)
        start = time.perf_counter()
        run(text)
        took = (time.perf_counter() - start) * 1000
        plan = "; ".join(str(row[-1]).strip() for row in run(f"{explain} {text}"))
        sys.stdout.write(f"  {kind}, {what}: {took:.2f} ms: {plan[:400]}\n")


def main() -> None:
    """Make the database, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=50_000)
    parser.add_argument("--editions", type=int, default=10)
    parser.add_argument("--each", type=int, default=50_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="newsletter-bench-") as name, postgresql.running() as url:
        folder = Path(name)
        (folder / "config.toml").write_text(CONFIG.format(database="sqlite:///newsletter.db"), encoding="utf-8")
        command(folder, "editions")
        with timed("filling the database"):
            fill(folder / "newsletter.db", given.readers, given.editions, given.each)
        sys.stdout.write(f"  {(folder / 'newsletter.db').stat().st_size / 1e9:.1f} GB\n")
        with closing(sqlite3.connect(folder / "newsletter.db")) as connection:
            ask("SQLite", "EXPLAIN QUERY PLAN", lambda text: connection.execute(text).fetchall(), given.editions)
        with timed("newsletter check --integrity"):
            command(folder, "check", "--integrity")
        with timed("newsletter backup"):
            command(folder, "backup", "large.zip")
        sys.stdout.write(f"  {(folder / 'large.zip').stat().st_size / 1e9:.2f} GB\n")
        with timed("newsletter restore --replace"):
            command(folder, "restore", "large.zip", "--replace")
        for old in folder.glob("newsletter.db.replaced-*"):
            old.unlink()
        with timed("move-database to PostgreSQL"):
            there = command(folder, "move-database", "sqlite:///newsletter.db", url)
        sys.stdout.write(f"  {there['rows']:,} rows, equal checksums\n")
        with psycopg.connect(url) as server:
            ask("PostgreSQL", "EXPLAIN", lambda text: server.execute(text).fetchall(), given.editions)
        with timed("move-database back to SQLite"):
            back = command(folder, "move-database", url, "sqlite:///back.db")
        assert back["tables"] == there["tables"]


if __name__ == "__main__":
    main()
