"""Measures what readers and the schedule wait while a hostile email of the bounce mailbox is read.

    python -m tests.bench.bench_bounce_mail [SECONDS]

The email has 1.4 MB, less than is refused unread: three zip files with ten DMARC reports of 7.5 MB each. `newsletter
bounces` reads it from an IMAP server, while `newsletter run` answers one-click requests and sign-ups, two of each a
second, and makes a draft at its time, a second after the reading has begun. A time is from when a request was due to
the end of its answer; that of the schedule is from when the draft was due to when it was made. Prints a table for
SQLite and PostgreSQL.
"""

import http.client
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from json import loads
from pathlib import Path

from tests.bench.bench_burst import CONFIG, Program
from tests.bench.program import NEWSLETTER, wait_for
from tests.deliverability.dmarc_samples import of_size, with_zips, zipped_together
from tests.doubles import postgresql
from tests.doubles.daily_blog import daily_blog
from tests.doubles.imap import PASSWORD, USER, Imap, Kept
from tests.doubles.ports import free_port

READERS, EVERY, BEFORE = 600, 0.5, 5
"""Subscribers who may leave, seconds between two requests of a kind, and seconds of load before the reading."""

STARTING = timedelta(seconds=30)
"""What starting the program may take."""

REPORTS, OCTETS, ARCHIVES = 10, 7_500_000, 3
BOUNCES = """
[bounces]
return_path = "{user}"
imap = {{ host = "127.0.0.1", port = {port}, user = "{user}", password = "{password}" }}
[log]
format = "json"
"""


@dataclass
class Waits:
    """Seconds from when requests were due to the end of their answers, the answers that failed, and what the schedule
    and the reading took; `marked` are the flags of the email afterwards.
    """

    times: dict[str, list[float]] = field(default_factory=dict)
    failed: int = 0
    draft: float | None = None
    reading: float = 0.0
    marked: str = ""


def hostile_email() -> bytes:
    """Return the email; all archives have the same reports, which is as much work."""
    archive = zipped_together(of_size(OCTETS, identifier=f"r-{number}") for number in range(REPORTS))
    return with_zips([archive] * ARCHIVES)


