"""The program as histories run it: `newsletter run` with a moved clock, which works when it is called.

How long it needs is not guessed: its metrics say when it has looked at its schedule.
"""

import atexit
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import requests

from newsletter.api.permissions import TokenScope
from tests.conftest import Site
from tests.doubles.fork_server import ForkServer
from tests.e2e.running_site import RunningSite
from tests.e2e.sending_samples import ROOT
from tests.e2e.wall import Wall
from tests.oracle.blog import Settings, Times

CACHED = 1.0
"""Seconds for which a program goes on with the time that it has read from its clock's file."""
LONGEST = 120.0
"""Seconds after which the program should have come to rest."""
PAUSE = 0.1
"""Seconds between two looks at what the program has done."""
DELIVERY = """[collect]
every = "1s"
allow_private_addresses = true
[delivery]
connections = 2
retry_delays = ["1s"]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
"""
CALLED = """
import sys, threading
from newsletter import supervision
from newsletter.__main__ import main

def listen():
    for names in sys.stdin:
        for service in supervision.current()._services:
            if service.name in names.split():
                service.call()

threading.Thread(target=listen, daemon=True).start()
main()
"""
"""The program, whose services do their work also when their names are written to its standard input."""
SERVICES = "configuration collect schedule letters\n"
RUNS = re.compile(r'newsletter_service_run_seconds_count\{service="(schedule|collect)"\} (\d+)')
PENDING = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"


def eventually(holds: Callable[[], bool], seconds: float = LONGEST) -> None:
    """Wait until this holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"it did not come to that in {seconds:.0f} s"
        time.sleep(PAUSE)


def next_moment(cadences: Collection[str], times: Times, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the next time at which a draft is made or an edition is sent."""
    today = now.astimezone(zone).date()
    for day in (today + timedelta(days=days) for days in range(40)):
        weekly, monthly = day.weekday() == times.weekday, day.day == times.day
        if "day" in cadences or ("week" in cadences and weekly) or ("month" in cadences and monthly):
            for hour in (times.draft, times.send):
                at = datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC) + timedelta(seconds=1)
                if at > now:
                    return at
    return datetime.max.replace(tzinfo=UTC)


@cache
def clock_server() -> ForkServer:
    """The process whose forks have a clock that their environment names."""
    folder = Path(tempfile.mkdtemp(prefix="oracle-clock-"))
    atexit.register(shutil.rmtree, folder)
    environment = {**os.environ, **Wall(folder).environment}
    server = ForkServer({name: value for name, value in environment.items() if not name.startswith("NEWSLETTER")})
    atexit.register(server.close)
    time.sleep(2 * CACHED)  # until then forks would go on with the time that it has read
    return server


