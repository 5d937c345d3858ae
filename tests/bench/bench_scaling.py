"""What editions to millions of subscribers cost: the sums of docs/scaling.md.

    python -m tests.bench.bench_scaling [ROWS]

Measures the octets of a row of each large table on PostgreSQL and SQLite, with indexes, from ROWS rows that are made
there, and simulates sending: each group of mailbox providers takes so many messages a second, defers some of them, and
each machine has so much CPU time. Prints tables in Markdown.
"""

import heapq
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from newsletter.config import DeliverySettings
from tests.doubles import postgresql

CPU_SECONDS = 0.09 / 1000
"""For a message, sender and database together (bench_send)."""
SUBSCRIBERS = (100_000, 1_000_000, 10_000_000, 100_000_000)

TABLES = {
    "subscribers_subscriber": (
        "INSERT INTO subscribers_subscriber (address, key, domain, address_hash, domain_hash, name, language, created)"
        " SELECT 'reader' || n || '@mail' || (n % 5000) || '.example',"
        " 'reader' || n || '@mail' || (n % 5000) || '.example', 'mail' || (n % 5000) || '.example', {hash}, {hash},"
        " 'First Last', 'nb', {now} FROM {numbers}"
    ),
    "subscribers_subscription": (
        "INSERT INTO subscribers_subscription (subscriber_id, newsletter, state, tags, created, joined, reason)"
        " SELECT id, 'kinaforum', 'active', '', {now}, {now}, '' FROM subscribers_subscriber"
    ),
    "subscribers_consent": (
        "INSERT INTO subscribers_consent"
        " (subscription_id, how, wording, text, language, at, network, page, confirmed_at)"
        " SELECT id, 'form', '2026-2', 'Yes, send me Kinaforum by email. I can pause or unsubscribe at any time.',"
        " 'nb', {now}, '192.0.2.7', 'https://blog.example/', {now} FROM subscribers_subscription"
    ),
    "newsletter_delivery": (
        "INSERT INTO newsletter_delivery (edition_id, number, subscription_id)"
        " SELECT 1, row_number() OVER (ORDER BY id), id FROM subscribers_subscription"
    ),
    "newsletter_result": (
        "INSERT INTO newsletter_result"
        " (edition_id, number, attempt, kind, at, fault, code, status, text, queue_id, settled)"
        " SELECT 1, number, 1, 'accepted', 1770000000.25, '', 250, '2.0.0', '', '4f7Xk23mQzz3hR', FALSE"
        " FROM newsletter_delivery"
    ),
}
OF_SUBSCRIBERS, OF_EDITIONS = tuple(TABLES)[:3], tuple(TABLES)[3:]

FILL = """
import json, sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.load(Path("config.toml")))
from django.db import connection
tables, rows = json.loads(sys.argv[1]), int(sys.argv[2])
sqlite = connection.vendor == "sqlite"
words = {
    "hash": "lower(hex(randomblob(16)))" if sqlite else "md5(n::text)",
    "now": "'2026-02-06 12:00:00'" if sqlite else "now()",
    "numbers": f"(WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {rows}) SELECT n FROM t)"
    if sqlite else f"generate_series(1, {rows}) AS n",
}
found = {}
with connection.cursor() as cursor:
    if sqlite:
        cursor.execute("PRAGMA foreign_keys = OFF")
    else:
        cursor.execute("SET session_replication_role = replica")
    for table, statement in tables.items():
        if sqlite:
            cursor.execute("PRAGMA page_count")
            before = cursor.fetchone()[0]
        cursor.execute(statement.format(**words))
        cursor.execute("PRAGMA page_count" if sqlite else f"SELECT pg_total_relation_size('{table}')")
        size = cursor.fetchone()[0]
        found[table] = (size - before) * 4096 / rows if sqlite else size / rows
print(json.dumps(found))
"""
CONFIG = """
[site]
url = "http://localhost:8000"
database = "{database}"
[newsletters.kinaforum]
title = "Kinaforum"
from = "brev@example.org"
address = "1 Example Street"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
"""


@dataclass(frozen=True)
class Receivers:
    """Servers that share a limit: their part of the audience, messages a second, and how many they defer at first."""

    name: str
    part: float
    a_second: float
    deferred: float


