"""Measures one-click requests while the disk of the database is full, and while another program locks it, on SQLite.

    python -m tests.bench.bench_unsubscribe_faults [REQUESTS] [SECONDS]

An edition is being sent, to REQUESTS subscribers and some more. Then the disk, a small one of its own, is filled, or
SQLite's write lock is taken, for SECONDS. In that time REQUESTS subscribers, whose emails were not begun yet,
unsubscribe. Prints how many requests were answered with 200 and how long they took, how many emails were accepted while
the fault lasted, how many of these subscribers are unsubscribed once the edition is sent, and how many of them got it.
Only root can mount a disk.
"""

import asyncio
import contextlib
import os
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from tests.bench.program import wait_for
from tests.conftest import Site
from tests.doubles.mailbox import Mailbox
from tests.doubles.ports import free_port
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE

MORE = 6_000
"""Subscribers who stay, the first in the audience."""
BEGUN, SETTLING = 500, 8.0
"""Emails after which the fault begins, and seconds in which what was begun then is sent."""
CLIENTS = 32
LINKS = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers.models import Subscription
from subscribers.tokens import link_token
for number in Subscription.objects.order_by("pk").values_list("pk", flat=True)[int(sys.argv[1]):]:
    print("/u/" + link_token(number))
"""
REQUEST = (
    "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    "Content-Length: 26\r\n\r\nList-Unsubscribe=One-Click"
)
LEFT = "SELECT count(*) FROM subscribers_subscription WHERE state = 'unsubscribed'"


@contextmanager
def locked(disk: Path) -> Iterator[None]:
    """Hold SQLite's write lock."""
    with closing(sqlite3.connect(disk / "newsletter.db", isolation_level=None, timeout=60)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """Leave no space on the disk, nor in what SQLite's log has reserved."""
    filling = disk / "filling"
    with filling.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(bytes(65_536)) == 65_536:
            pass
    yield
    filling.unlink()


async def unsubscribe(port: int, paths: Sequence[str], seconds: float) -> tuple[Counter[str], list[float]]:
    """Send the requests evenly; return the statuses, and the seconds from when each was due to its answer."""
    statuses: Counter[str] = Counter()
    times: list[float] = []
    began = time.perf_counter()

    async def client(first: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for number in range(first, len(paths), CLIENTS):
            due = began + seconds * number / len(paths)
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            writer.write(REQUEST.format(path=paths[number], port=port).encode())
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            statuses[head[9:12].decode()] += 1
            times.append(time.perf_counter() - due)
        writer.close()

    await asyncio.gather(*(client(first) for first in range(CLIENTS)))
    return statuses, times


def measure(fault: Callable[[Path], contextlib.AbstractContextManager[None]], requests: int, seconds: float) -> str:
    """Bring the fault about while an edition is sent, and return what happened."""
    with tempfile.TemporaryDirectory() as folder, Mailbox() as mailbox, small_disk(Path(folder) / "disk") as disk:
        text = CONFIG.format(port=mailbox.port, delivery='rate = "200/s"')
        site = Site(Path(folder), text.replace("[site]", f'[site]\ndatabase = "sqlite:///{disk}/newsletter.db"', 1))
        site.forks = False
        site.environment["PYTHONPATH"] = str(Path(__file__).parents[2])
        site.script(PREPARE, MORE + requests)
        paths = site.script(LINKS, MORE).stdout.split()
        port = free_port()
        command = site.command("run", "--no-schedule", "--port", port)
        with (Path(folder) / "log").open("w") as log:
            process = subprocess.Popen(command, cwd=folder, env=site.environment, stdout=log, stderr=log)
        try:
            wait_for(port)
            until(lambda: len(mailbox.server.taken) >= BEGUN)
            with fault(disk):
                time.sleep(SETTLING)
                before = len(mailbox.server.taken)
                statuses, times = asyncio.run(unsubscribe(port, paths, seconds - SETTLING))
                between = len(mailbox.server.taken) - before
            until(lambda: is_sent(site))
            with closing(sqlite3.connect(disk / "newsletter.db", timeout=60)) as database:
                (left,) = database.execute(LEFT).fetchone()
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(60)
        recipients = Counter(mailbox.recipients)
        leavers = {f"r{number}@reader.example" for number in range(MORE + 1, MORE + requests + 1)}
        return (
            f"{len(times):,} one-click requests: {dict(statuses)}; median {sorted(times)[len(times) // 2] * 1000:.0f} "
            f"ms, the longest {max(times) * 1000:.0f} ms\nemails accepted while the fault lasted: {between}; "
            f"unsubscribed afterwards: {left:,}; of them got the edition: {len(leavers & recipients.keys())}; "
            f"others got it: {len(recipients.keys() - leavers):,} of {MORE:,}, twice: {max(recipients.values()) - 1}\n"
        )


@contextmanager
def small_disk(place: Path) -> Iterator[Path]:
    """Mount a disk of 64 MB."""
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=True)


def is_sent(site: Site) -> bool:
    """Return whether the edition is sent; resume it if a journal that could not be written has paused it."""
    state = site.json("status", EDITION)["state"]
    if state == "paused":
        site.run("resume", EDITION)
    time.sleep(1)
    return bool(state == "sent")


def until(holds: Callable[[], bool]) -> None:
    """Wait until this holds. Raises TimeoutError after ten minutes."""
    end = time.monotonic() + 600
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(0.1)


def main(requests: int, seconds: float) -> None:
    """Measure both faults, and print it."""
    if os.geteuid() != 0:
        sys.stdout.write("unsubscribing during faults: not measured, only root can mount a small disk\n")
        return
    sys.stdout.write(f"the disk is full for {seconds:.0f} s: {measure(full, requests, seconds)}")
    sys.stdout.flush()
    sys.stdout.write(f"SQLite is locked for {seconds:.0f} s: {measure(locked, requests, seconds)}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else 10_000, float(sys.argv[2]) if sys.argv[2:] else 180.0)
