"""Measures what others notice while somebody keeps hundreds of half-sent bodies open, on SQLite.

    python -m tests.bench.bench_half_sent_bodies [SECONDS] [BODIES] [trusted]

BODIES requests of six addresses of loopback send their head and half a body, and are sent again once they are closed;
with `trusted`, they come from one address that is a trusted proxy. Beside them, one-click requests and pages are
asked for one after the other, each over a connection of its own. Prints the answers by status, and the longest of each.
"""

import asyncio
import contextlib
import json
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from tests.bench.bench_burst import Program
from tests.bench.program import serving
from tests.doubles.ports import free_port

CONFIG = """
[site]
url = "http://127.0.0.1:{port}"
[web]
{trusted}
[newsletters.weekly]
title = "Ukentlig"
language = "en"
from = "ukentlig@example.org"
address = "1 Example Street"
[[newsletters.weekly.sources]]
url = "http://127.0.0.1:9/feed.xml"
[delivery]
provider = "file"
"""
HEAD = b"POST /n/weekly/subscribe HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: application/x-www-form-urlencoded\r\n"
HALF = b"Content-Length: 100\r\n\r\naddress=a"
ONE_CLICK = (
    "POST /u/{token} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Length: 26\r\nConnection: close\r\n\r\nList-Unsubscribe=One-Click"
)
PAGE = "GET /n/weekly/subscribe HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
FIRST = 3.0
"""Seconds after which what is asked for counts: the bodies have begun, and are old enough to give way."""


class Answers:
    """The answers of one kind by status, and the longest that one took."""

    def __init__(self) -> None:
        self.statuses: Counter[str] = Counter()
        self.longest = 0.0

    async def ask(self, port: int, request: str) -> None:
        """Ask once."""
        began = time.perf_counter()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(request.encode())
            status = (await reader.readline()).split(b" ", 2)[1:2]
            writer.close()
            self.statuses[status[0].decode() if status else "closed"] += 1
        except OSError:
            self.statuses["closed"] += 1
        self.longest = max(self.longest, time.perf_counter() - began)

    def __str__(self) -> str:
        counts = ", ".join(f"{status}: {count}" for status, count in sorted(self.statuses.items()))
        return f"{counts}; the longest {self.longest * 1000:.0f} ms"


async def half_send(port: int, address: str) -> None:
    """Keep a half-sent body open, for ever."""
    while True:
        with contextlib.suppress(OSError):
            reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
            writer.write(HEAD % port + HALF)
            await reader.read()
            writer.close()
        await asyncio.sleep(0.2)


@contextlib.asynccontextmanager
async def attack(port: int, addresses: Sequence[str], bodies: int) -> AsyncIterator[None]:
    """Keep half-sent bodies open within the block."""
    tasks = [asyncio.create_task(half_send(port, addresses[n % len(addresses)])) for n in range(bodies)]
    try:
        await asyncio.sleep(FIRST)
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def measure(port: int, tokens: Sequence[str], seconds: float, bodies: int, addresses: Sequence[str]) -> str:
    """Ask while the attack runs."""
    one_click, pages = Answers(), Answers()
    async with attack(port, addresses, bodies):
        until, number = time.monotonic() + seconds, 0
        while time.monotonic() < until:
            await one_click.ask(port, ONE_CLICK.format(token=tokens[number % len(tokens)], port=port))
            await pages.ask(port, PAGE.format(port=port))
            number += 1
    return f"one-click requests: {one_click}\npages: {pages}\n"


def main(seconds: float, bodies: int, *, trusted: bool) -> None:
    """Measure, and print it."""
    port = free_port()
    addresses = ["127.0.0.9"] if trusted else [f"127.0.0.{n}" for n in range(2, 8)]
    with tempfile.TemporaryDirectory() as folder:
        line = 'trusted_proxies = ["127.0.0.9"]' if trusted else ""
        (Path(folder) / "config.toml").write_text(CONFIG.format(port=port, trusted=line), encoding="utf-8")
        people = "address\n" + "".join(f"r{number}@reader.example\n" for number in range(2_000))
        (Path(folder) / "people.csv").write_text(people, encoding="utf-8")
        program = Program(Path(folder))
        program.json("subscribers", "import", "people.csv", "--newsletter", "weekly", "--consent", "measured")
        tokens = program.inside("tokens")
        with serving(Path(folder), port):
            result = asyncio.run(measure(port, tokens, seconds, bodies, addresses))
        places = "one trusted proxy" if trusted else f"{len(addresses)} addresses"
        sys.stdout.write(f"{bodies} half-sent bodies from {places}, {seconds:.0f} s\n{result}")
        sys.stdout.write(json.dumps(program.inside("left")) + "\n")


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word != "trusted"]
    main(float(words[0]) if words else 20.0, int(words[1]) if words[1:] else 600, trusted="trusted" in sys.argv[1:])
