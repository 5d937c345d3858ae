"""Who is told of a fault while an edition is being sent, by real processes: a table with a row for each fault.

    python -m tests.soak.faults_told [FAULT…]

An edition is sent to 600 subscribers at 20 emails a second. After 40 of them the fault begins, and the log, `/readyz`,
the desk, the metrics and `alert_url` are asked every two seconds what they say, and when they said it first. Takes
a quarter of an hour with the default time-outs; all faults are tried at the same time.
"""

import argparse
import asyncio
import html
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import requests

from tests.conftest import Site
from tests.doubles.smtpd import SILENT, Action, Say, Smtpd
from tests.e2e.faults import DESK
from tests.e2e.sending_samples import EDITION, PREPARE, ROOT, children_of

READERS = 600
BEFORE = 40
"""Emails that are accepted before the fault begins."""
MINUTES = 12.0
EDITOR = "editor@desk.example"
CONFIG = """
[site]
url = "{url}"
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
url = "http://127.0.0.1:9/"
[collect]
allow_private_addresses = true
[delivery]
rate = "20/s"
smtp = {{ host = "{host}", port = {port}, security = "none" }}
"""


ON_HOME = re.compile(r'<li class="note (?:error|warning)">.*?<p>(.*?)</p>', re.DOTALL)
ON_REPORT = re.compile(r'<div class="note error".*?</p><p>(.*?)</p></div>', re.DOTALL)
METRICS = re.compile(r"^newsletter_(?:service_up\{.*\} 0|stalled\{.*\} [1-9]|paused [1-9]).*$", re.MULTILINE)


class Always(deque[Action]):
    """A script of one action that is never used up."""

    def popleft(self) -> Action:
        return self[0]


@dataclass
class AlertReceiver:
    """What was posted to `alert_url`, with the time."""

    got: list[tuple[float, str]] = field(default_factory=list)
    port: int = 0

    def start(self) -> None:
        got = self.got

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                alert = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if alert["kind"] != "source":
                    got.append((time.monotonic(), f"{alert['kind']}: {alert['text']}"))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_port
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def mail_server(per_connection: int) -> Iterator[Smtpd]:
    """A server in a thread, whose script may change at any time."""
    server, ready, loop = Smtpd(per_connection=per_connection), threading.Event(), asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with server:
            ready.set()
            await done.wait()

    thread = threading.Thread(target=lambda: loop.run_until_complete(serve()), daemon=True)
    thread.start()
    ready.wait(10)
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)


@dataclass
class Row:
    """What was said of a fault: by each place, the seconds after which something was said first, and the words."""

    fault: str
    said: dict[str, list[tuple[float, str]]] = field(default_factory=dict)
    counts: dict[str, object] = field(default_factory=dict)
    lost: int = 0
    twice: int = 0

    def note(self, place: str, seconds: float, words: str) -> None:
        known = self.said.setdefault(place, [])
        if words and words not in (text for _, text in known):
            known.append((seconds, words))

    def text(self) -> str:
        places = ("log", "readyz", "desk", "report", "metric", "alert", "email")
        lines = [f"## {self.fault}", ""]
        for place in places:
            for seconds, words in self.said.get(place, [])[:6]:
                lines.append(f"| {place} | {seconds:.0f} s | {words[:300]} |")
            if not self.said.get(place):
                lines.append(f"| {place} | – | nothing |")
        shown = {key: value for key, value in self.counts.items() if value}
        lines.append(f"| lost {self.lost}, twice {self.twice} | | {shown} |")
        return "\n".join(lines)


class Trial:
    """A site that sends, with a fault that begins while it does."""

    def __init__(self, fault: "Fault", folder: Path, minutes: float) -> None:
        self.fault, self.minutes = fault, minutes
        self.folder = folder
        self.row = Row(fault.name)
        self.alerts = AlertReceiver()
        self.lines: list[tuple[float, str]] = []
        self.began = 0.0

    def run(self) -> Row:
        self.alerts.start()
        with mail_server(self.fault.per_connection) as self.server:
            text = CONFIG.format(
                alerts=self.alerts.port,
                port=self.server.port,
                far=time.strftime("%a", time.localtime(time.time() + 3 * 86400)).lower(),
                more=self.fault.more,
                host=self.fault.host,
                url=self.fault.url,
            )
            self.site = Site(self.folder, text)
            self.session = self._python(DESK)
            self._python(PREPARE, str(self.fault.readers))
            if not self.fault.before:
                self.fault.begin(self)
            self.process = self.site.start("run", "--port", "0")
            reader = threading.Thread(target=self._read, daemon=True)
            reader.start()
            try:
                self._watch()
            finally:
                self._end()
            self._count()
        self.alerts.stop()
        return self.row

    def _python(self, code: str, *words: str) -> str:
        command = [sys.executable, "-c", code, *words]
        environment = {**self.site.environment, "PYTHONPATH": os.environ.get("PYTHONPATH", str(ROOT))}
        done = subprocess.run(command, cwd=self.folder, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout.strip()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line.rstrip()))

    def address(self) -> str:
        found = re.search(r"http://127\.0\.0\.1:\d+", "\n".join(line for _, line in self.lines if "desk" in line))
        return found[0] if found else ""

    def taken(self) -> list[str]:
        return [each for each in self.server.recipients if each != EDITOR]

    def _watch(self) -> None:
        until = time.monotonic() + 120
        while not (self.address() and len(self.taken()) >= self.fault.before):
            assert time.monotonic() < until, [line for _, line in self.lines]
            time.sleep(0.05)
        self.began = time.monotonic()
        logged, over = len(self.lines), False
        if self.fault.before:
            self.fault.begin(self)
        while (passed := time.monotonic() - self.began) < self.minutes * 60:
            if not over and self.fault.end and passed >= self.fault.seconds:
                over = True
                self.fault.end(self)
            self._ask(passed)
            for at, line in self.lines[logged:]:
                self.row.note("log", at - self.began, re.sub(r"^\S+ \S+ ", "", line))
            logged = len(self.lines)
            for at, words in self.alerts.got:
                if at >= self.began:
                    self.row.note("alert", at - self.began, words)
            mails = [mail for mail in self.server.taken if mail.recipient == EDITOR]
            for mail in mails:
                subject = re.search(rb"^Subject: (.*)$", mail.content, re.MULTILINE)
                self.row.note("email", passed, subject[1].decode() if subject else "?")
            if self.process.poll() is not None:
                break
            time.sleep(2)

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
        counted = self.site.json("status", EDITION)
        got = Counter(self.taken())
        names = ("state", "audience", "accepted", "pending", "deferred", "refused", "unknown", "skipped")
        self.row.counts = {key: counted[key] for key in names}
        self.row.twice = sum(count > 1 for count in got.values())
        waiting = sum(int(counted[key]) for key in ("pending", "deferred", "refused", "unknown", "skipped"))
        self.row.lost = max(0, int(counted["audience"]) - len(got) - waiting)