class ClockSite(Site):
    """A site whose program does its work also when it is called. All that it runs are forks with a moved clock."""

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start the program."""
        return self.begin([sys.executable, "-c", CALLED, *map(str, words)], stdin=subprocess.PIPE)

    def fork_server(self, command: list[str], environment: dict[str, str]) -> ForkServer | None:
        """Return the process whose forks have a moved clock."""
        return clock_server()


@cache
def folder_with_tables() -> Path:
    """The folder of a site whose SQLite database has its tables and no rows."""
    folder = Path(tempfile.mkdtemp(prefix="oracle-tables-"))
    atexit.register(shutil.rmtree, folder)
    Site(folder, Settings().text("http://127.0.0.1:9/feed")).run("tokens", "list")
    return folder


def new_site(folder: Path, text: str, *, with_tables: bool) -> ClockSite:
    """Make the folder of a site, with the tables of a SQLite database or without a database."""
    if with_tables:
        shutil.copytree(folder_with_tables(), folder)
    else:
        folder.mkdir()
    site = ClockSite(folder, text)
    site.environment["PYTHONPATH"] = str(ROOT)
    return site


class Program:
    """The running program of a site, with its configuration, its clock, its API and its pages."""

    def __init__(self, site: ClockSite, folder: Path, now: datetime, database: str = "") -> None:
        self.site = site
        self._wall, self._database = Wall(folder), database
        self.site.environment |= self._wall.environment
        self.set_clock(now)
        scopes = [word for scope in TokenScope for word in ("--scope", scope.value)]
        create = ("tokens", "add")
        self._token = self.site.json(*create, "the oracle", *scopes)["token"]
        self._http = requests.Session()
        self.running = RunningSite(self.site)

    def set_clock(self, now: datetime) -> None:
        """Set its clock."""
        self._moved = time.monotonic()
        self._wall.set(f"{(now - datetime.now(UTC)).total_seconds():+.0f}")

    def configure(self, text: str) -> None:
        """Replace config.toml, and wait until it is in force."""
        if text == self.running.file.read_text(encoding="utf-8"):
            return
        before = self.running.changes()
        other = self.running.file.with_suffix(".new")
        other.write_text(text, encoding="utf-8")
        other.replace(self.running.file)
        eventually(lambda: self.running.changes() > before)

    def work(self, readings: Callable[[], int], *, down: bool) -> None:
        """Wait until it has read the blog, unless that is down, stored that, and done what is due after that."""
        time.sleep(max(0.0, self._moved + CACHED - time.monotonic()))
        before = readings()
        eventually(lambda: self._call() and (down or readings() > before))
        self.wait_until_stored()
        for _ in range(2):  # the first may have begun before that was stored
            self._wait_for_run("schedule")
        self._wait_for_jobs()

    def wait_until_stored(self) -> None:
        """Wait until it has stored what it has read so far."""
        self._wait_for_run("collect")
        self._wait_for_jobs()

    def _wait_for_run(self, service: str) -> None:
        """Wait until a service has completed a run from now on, which may have begun before."""
        runs = self._runs().get(service, 0)
        eventually(lambda: self._call() and self._runs().get(service, 0) > runs)

    def _wait_for_jobs(self) -> None:
        """Wait until no job waits or runs; without PostgreSQL there are none."""
        if self._database:
            with psycopg.connect(self._database, autocommit=True) as connection:
                eventually(lambda: connection.execute(PENDING).fetchone() == (0,))

    def _call(self) -> bool:
        """Let it do now what it does every few seconds."""
        stdin = self.running.process.stdin
        assert stdin
        stdin.write(SERVICES)
        stdin.flush()
        time.sleep(PAUSE)
        return True

    def _runs(self) -> dict[str, int]:
        """Return how often it has looked at its schedule, and at whether sources are to be read."""
        text = self._http.get(f"{self._address}/metrics", timeout=60).text
        return {name: int(count) for name, count in RUNS.findall(text)}

    @property
    def _address(self) -> str:
        return f"http://127.0.0.1:{self.running.port}"

    def ask(self, method: str, path: str, body: object = None, etag: str = "") -> requests.Response:
        """Ask the API."""
        headers = {"Authorization": f"Bearer {self._token}", **({"If-Match": etag} if etag else {})}
        return self._http.request(method, f"{self._address}/api/v1{path}", json=body, headers=headers, timeout=60)

    def post(self, path: str, form: dict[str, Any]) -> None:
        """Send the form of a public page, as a reader."""
        headers = {"Host": "localhost:8000"}
        requests.post(f"{self._address}{path}", form, headers=headers, timeout=60).raise_for_status()

    def kill(self) -> int:
        """Kill it with all its processes, start it again, and return the status with which it ended."""
        process = self.running.process
        self.running.restart(kill=True)
        return process.returncode

    def restore(self, backup: str) -> None:
        """Stop it, restore a backup, and start it again."""
        self.end()
        self.site.run("restore", backup, "--replace")
        self.site.run("restore", "--confirm")
        self.running = RunningSite(self.site)

    def end(self) -> None:
        """Stop it."""
        self.running.end()
