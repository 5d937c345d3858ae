"""Clicks on counted links under load, on SQLite: how many a second the running program redirects, and what is counted.

    python -m tests.bench.bench_links [SECONDS] [CONNECTIONS]

One edition with 40 links is marked as sent; clients on loopback follow its links as fast as they are answered, each
from an address of its own. Prints redirects a second, the times of answers, the CPU time, and the clicks in the
database afterwards.
"""

import asyncio
import contextlib
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.program import NEWSLETTER, serving
from tests.doubles.ports import free_port

CONFIG = """
[site]
url = "http://127.0.0.1:{port}"
[web]
port = {port}
trusted_proxies = ["127.0.0.1"]
[newsletters.weekly]
title = "Weekly"
language = "en"
from = "weekly@example.org"
address = "1 Example Street"
track = "links"
[[newsletters.weekly.sources]]
url = "http://127.0.0.1:9/feed.xml"
type = "feed"
[delivery]
provider = "file"
"""
LINKS = 40
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


def fill(database: Path) -> list[str]:
    """Write an edition that was sent a day ago, with its links; return the tokens."""
    past = "2026-02-06 12:00:00"
    tokens = [f"token-{number:010}" for number in range(LINKS)]
    with contextlib.closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("PRAGMA foreign_keys=OFF")
        _insert(
            connection,
            "newsletter_edition",
            id=1,
            newsletter="weekly",
            period="2026-W06",
            state="sent",
            began_at=past,
            ended_at=past,
            since=past,
            until=past,
            created_at=past,
            refreshed_at=past,
        )
        _insert(connection, "newsletter_approvedcontent", id=1, edition_id=1, segments=b"")
        for number, token in enumerate(tokens):
            address = f"https://blog.example/{number}"
            _insert(connection, "newsletter_countedlink", content_id=1, token=token, address=address)
    return tokens


def _insert(connection: sqlite3.Connection, table: str, **values: object) -> None:
    """Insert a row; columns that need a value and have none get an empty one."""
    row = dict(values)
    for _, name, kind, needed, _default, key in connection.execute(f"PRAGMA table_info({table})"):
        if needed and not key and name not in row:
            row[name] = 0 if kind in ("integer", "bool", "smallint unsigned", "integer unsigned") else "[]"
    names, marks = ", ".join(row), ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", list(row.values()))


async def client(port: int, number: int, tokens: list[str], until: float, times: list[float]) -> None:
    """Follow one link after another over one connection, each for another reader."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.monotonic() < until:
        count += 1
        address = f"10.{number % 256}.{count // 250 % 256}.{count % 250}"
        head = f"GET /l/{tokens[count % LINKS]} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {BROWSER}\r\n"
        began = time.monotonic()
        writer.write(f"{head}X-Forwarded-For: {address}\r\n\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert b" 302 " in answer.split(b"\r\n")[0], answer
        times.append(time.monotonic() - began)
    writer.close()


async def load(port: int, tokens: list[str], seconds: float, connections: int) -> list[float]:
    """Run all clients for some seconds; return the time of each answer."""
    times: list[float] = []
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(port, number, tokens, until, times) for number in range(connections)))
    return times


def main() -> None:
    """Start the program, measure, stop it, and compare what it counted."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "config.toml").write_text(CONFIG.format(port=port))
        subprocess.run([*NEWSLETTER, "manage", "migrate", "-v0"], cwd=place, check=True)
        tokens = fill(place / "newsletter.db")
        with serving(place, port) as used:
            times = sorted(asyncio.run(load(port, tokens, seconds, connections)))
        with contextlib.closing(sqlite3.connect(place / "newsletter.db")) as connection:
            (counted,) = connection.execute("SELECT sum(clicks) FROM newsletter_countedlink").fetchone()
    high = times[int(len(times) * 0.99)]
    sys.stdout.write(
        f"{len(times)} redirects in {seconds:.0f} s: {len(times) / seconds:.0f} a second, {counted} clicks counted; "
        f"median {statistics.median(times) * 1000:.1f} ms, 99 % below {high * 1000:.1f} ms; "
        f"{used.seconds / len(times) * 1000:.2f} ms of CPU time each, with the program's start\n"
    )


if __name__ == "__main__":
    main()