RECEIVERS = (
    Receivers("two large providers", 0.55, 1000, 0.02),
    Receivers("ten middling ones", 0.25, 500, 0.05),
    Receivers("everyone else", 0.20, 500, 0.03),
)
"""Assumed: what senders with a good reputation and some dozen addresses reach."""
DELAYS = tuple(delay.total_seconds() for delay in DeliverySettings().retry_delays)
"""Seconds until each retry."""
SUCCESS = 0.7
"""Of the deferred messages, the part that each retry delivers."""


def hours(audience: int, machine_seconds: float, receivers: Sequence[Receivers]) -> tuple[float, float]:
    """Simulate sending; return the hours until 97 % and until all but the deferred of the last delay are delivered.

    Messages are counted in groups of a thousandth of the audience. `machine_seconds` is the CPU time that all machines
    have in a second.
    """
    group = audience / 1000
    most = machine_seconds / CPU_SECONDS
    ends: list[tuple[float, float]] = []
    for each in receivers:
        rate = min(each.a_second, most * each.part)
        clock, delivered = 0.0, 0.0
        waiting: list[tuple[float, int, float]] = [(0.0, 0, group) for _ in range(round(1000 * each.part))]
        heapq.heapify(waiting)
        while waiting:
            due, attempt, count = heapq.heappop(waiting)
            clock = max(clock, due) + count / rate
            fails = each.deferred if not attempt else 1 - SUCCESS
            delivered += count * (1 - fails)
            ends.append((clock, count * (1 - fails)))
            if attempt < len(DELAYS) and count * fails >= 1:
                heapq.heappush(waiting, (clock + DELAYS[attempt], attempt + 1, count * fails))
    ends.sort()
    total, done = sum(count for _at, count in ends), 0.0
    mostly = next(at for at, count in ends if (done := done + count) >= 0.97 * total)
    return mostly / 3600, ends[-1][0] / 3600


def octets_of_rows(rows: int) -> dict[str, dict[str, float]]:
    """Measure the octets of a row of each table, with its indexes, on both databases."""
    with postgresql.running() as address:
        return {"PostgreSQL": _filled(address, rows), "SQLite": _filled("sqlite:///newsletter.db", rows)}


def _filled(database: str, rows: int) -> dict[str, float]:

    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "config.toml").write_text(CONFIG.format(database=database))
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEWSLETTER", "DJANGO"))}
        command = [sys.executable, "-c", FILL, json.dumps(TABLES), str(rows)]
        done = subprocess.run(command, cwd=name, env=environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(done.stderr)
        found: dict[str, float] = json.loads(done.stdout)
        return found


def main(rows: int = 200_000) -> None:
    """Measure, simulate and print."""
    sizes = octets_of_rows(rows)
    print_line("table", *sizes)
    print_line(*["---"] * (len(sizes) + 1))
    for table in TABLES:
        print_line(f"`{table}`", *(f"{sizes[name][table]:.0f}" for name in sizes))
    base = sum(sizes["PostgreSQL"][table] for table in OF_SUBSCRIBERS)
    edition = sum(sizes["PostgreSQL"][table] for table in OF_EDITIONS)
    sys.stdout.write("\n")
    print_line(
        "subscribers", "rows", "subscribers' GB", "GB for an edition", "CPU hours", "hours to 97 %", "to the end"
    )
    print_line(*["---"] * 7)
    for n in SUBSCRIBERS:
        machines = max(1, n // 5_000_000)
        receivers = [Receivers(r.name, r.part, r.a_second * machines, r.deferred) for r in RECEIVERS]
        mostly, end = hours(n, machines * 2, receivers)
        cpu = n * CPU_SECONDS / 3600
        figures = (f"{3 * n:,}", f"{n * base / 1e9:.1f}", f"{n * edition / 1e9:.1f}", f"{cpu:.2f}")
        print_line(f"{n:,}", *figures, f"{mostly:.1f}", f"{end:.1f}")


def print_line(*cells: str) -> None:
    """Print a row of a table in Markdown."""
    sys.stdout.write(f"| {' | '.join(cells)} |\n")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
