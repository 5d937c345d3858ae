"""Clicks on counted links under load, on SQLite: how many a second the running program redirects, and what is counted.

    python -m tests.bench.bench_links [SECONDS] [CONNECTIONS]

One edition with 40 links is marked as sent; clients on loopback follow its links as fast as they are answered, each
from an address of its own. In turn, they ask for `/healthz`, which is as little work as the server can have. Prints
answers a second of both, their times and the program's CPU time, and the clicks in the database afterwards.
"""

import asyncio
import contextlib
import os
import re
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
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
TURNS = 4
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


async def client(port: int, number: int, way: "Way", until: float) -> None:
    """Ask for one path after another over one connection, each for another reader."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.monotonic() < until:
        count += 1
        address = f"10.{number % 256}.{(way.runs * 40 + count // 250) % 256}.{count % 250}"
        path = way.paths[count % len(way.paths)]
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: {BROWSER}\r\n"
        began = time.monotonic()
        writer.write(f"{head}X-Forwarded-For: {address}\r\n\r\n".encode())
        answer = await reader.readuntil(b"\r\n\r\n")
        assert way.status in answer.split(b"\r\n")[0], answer
        if found := re.search(rb"(?i)\r\ncontent-length: *(\d+)", answer):
            await reader.readexactly(int(found[1]))
        way.times.append(time.monotonic() - began)
    writer.close()


@dataclass
class Way:
    """Paths that are answered alike, the times of their answers, and what they took."""

    name: str
    paths: list[str]
    status: bytes
    times: list[float] = field(default_factory=list)
    seconds: float = 0.0
    cpu: float = 0.0
    runs: int = 0

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.times) / self.seconds

    @property
    def cost(self) -> float:
        """Milliseconds of CPU time of an answer."""
        return self.cpu / len(self.times) * 1000

    def run(self, port: int, process: int, seconds: float, connections: int) -> None:
        """Let all clients ask for some seconds."""

        async def all_clients() -> None:
            until = time.monotonic() + seconds
            await asyncio.gather(*(client(port, number, self, until) for number in range(connections)))

        cpu, began = _cpu_seconds(process), time.monotonic()
        asyncio.run(all_clients())
        self.seconds, self.cpu = self.seconds + time.monotonic() - began, self.cpu + _cpu_seconds(process) - cpu
        self.runs += 1

    def __str__(self) -> str:
        times = sorted(self.times)
        high = times[int(len(times) * 0.99)]
        return (
            f"{self.name}: {len(times)} in {self.seconds:.0f} s, {self.rate:.0f} a second; "
            f"median {statistics.median(times) * 1000:.1f} ms, 99 % below {high * 1000:.1f} ms; "
            f"{self.cost:.3f} ms of CPU time each"
        )


def _cpu_seconds(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Start the program, measure, stop it, and compare what it counted."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "config.toml").write_text(CONFIG.format(port=port))
        subprocess.run([*NEWSLETTER, "manage", "migrate", "-v0"], cwd=place, check=True)
        tokens = fill(place / "newsletter.db")
        links = Way("redirects", [f"/l/{token}" for token in tokens], b" 302 ")
        constant = Way("/healthz", ["/healthz"], b" 200 ")
        with serving(place, port) as used:
            for _ in range(TURNS):
                for way in (links, constant):
                    way.run(port, used.process, seconds / TURNS / 2, connections)
        with contextlib.closing(sqlite3.connect(place / "newsletter.db")) as connection:
            (counted,) = connection.execute("SELECT sum(clicks) FROM newsletter_countedlink").fetchone()
    ratio, cost = links.rate / constant.rate, links.cost / constant.cost
    lines = (
        str(links),
        str(constant),
        f"redirects a second: {ratio:.2f} of the constant's, with {cost:.2f} of its CPU time",
        f"{counted} of {len(links.times)} clicks counted",
    )
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
