"""Measures what readers do right after an edition: one-click requests, sign-ups and archive pages, on SQLite.

    python -m tests.bench.bench_burst [SECONDS] [A_SECOND] [SENDING]

The requests come A_SECOND times a second together, a third of each kind, on time whether or not the one before was
answered; a time is from when a request was due to the end of its answer. First the same server answers them with a
constant, which is the limit; then the program does while it sends an edition at the rate SENDING. Prints what was lost
(nothing may be), the times, the CPU time of each process, and the rate of sending with and without this load.
"""

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from collections import Counter, deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

from tests.doubles.daily_blog import daily_blog
from tests.doubles.ports import free_port

READERS = 60_000
CONNECTIONS = 64

CONFIG = """
[site]
url = "http://127.0.0.1:{web}"
[web]
trusted_proxies = ["127.0.0.1"]
[newsletters.daily]
challenge = "off"
title = "Daglig"
language = "en"
timezone = "UTC"
from = "daglig@example.org"
address = "1 Example Street"
period = "day"
[[newsletters.daily.sources]]
url = "http://127.0.0.1:{feed}/feed.xml"
type = "feed"
[newsletters.weekly]
challenge = "off"
title = "Ukentlig"
language = "en"
from = "ukentlig@example.org"
address = "1 Example Street"
[[newsletters.weekly.sources]]
url = "http://127.0.0.1:{feed}/feed.xml"
type = "feed"
[collect]
allow_private_addresses = true
[delivery]
provider = "smtp"
rate = "{rate}"
smtp = {{ host = "127.0.0.1", port = {smtp} }}
"""
INSIDE = """
import json, sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.load(Path("config.toml")))
from subscribers.models import Subscription, TransactionalEmail
from subscribers.tokens import link_token
if sys.argv[1] == "tokens":
    pks = Subscription.objects.filter(newsletter="weekly").values_list("pk", flat=True)
    print(json.dumps([link_token(pk) for pk in pks]))
else:
    left = Subscription.objects.filter(newsletter="weekly", state="unsubscribed").count()
    print(json.dumps({"left": left, "emails": TransactionalEmail.objects.count()}))
"""


CONSTANT = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.load(Path("config.toml")))
from newsletter.supervision import Periods, Service
from newsletter.web import server
from newsletter.web.bodies import WholeBodies
from newsletter.web.listener import open_listener
from newsletter.web.only_run import RunLock
from newsletter.web.requests import CheckedRequests

async def answer(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"3")]})
    await send({"type": "http.response.body", "body": b"ok\\n"})

server.application = lambda given: CheckedRequests(WholeBodies(answer, lambda scope: 0), given.web.trusted_proxies)
listener = open_listener("127.0.0.1", int(sys.argv[1]))
service, lock = Service("web", lambda service: None, str, Periods()), RunLock(config.current().folder)
server.run(service, listener, config.current(), lock)
"""


class Program:
    """The program in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {k: v for k, v in os.environ.items() if not k.startswith(("NEWSLETTER", "DJANGO"))}

    def json(self, *words: str) -> Any:
        """Run a command and read what it prints."""
        return self._read([sys.executable, "-m", "newsletter", *words, "--json"])

    def inside(self, what: str) -> Any:
        """Ask the database."""
        return self._read([sys.executable, "-c", INSIDE, what])

    def _read(self, command: list[str]) -> Any:
        done = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command[-4:])}: {done.stderr}")
        return json.loads(done.stdout)

    def start(self, *words: str) -> subprocess.Popen[bytes]:
        """Start and leave running."""
        command = [sys.executable, "-m", "newsletter", *words]
        log = (self.folder / "run.log").open("wb")
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, stdout=log, stderr=log)


