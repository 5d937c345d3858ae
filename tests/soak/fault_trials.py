"""One fault while an edition is being sent by real processes, and what each place said of it and when."""

import html
import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import requests

from tests.conftest import Site
from tests.doubles import postgresql, provider_api
from tests.doubles.blog import BlogServer
from tests.doubles.providers import settings_of
from tests.doubles.smtpd import FEATURES
from tests.e2e.faults import DESK
from tests.e2e.sending_samples import EDITION, PREPARE, ROOT
from tests.e2e.wall import Wall
from tests.soak.fault_rows import Row
from tests.soak.receivers import AlertReceiver, mail_server

READERS = 600
BEFORE = 40
"""Emails that are accepted before the fault begins."""
SETTLED = 30.0
"""Seconds after an alert in which the other places may say the same."""
EDITOR = "editor@desk.example"
CONFIG = """
[site]
url = "{url}"
database = "{database}"
alert_url = "http://127.0.0.1:{alerts}/"
{more}
[web]
port = 0
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
editors = ["editor@desk.example"]
draft = "{far} 01:00"
send = "{far} 02:00"
[[newsletters.kinaforum.sources]]
url = "{source}"
[collect]
allow_private_addresses = true
{tables}
[delivery]
rate = "20/s"
smtp = {{ host = "{host}", port = {port}, {smtp} }}
{delivery}
"""
PROVIDER = """provider = "brevo"
brevo = {{ api_key = "{api_key}", api_url = "{api_url}" }}
"""
ON_HOME = re.compile(r'<li class="note (?:error|warning)">.*?<p>(.*?)</p>', re.DOTALL)
ON_REPORT = re.compile(r'<div class="note error".*?</p><p>(.*?)</p></div>', re.DOTALL)
METRICS = re.compile(r"^newsletter_(?:service_up\{.*\} 0|stalled\{.*\} [1-9]|paused [1-9]).*$", re.MULTILINE)


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A fault: what begins it, what ends it by itself after `seconds`, and what ends it as the sentences about it say.

    With `before` = 0 it begins before the program is started. `told` is False for what needs nobody's attention, and
    `notice` is what an alert must say for the fault to count as told.
    """

    name: str
    begin: "Callable[[Trial], None]" = lambda trial: None
    end: "Callable[[Trial], None] | None" = None
    seconds: float = 0.0
    remedy: "Callable[[Trial], None] | None" = None
    notice: str = ""
    per_connection: int = 0
    before: int = BEFORE
    readers: int = READERS
    host: str = "127.0.0.1"
    port: int = 0
    url: str = "http://localhost:8000"
    smtp: str = 'security = "none"'
    more: str = ""
    tables: str = ""
    api: bool = False
    postgresql: bool = False
    wall: bool = False
    login: str = ""
    about_sources: bool = False
    told: bool = True
    minutes: float = 0.0


class Trial:
    """A site that sends, with a fault that begins while it does."""

    def __init__(self, fault: Fault, folder: Path, minutes: float) -> None:
        """`minutes`: how long somebody has to be told, and then how long the remedy may take."""
        self.fault, self.minutes = fault, max(minutes, fault.minutes)
        self.values: dict[str, object] = {}
        self.folder = folder
        self.row = Row(fault.name)
        self.alerts = AlertReceiver(fault.about_sources)
        self.lines: list[tuple[float, str]] = []
        self.began = 0.0
        self.is_killed = False
        self.locking: sqlite3.Connection
        self.admin: psycopg.Connection[tuple[object, ...]]

    def run(self) -> Row:
        self.alerts.start()
        with ExitStack() as self.stack:
            stack = self.stack
            self.server = stack.enter_context(mail_server(self.fault.per_connection))
            if self.fault.login:
                self.server.login = self.fault.login
                self.server.features = (*FEATURES, "AUTH PLAIN LOGIN")
            self.source = "http://127.0.0.1:9/" if self.fault.about_sources else stack.enter_context(BlogServer()).url
            self.api = stack.enter_context(provider_api.running())
            self.database = "sqlite:///newsletter.db"
            self.role = f"trial_{os.getpid()}_{threading.get_ident()}"
            if self.fault.postgresql:
                self.database = stack.enter_context(self._own_postgresql())
            self.site = Site(self.folder, self.text())
            self.wall = Wall(self.folder) if self.fault.wall else None
            self.session = self._python(DESK)
            self._python(PREPARE, str(self.fault.readers))
            if not self.fault.before:
                self.fault.begin(self)
            self.start()
            try:
                self._watch()
                self._mend()
            finally:
                self._end()
            self._count()
        self.alerts.stop()
        return self.row

    def text(self) -> str:
        """The site's config.toml."""
        service = settings_of("brevo", self.api.url, provider_api.KEY)
        values: dict[str, object] = {
            "alerts": self.alerts.port,
            "port": self.fault.port or self.server.port,
            "far": time.strftime("%a", time.localtime(time.time() + 3 * 86400)).lower(),
            "more": self.fault.more,
            "host": self.fault.host,
            "url": self.fault.url,
            "database": self.database,
            "smtp": self.fault.smtp,
            "tables": self.fault.tables,
            "source": self.source,
            "delivery": PROVIDER.format(**service) if self.fault.api else "",
        }
        return CONFIG.format(**{**values, **self.values})

    def configure(self, **values: object) -> None:
        """Change config.toml while the program runs."""
        self.values.update(values)
        (self.folder / "config.toml").write_text(self.text(), encoding="utf-8")

    def command(self, *words: str) -> None:
        """Run a command as the remedy says, and keep it for the row."""
        done = self.site.run(*words, status=None)
        self.row.remedies.append(
            " ".join(["newsletter", *words]) + (f" ({done.returncode})" if done.returncode else "")
        )
        if done.returncode:
            self.row.note("remedy", time.monotonic() - self.began, (done.stdout + done.stderr).strip())

    @contextmanager
    def _own_postgresql(self) -> Iterator[str]:
        """A database of a role of its own, to which connections can be refused."""
        with postgresql.running() as address, psycopg.connect(address, autocommit=True) as self.admin:
            self.admin.execute(f"CREATE ROLE {self.role} LOGIN")
            self.admin.execute(f"ALTER DATABASE {address.rpartition('/')[2]} OWNER TO {self.role}")
            self.admin.execute(f"GRANT ALL ON SCHEMA public TO {self.role}")
            yield address.replace(f"{postgresql.USER}@", f"{self.role}@")
            self.admin.execute(f"DROP OWNED BY {self.role} CASCADE")
            self.admin.execute(f"ALTER DATABASE {address.rpartition('/')[2]} OWNER TO {postgresql.USER}")
            self.admin.execute(f"DROP ROLE {self.role}")

    def start(self) -> None:
        """Start the program, and read what it prints."""
        self.printed_before = len(self.lines)
        environment = {**self.site.environment, **(self.wall.environment if self.wall else {})}
        self.process = self.site.begin(self.site.command("run", "--port", "0"), environment=environment)
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()

    def _python(self, code: str, *words: str) -> str:
        command = [sys.executable, "-c", code, *words]
        environment = {**self.site.environment, "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
        done = subprocess.run(command, cwd=self.folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def _read(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append((time.monotonic(), line.rstrip()))

    def address(self) -> str:
        printed = [line for _, line in self.lines[self.printed_before :] if "desk" in line]
        found = re.search(r"http://127\.0\.0\.1:\d+", "\n".join(printed))
        return found[0] if found else ""

    def taken(self) -> list[str]:
        recipients = [*self.server.recipients, *(mail.address for mail in self.api.taken)]
        return [each for each in recipients if each != EDITOR]

    def _watch(self) -> None:
        """Begin the fault, and note what is said until all that must be told is, or the time is over."""
        until = time.monotonic() + 120
        while not (self.address() and len(self.taken()) >= self.fault.before):
            assert time.monotonic() < until, [line for _, line in self.lines]
            time.sleep(0.05)
        self.began = time.monotonic()
        self._logged, over = len(self.lines), self.fault.end is None
        if self.fault.before:
            self.fault.begin(self)
        while (passed := time.monotonic() - self.began) < self.minutes * 60:
            if not over and self.fault.end and passed >= self.fault.seconds:
                over = True
                self.fault.end(self)
            self._look()
            ended = self.process.poll() is not None and not self.is_killed
            if over and (ended or self._is_told(passed) or not (self.fault.told or self._unsent())):
                break
            time.sleep(2)
        self.row.status = self.site.run("status", EDITION, status=None).stdout

    def _is_told(self, passed: float) -> bool:
        """Whether an alert has said it half a minute ago, so that the other places had time to say it too."""
        at = [seconds for seconds, words in self.row.said.get("alert", []) if self.fault.notice in words]
        return self.fault.told and bool(at) and passed > at[0] + SETTLED

    def _look(self) -> None:
        passed = time.monotonic() - self.began
        self._ask(passed)
        self._logged = self._note(passed, self._logged)

    def _counts(self) -> dict[str, Any]:
        """The edition's counts; nothing while the database can't be read."""
        done = self.site.run("status", EDITION, "--json", status=None)
        counts: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
        return counts

    def _unsent(self) -> bool:
        """Whether emails are still to be sent."""
        counts = self._counts()
        return not counts or counts["state"] != "sent" or bool(counts["pending"] or counts["deferred"])

    def _mend(self) -> None:
        """Do what the sentences say: end the cause, resume what is paused, and resend what is unconfirmed."""
        since = time.monotonic()
        until = since + self.minutes * 60
        if self.fault.remedy:
            self.fault.remedy(self)
        self._send_rest(until)
        self.row.unconfirmed = int(self._counts().get("unknown", 0))
        if self.row.unconfirmed and self.process.poll() is None:
            self.command("settle", EDITION, "resend")
            self._send_rest(until)
        self.row.mended = None if self._unsent() else time.monotonic() - since

    def _send_rest(self, until: float) -> None:
        while time.monotonic() < until and self._unsent():
            self._look()
            if self._counts().get("state") == "paused":
                self.command("resume", EDITION)
            time.sleep(5)

    def _note(self, passed: float, logged: int) -> int:
        """Note what was logged, posted and emailed; return how many lines of the log were read."""
        lines = self.lines[logged:]
        for at, line in lines:
            if warning := re.match(r"\d{4}-\S+ \S+ ((?:WARNING|ERROR) .*)", line):
                self.row.note("log", at - self.began, warning[1])
        for at, words in self.alerts.got:
            if at >= self.began:
                self.row.note("alert", at - self.began, words)
        for mail in list(self.server.taken):
            if mail.recipient == EDITOR:
                subject = re.search(rb"^Subject: (.*)$", mail.content, re.MULTILINE)
                self.row.note("email", passed, subject[1].decode() if subject else "?")
        for sent in list(self.api.taken):
            if sent.address == EDITOR:
                self.row.note("email", passed, sent.headers.get("Subject", "?"))
        return logged + len(lines)

    def _get(self, path: str) -> requests.Response | None:
        with suppress(requests.RequestException):
            return requests.get(
                self.address() + path, cookies={"sessionid": self.session}, timeout=5, allow_redirects=False
            )
        return None

    def _ask(self, passed: float) -> None:
        ready = self._get("/readyz")
        if ready is not None and ready.status_code != 200:
            for line in ready.text.strip().splitlines():
                self.row.note("readyz", passed, re.sub(r"; next try in \d+ s$", "", line))
        pages = (("desk", "/desk/", ON_HOME), ("report", f"/desk/editions/{EDITION}/report/", ON_REPORT))
        for place, path, notes in pages:
            for found in self._found(path, notes):
                if "127.0.0.1: " not in found:
                    self.row.note(place, passed, html.unescape(re.sub(r"<[^>]+>", "", found)).strip())
        for line in self._found("/metrics", METRICS):
            self.row.note("metric", passed, line)

    def _found(self, path: str, pattern: re.Pattern[str]) -> list[str]:
        answer = self._get(path)
        return pattern.findall(answer.text) if answer is not None and answer.status_code == 200 else []

    def _end(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGCONT)
            os.killpg(self.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(60)
        self.site.kill()

    def _count(self) -> None:
        """Count who has not got the edition though nothing says why, and who got it twice without being asked."""
        counted = self._counts()
        got = Counter(self.taken())
        names = ("state", "audience", "accepted", "pending", "deferred", "refused", "unknown", "skipped")
        self.row.counts = {key: counted.get(key) for key in names}
        self.row.twice = max(0, sum(got.values()) - len(got) - self.row.unconfirmed)
        waiting = sum(int(counted.get(key, 0)) for key in ("pending", "deferred", "refused", "unknown", "skipped"))
        self.row.lost = max(0, int(counted.get("audience", self.fault.readers)) - len(got) - waiting)
