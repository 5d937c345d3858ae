"""What the tests of the supervisor share: a real `run` with short periods, faults put into it, and what was said.

Faults that only the process can bring about (a killed thread, used up descriptors) are asked for on its standard input.
"""

import html
import json
import re
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

import requests

from tests.conftest import Site
from tests.doubles.mailbox import Mailbox
from tests.e2e.sending_samples import EDITION

EDITOR = "editor@desk.example"
READERS = 12
CONFIG = """
[site]
url = "http://localhost:8000"
database = "{database}"
alert_url = "http://127.0.0.1:{alerts}/"
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
url = "http://127.0.0.1:9/"
[collect]
allow_private_addresses = true
[delivery]
retry_delays = ["1s"]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
"""
RUN = """
import ctypes, os, sys, threading
from pathlib import Path
from newsletter import config, supervision
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.cli.serving import serve
from newsletter.supervision import Periods

held, keeping = [], []
freed = threading.Event()

def kill(name):
    for thread in threading.enumerate():
        if thread.name == name:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
    for service in supervision.current()._services:
        if service.name == name:
            service.call()  # one that waits hears of it when it is called

def take(left):
    try:
        while True:
            held.append(os.open("/dev/null", os.O_RDONLY))
    except OSError:
        for _ in range(left):
            os.close(held.pop())

def spend(left):
    take(int(left))
    keeping.append(threading.Thread(target=keep, args=(int(left),), daemon=True))
    keeping[0].start()

def keep(left):  # what other threads had open for a moment when the first were taken
    while not freed.wait(0.02):
        take(left)

def free(_):
    freed.set()
    keeping.pop().join()
    while held:
        os.close(held.pop())

def listen():
    for line in sys.stdin:
        what, _, about = line.strip().partition(" ")
        {"kill": kill, "spend": spend, "free": free}[what](about)

threading.Thread(target=listen, daemon=True).start()
periods = Periods(first_pause=0.3, longest_pause=1.0, healthy=1.5, notice=1.0, look=0.05, tick=0.5)
serve(config.current(), host=None, port=None, web=True, schedule=True, send=True, periods=periods)
"""
DESK = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from datetime import timedelta
from django.contrib.sessions.models import Session
from django.utils import timezone
from tests.web import make
Session.objects.create(session_key="old", session_data="", expire_date=timezone.now() - timedelta(days=1))
user, session = make.person(), SessionStore()
backend = "django.contrib.auth.backends.ModelBackend"
session[SESSION_KEY], session[BACKEND_SESSION_KEY] = str(user.pk), backend
session[HASH_SESSION_KEY] = user.get_session_auth_hash()
session.create()
print(session.session_key)
"""


@dataclass
class Said:
    """What was said of a fault, a row of the table."""

    fault: str
    readyz: list[str] = field(default_factory=list)
    desk: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    sent: str = ""

    def of(self, service: str) -> bool:
        """Whether `/readyz` has named this service."""
        return any(line.startswith(f"{service}: ") for line in self.readyz)

    def row(self) -> str:
        """All of it as a row of a table."""
        cells = (self.fault, "; ".join(self.readyz), " ".join(self.desk), " ".join(self.told), self.sent)
        return " | ".join(cells)


class Alerts:
    """What `alert_url` gets, but for alerts of the sites' source, which never answers."""

    def __enter__(self) -> Self:
        got = self.got = list[dict[str, object]]()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                alert = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if alert["kind"] != "source":
                    got.append(alert)
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Running:
    """`newsletter run` with its desk, one editor, a mailbox and an alert address."""

    def __init__(
        self, site: Site, alerts: Alerts, environment: Mapping[str, str] | None = None, periods: str = ""
    ) -> None:
        """`periods` are further arguments of `Periods`."""
        self.site, self.alerts = site, alerts
        self.environment = {**site.environment, **(environment or {})}
        self.session = self.python(DESK)
        self.lines: list[str] = []
        command = [sys.executable, "-c", RUN.replace("tick=0.5", f"tick=0.5{periods}")]
        self.process = site.begin(command, stdin=subprocess.PIPE, environment=self.environment)
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        eventually(lambda: self._address(), 30)
        self.base = self._address()
        eventually(self.is_ready, 30)

    def python(self, code: str, *words: object) -> str:
        """Run this code in the site's folder, without the process's environment; return what it printed."""
        return self.site.script(code, *words).stdout.strip()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line)

    def _address(self) -> str:
        found = re.search(r"http://\S+:\d+(?=/desk/)", "".join(self.lines))
        return found[0] if found else ""

    def put(self, fault: str) -> None:
        """Have the process do this to itself."""
        assert self.process.stdin is not None
        self.process.stdin.write(fault + "\n")
        self.process.stdin.flush()

    def readyz(self) -> str:
        """What `/readyz` says; "" where nothing answers in time."""
        try:
            answer = requests.get(self.base + "/readyz", timeout=5)
        except requests.RequestException:
            return ""
        said = (answer.status_code, answer.text[:300], self.lines[-60:])
        assert answer.status_code == (200 if answer.text.startswith("ready\n") else 503), said
        return answer.text.strip()

    def desk(self) -> list[str]:
        """What the desk's first page says of failing services; otherwise the status."""
        try:
            answer = requests.get(
                self.base + "/desk/", cookies={"sessionid": self.session}, timeout=5, allow_redirects=False
            )
        except requests.RequestException:
            return []
        if answer.status_code != 200:
            return [f"({answer.status_code})"]
        return [html.unescape(found) for found in re.findall(r"<p>(Not working: .*?)</p>", answer.text)]

    def end(self) -> None:
        """Ask it to end; it must, and well."""
        assert self.process.stdin is not None
        self.process.terminate()
        try:
            self.process.wait(90)  # longer than the supervisor waits for its services
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self._reader.join(10)
        assert self.process.stdout is not None
        self.process.stdout.close()
        assert self.process.returncode == 0, "".join(self.lines[-40:])

    def is_ready(self) -> bool:
        """Whether `/readyz` has nothing to say against it."""
        return self.readyz().startswith("ready")

    def ahead(self) -> float:
        """Seconds by which the wall clock of its web server is ahead of ours."""
        date = requests.get(self.base + "/healthz", timeout=10).headers["Date"]
        return parsedate_to_datetime(date).timestamp() - time.time()

    def log(self) -> str:
        """What it has written so far."""
        return "".join(self.lines)

    def has_logged(self, words: str) -> bool:
        """Whether it has written this so far."""
        return words in self.log()