class Load:
    """Sends requests when they are due over connections that stay open, and takes the time until each answer ends."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._free: deque[_Connection] = deque()
        self._waiting: deque[tuple[float, str, bytes]] = deque()
        self._ended = asyncio.Event()
        self.times: dict[str, list[float]] = {}
        self.answers: Counter[str] = Counter()
        self.finished = False

    async def run(self, requests: Sequence[tuple[str, bytes]], a_second: int) -> float:
        """Send all requests; return the seconds that it took."""
        loop = asyncio.get_running_loop()
        for _ in range(CONNECTIONS):
            connection = (await loop.create_connection(lambda: _Connection(self), "127.0.0.1", self._port))[1]
            self._free.append(connection)
        began = time.perf_counter()
        for n, (kind, request) in enumerate(requests):
            due = began + n / a_second
            if due > time.perf_counter():
                await asyncio.sleep(due - time.perf_counter())
            self._waiting.append((due, kind, request))
            self._next()
        while sum(self.answers.values()) < len(requests):
            self._ended.clear()
            await self._ended.wait()
        self.finished = True
        return time.perf_counter() - began

    def answered(self, connection: "_Connection", due: float, kind: str, status: str) -> None:
        """Count an answer, and use its connection again."""
        self.times.setdefault(kind, []).append(time.perf_counter() - due)
        self.answers[f"{kind} {status}"] += 1
        self._free.append(connection)
        self._next()
        self._ended.set()

    def _next(self) -> None:
        while self._waiting and self._free:
            self._free.popleft().send(*self._waiting.popleft())


class _Connection(asyncio.Protocol):
    """A connection with at most one request under way; an answer has a Content-Length."""

    def __init__(self, load: Load) -> None:
        self._load, self._buffer, self._sent = load, b"", (0.0, "")

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def send(self, due: float, kind: str, request: bytes) -> None:
        self._sent = due, kind
        self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0] or 0)
        if end and len(body) >= length:
            status, self._buffer = head[9:12].decode(), body[length:]
            self._load.answered(self, *self._sent, status)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._load.finished:
            raise SystemExit(f"the server closed a connection: {exc}")


def requests(tokens: list[str], pages: list[str]) -> list[tuple[str, bytes]]:
    """Return a third of each kind, in turn: one-click for every token, a sign-up of a new address, and a page."""
    made = []
    for n, token in enumerate(tokens):
        network = f"10.{n >> 8 & 255}.{n & 255}.1"
        leave, join = {"List-Unsubscribe": "One-Click"}, {"address": f"reader{n}@mail{n % 500}.example"}
        made.append(("one-click", _request("POST", f"/u/{token}", "10.0.0.1", leave)))
        made.append(("sign-up", _request("POST", "/n/daily/subscribe", network, join)))
        made.append(("archive", _request("GET", pages[n % len(pages)], network, {})))
    return made


def _request(method: str, path: str, network: str, fields: dict[str, str]) -> bytes:
    body = urllib.parse.urlencode(fields).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {network}\r\n"
    form = f"Content-Length: {len(body)}\r\nContent-Type: application/x-www-form-urlencoded\r\n" if body else ""
    return f"{head}{form}\r\n".encode() + body


def rate(program: Program, edition: str, until: threading.Event) -> float:
    """Mails a second that an edition under way makes from now until the event."""
    began, before = time.perf_counter(), program.json("status", edition)["accepted"]
    until.wait()
    after = program.json("status", edition)["accepted"]
    return float(after - before) / (time.perf_counter() - began)


def cpu(pid: int) -> float:
    """Return the CPU seconds of a process so far, without its children."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def constant(folder: Path, sent: list[tuple[str, bytes]], a_second: int) -> None:
    """Measure the same server with an application that answers every request with a constant."""
    port = free_port()
    server = subprocess.Popen([sys.executable, "-c", CONSTANT, str(port)], cwd=folder)
    try:
        _wait_for(port)
        _measure("constant", port, server.pid, sent, a_second)
    finally:
        server.kill()
        server.wait()


def _measure(what: str, port: int, pid: int, sent: list[tuple[str, bytes]], a_second: int) -> Counter[str]:
    """Put the load on a server and print its figures."""
    load, before = Load(port), cpu(pid)
    seconds = asyncio.run(load.run(sent, a_second))
    used = (cpu(pid) - before) / len(sent) * 1000
    sys.stdout.write(f"{what}: {len(sent) / seconds:.0f} requests a second, {used:.2f} s of CPU time per 1,000\n")
    for kind, times in load.times.items():
        cut = statistics.quantiles(times, n=100)
        longest = max(times) * 1000
        sys.stdout.write(
            f"  {kind}: p50 {cut[49] * 1000:.0f} ms, p99 {cut[98] * 1000:.0f} ms, longest {longest:.0f} ms\n"
        )
    sys.stdout.write(f"  answers: {dict(sorted(load.answers.items()))}\n")
    return load.answers


def main(seconds: int = 20, a_second: int = 1500, sending: int = 500) -> None:
    """Measure and print."""
    today = datetime.now(UTC).date()
    days = [(today - timedelta(days=n)).isoformat() for n in (1, 2)]
    web, smtp = free_port(), free_port()
    sink = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{smtp}", "200"])
    with tempfile.TemporaryDirectory() as name, daily_blog(days) as feed:
        program = Program(Path(name))
        (program.folder / "config.toml").write_text(CONFIG.format(web=web, smtp=smtp, feed=feed, rate=f"{sending}/s"))
        (program.folder / "daily.csv").write_text("".join(f"d{n}@mail{n % 500}.example\n" for n in range(READERS)))
        leavers = "".join(f"w{n}@mail{n % 500}.example\n" for n in range(seconds * a_second // 3))
        (program.folder / "weekly.csv").write_text(leavers)
        for newsletter in ("daily", "weekly"):
            program.json("subscribers", "import", f"{newsletter}.csv", "--newsletter", newsletter)
        edition = program.json("draft", "daily", "--day", days[1])["edition"]
        sent = requests(program.inside("tokens"), [f"/n/{edition}/", "/n/daily/", "/"])
        constant(program.folder, sent, a_second)
        running = program.start("run", "--port", str(web))
        try:
            _wait_for(web)
            program.json("send", edition, "--approve", "--yes")
            while not program.json("status", edition)["accepted"]:
                time.sleep(0.5)
            done = threading.Event()
            threading.Timer(10, done.set).start()
            alone = rate(program, edition, done)
            ended, found = threading.Event(), []
            watcher = threading.Thread(target=lambda: found.append(rate(program, edition, ended)))
            watcher.start()
            answers = _measure("the program", web, running.pid, sent, a_second)
            ended.set()
            watcher.join()
            kept = program.inside("count")
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)
            sink.terminate()
    lost = answers["sign-up 202"] - kept["emails"], answers["one-click 200"] - kept["left"]
    sys.stdout.write(
        f"  lost: {lost[0]} sign-ups, {lost[1]} one-click requests\n"
        f"sending: {alone:.0f} mails a second alone, {found[0]:.0f} under this load\n"
    )


def _wait_for(port: int) -> None:
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