@dataclass(frozen=True)
class Fault:
    """A fault: what begins it, and what ends it after `seconds`."""

    name: str
    begin: Callable[[Trial], None]
    end: Callable[[Trial], None] | None = None
    seconds: float = 0.0
    per_connection: int = 0
    before: int = BEFORE
    readers: int = READERS
    host: str = "127.0.0.1"
    url: str = "http://localhost:8000"
    more: str = ""


def script(phase: str, action: Action) -> Callable[[Trial], None]:
    """Let the server do this in a phase from now on."""

    def begin(trial: Trial) -> None:
        trial.server.script[phase] = Always([action])

    return begin


def stop_children(trial: Trial) -> None:
    """Stop the sending processes, as a debugger or a cgroup freezer does."""
    for pid in children_of(trial.process):
        os.kill(pid, signal.SIGSTOP)


def continue_children(trial: Trial) -> None:
    for pid in children_of(trial.process):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


def freeze(trial: Trial) -> None:
    os.killpg(trial.process.pid, signal.SIGSTOP)


def thaw(trial: Trial) -> None:
    os.killpg(trial.process.pid, signal.SIGCONT)


def fill(trial: Trial) -> None:
    """Fill the disk of the site's folder."""
    with suppress(OSError), (trial.folder / "filler").open("wb", buffering=0) as file:
        while True:
            file.write(b"\0" * 4096)


def free(trial: Trial) -> None:
    (trial.folder / "filler").unlink()


FAULTS = {
    "child": Fault("child stopped", stop_children, continue_children, 660),
    "greeting": Fault("hang at the greeting", script("GREETING", SILENT), per_connection=5),
    "ehlo": Fault("hang at EHLO", script("EHLO", SILENT), per_connection=5),
    "mail": Fault("hang at MAIL", script("MAIL", SILENT)),
    "rcpt": Fault("hang at RCPT", script("RCPT", SILENT)),
    "data": Fault("hang at DATA", script("DATA", SILENT)),
    "dot": Fault("hang at the final dot", script("DOT", SILENT)),
    "disk": Fault("disk full", fill, free, 300, more='minimum_free_space = "1 MB"'),
    "frozen": Fault("machine frozen for 125 s", freeze, thaw, 125),
    "unknown": Fault("every mail taken, connection dropped", script("DOT", Say(take=True, close=True))),
    "451": Fault("451 to everybody", script("RCPT", "451 4.3.0 try again later"), before=0, readers=300),
    "421": Fault("421 to every connection", script("GREETING", Say("421 4.3.2 busy", close=True)), per_connection=5),
    "dns": Fault("DNS failing", lambda trial: None, before=0, host="smtp.invalid", url="https://brev.example.org"),
    "550": Fault("550 5.1.1 to everybody", script("RCPT", "550 5.1.1 no such user"), before=0, readers=300),
}


@contextmanager
def place(fault: Fault) -> Iterator[Path]:
    """A folder for a site; one on a small disk of its own for a disk that gets full."""
    folder = Path(tempfile.mkdtemp(prefix="newsletter-"))
    mounted = fault.begin is fill
    if mounted:
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        if mounted:
            subprocess.run(["umount", "-l", folder], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=MINUTES)
    parser.add_argument("faults", nargs="*", metavar="FAULT", help=", ".join(FAULTS))
    arguments = parser.parse_args()
    if unknown := set(arguments.faults) - set(FAULTS):
        parser.error(f"no such fault: {', '.join(sorted(unknown))}")
    rows: dict[str, Row] = {}

    def trial(name: str) -> None:
        with place(FAULTS[name]) as folder:
            rows[name] = Trial(FAULTS[name], folder, arguments.minutes).run()
        sys.stdout.write(rows[name].text() + "\n\n")
        sys.stdout.flush()

    threads = [threading.Thread(target=trial, args=(name,)) for name in arguments.faults or FAULTS]
    for thread in threads:
        thread.start()
        time.sleep(4)
    for thread in threads:
        thread.join()
    untold = [name for name, row in rows.items() if not (row.said.get("log") and row.said.get("alert"))]
    wrong = [name for name, row in rows.items() if row.lost or row.twice]
    if untold or wrong or len(rows) < len(threads):
        sys.exit(f"told to nobody: {untold}; lost or twice: {wrong}; {len(rows)} of {len(threads)} trials ended")


if __name__ == "__main__":
    main()