class Watch:
    """Asks `/readyz` and the desk all the time, and keeps what is new in what they say."""

    def __init__(self, running: Running, fault: str) -> None:
        self.running, self.said = running, Said(fault)
        self._alerts = len(running.alerts.got)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._look)

    def __enter__(self) -> Said:
        self._thread.start()
        return self.said

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()
        self.said.told = [
            re.sub(r"^\d\d:\d\d UTC: ", "", str(alert["text"])) for alert in self.running.alerts.got[self._alerts :]
        ]

    def _look(self) -> None:
        """Ask the desk, which takes longer, when `/readyz` says something else, and otherwise twice a second."""
        before, asked, changed = ["ready"], 0.0, time.monotonic()
        while not self._done.wait(0.1 if time.monotonic() - changed < 20 else 0.5):
            lines = [re.sub(r"; next try in \d+ s$", "", line) for line in self.running.readyz().splitlines()]
            self.said.readyz += [line for line in dict.fromkeys(lines) if line not in self.said.readyz]
            if lines != before or (lines != ["ready"] and time.monotonic() - asked > 0.5):
                self.said.desk += [line for line in self.running.desk() if line not in self.said.desk]
                changed = changed if lines == before else time.monotonic()
                before, asked = lines, time.monotonic()


def eventually(holds: Callable[[], object], seconds: float = 40.0) -> None:
    """Wait until this holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, "it did not come to that"
        time.sleep(0.05)


def sent_once(running: Running, mailbox: Mailbox, said: Said, readers: int = READERS) -> None:
    """The edition is sent, and each reader has it once."""
    eventually(lambda: len([address for address in mailbox.recipients if address != EDITOR]) >= readers, 60)
    eventually(lambda: running.site.json("status", EDITION)["state"] == "sent", 60)
    counted = running.site.json("status", EDITION)
    got = Counter(address for address in mailbox.recipients if address != EDITOR)
    assert (counted["accepted"], counted["unknown"]) == (readers, 0), counted
    assert got == Counter({f"r{n}@reader.example": 1 for n in range(1, readers + 1)})
    said.sent = f"{len(got)} of {readers}, once each"