def measure(database: str, mail: bytes, seconds: float) -> Waits:
    """Measure with a database (`site.database`; "" for SQLite)."""
    web, waits = free_port(), Waits()
    yesterday = [(datetime.now(UTC) - timedelta(days=1)).date().isoformat()]
    with tempfile.TemporaryDirectory() as name, daily_blog(yesterday) as feed, Imap(plain=True) as imap:
        program = Program(Path(name))
        text = CONFIG.format(web=web, smtp=9, feed=feed, rate="0") + BOUNCES.format(
            user=USER, password=PASSWORD, port=imap.port
        )
        text = text.replace("[site]", f'[site]\ndatabase = "{database}"' if database else "[site]")
        (program.folder / "config.toml").write_text(text)
        (program.folder / "weekly.csv").write_text("".join(f"w{n}@mail{n}.example\n" for n in range(READERS)))
        program.json("subscribers", "import", "weekly.csv", "--newsletter", "weekly")
        tokens = iter(program.inside("tokens"))
        due = (datetime.now(UTC) + STARTING).replace(second=0, microsecond=0) + timedelta(minutes=1)
        draft = f'period = "day"\ndraft = "{due:%H:%M}"\nsend = "{due - timedelta(hours=1):%H:%M}"'
        (program.folder / "config.toml").write_text(text.replace('period = "day"', draft))
        running = program.start("run", "--port", str(web))
        try:
            wait_for(web)
            time.sleep(max(0.0, due.timestamp() - 1 - BEFORE - time.time()))
            with _load(web, tokens, waits):
                time.sleep(BEFORE)
                imap.mails["1"] = Kept(mail)  # `run` reads the mailbox when it starts
                began = time.monotonic()
                reading = subprocess.Popen(
                    [*NEWSLETTER, "bounces"],
                    cwd=program.folder,
                    env=program.environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
                _wait_at_most(reading, seconds)
                waits.reading = time.monotonic() - began
                waits.marked = " ".join(sorted(imap.mails["1"].flags))
                time.sleep(BEFORE)
            waits.draft = _lateness(program.folder / "run.log", due)
        finally:
            running.send_signal(signal.SIGTERM)
            _wait_at_most(running, 60)
    return waits


def _wait_at_most(process: subprocess.Popen[bytes], seconds: float) -> None:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def _load(port: int, tokens: Iterator[str], waits: Waits) -> Iterator[None]:
    """Send requests when they are due, whether or not the ones before were answered, until the end of the block."""
    stop = threading.Event()
    kinds: dict[str, Callable[[int], tuple[str, dict[str, str]]]] = {
        "one-click": lambda _: (f"/u/{next(tokens)}", {"List-Unsubscribe": "One-Click"}),
        "sign-up": lambda n: ("/n/weekly/subscribe", {"address": f"new{n}@mail{n}.example"}),
    }
    with ThreadPoolExecutor(500) as pool:

        def send_all() -> None:
            began, number = time.monotonic(), 0
            while not stop.wait(max(0.0, began + number * EVERY - time.monotonic())):
                due = began + number * EVERY
                for kind, made in kinds.items():
                    pool.submit(_ask, port, number, due, kind, made(number), waits)
                number += 1

        sender = threading.Thread(target=send_all)
        sender.start()
        try:
            yield
        finally:
            stop.set()
            sender.join()


def _ask(port: int, number: int, due: float, kind: str, asked: tuple[str, dict[str, str]], waits: Waits) -> None:
    path, fields = asked
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=180)
    head = {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Forwarded-For": f"10.{number >> 8 & 255}.{number & 255}.1",
    }
    try:
        connection.request("POST", path, urllib.parse.urlencode(fields), head)
        status = connection.getresponse().status
    except OSError:
        status = 0
    finally:
        connection.close()
    waits.times.setdefault(kind, []).append(time.monotonic() - due)
    waits.failed += status not in (200, 202)


def _lateness(log: Path, due: datetime) -> float | None:
    """Return the seconds between when the draft was due and when the log says that it was made, for which it waits two
    minutes; None if it wasn't.
    """
    until = time.monotonic() + 120
    while time.monotonic() < until:
        lines = [loads(line) for line in log.read_text().splitlines() if line.startswith("{")]
        for line in lines:
            if line.get("event") == "drafted":
                return (datetime.fromisoformat(line["time"]) - due).total_seconds()
        time.sleep(1)
    return None


def _row(name: str, waits: Waits) -> str:
    cells = [name, f"{waits.reading:.0f} s, {waits.marked or 'not marked'}"]
    for kind in ("one-click", "sign-up"):
        times = waits.times.get(kind, [0.0])
        cells.append(f"{len(times)}: p50 {statistics.median(times) * 1000:.0f} ms, longest {max(times):.2f} s")
    cells += ["not made" if waits.draft is None else f"{waits.draft:.1f} s", str(waits.failed)]
    return "| " + " | ".join(cells) + " |\n"


def main(seconds: float = 60) -> None:
    """Measure and print."""
    mail = hostile_email()
    sys.stdout.write(
        f"an email of {len(mail) / 1_000_000:.2f} MB, which unpacks to {3 * REPORTS * OCTETS // 10**6} MB\n"
    )
    sys.stdout.write(
        "| database | reading | one-click | sign-up | draft late by | failed |\n|---|---|---|---|---|---|\n"
    )
    sys.stdout.write(_row("SQLite", measure("", mail, seconds)))
    sys.stdout.flush()
    if postgresql.binaries() is not None:
        with postgresql.running() as address:
            sys.stdout.write(_row("PostgreSQL", measure(address, mail, seconds)))


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
