"""How readers fare while an edition is sent: sign-ups and one-click POSTs at a steady rate, on SQLite.

    python -m tests.bench.bench_signup [SECONDS] [A_SECOND]

Each kind of request comes A_SECOND times a second, on time whether or not the one before was answered; a time is from
when a request was due to the end of its answer. Prints what was lost (nothing may be), the times, and the rate of
sending with and without this load.
"""

import asyncio
import contextlib
import http.server
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
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

READERS = 60_000
CONNECTIONS = 48

CONFIG = """
[site]
url = "http://127.0.0.1:{web}"
[web]
trusted_proxies = ["127.0.0.1"]
[newsletters.daily]
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
ENTRY = """<entry><id>urn:{0}</id><title>What happened on {0}</title><link href="http://blog.example/{0}"/>
<updated>{0}T12:00:00Z</updated><published>{0}T12:00:00Z</published>
<content type="html">&lt;p&gt;Quite a lot happened on {0}, and all of it is told here.&lt;/p&gt;</content></entry>"""

INSIDE = """
import json, sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.load(Path("config.toml")))
from subscribers.models import Letter, Subscription
from subscribers.tokens import link_token
if sys.argv[1] == "tokens":
    pks = Subscription.objects.filter(newsletter="weekly").values_list("pk", flat=True)
    print(json.dumps([link_token(pk) for pk in pks]))
else:
    left = Subscription.objects.filter(newsletter="weekly", state="unsubscribed").count()
    print(json.dumps({"left": left, "letters": Letter.objects.count()}))
"""


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def blog(days: list[str]) -> Iterator[int]:
    """A feed with a post on each of these days."""
    feed = (
        '<feed xmlns="http://www.w3.org/2005/Atom"><id>urn:blog</id><title>Blog</title>'
        f"<updated>{days[0]}T12:00:00Z</updated>{''.join(ENTRY.format(day) for day in days)}</feed>"
    ).encode()

    class Blog(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/atom+xml")
            self.send_header("Content-Length", str(len(feed)))
            self.end_headers()
            self.wfile.write(feed)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Blog)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


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


async def load(port: int, tokens: list[str], seconds: int, a_second: int) -> tuple[list[float], Counter[str]]:
    """Send both kinds of requests on time; gives the times in seconds and the answers by kind and status."""
    due: asyncio.Queue[tuple[float, str, bytes] | None] = asyncio.Queue()
    times: list[float] = []
    answers: Counter[str] = Counter()
    workers = [asyncio.create_task(_work(port, due, times, answers)) for _ in range(CONNECTIONS)]
    began = time.perf_counter()
    for n in range(seconds * a_second):
        at = began + n / a_second
        await asyncio.sleep(max(0.0, at - time.perf_counter()))
        address = f"reader{n}@mail{n % 500}.example"
        join = _request("/n/daily/subscribe", {"address": address}, f"10.{n >> 8 & 255}.{n & 255}.1")
        leave = _request(f"/u/{tokens[n]}", {"List-Unsubscribe": "One-Click"}, "10.0.0.1")
        due.put_nowait((at, "sign-up", join))
        due.put_nowait((at, "one-click", leave))
    for _ in workers:
        due.put_nowait(None)
    await asyncio.gather(*workers)
    return times, answers


def _request(path: str, fields: dict[str, str], network: str) -> bytes:
    body = urllib.parse.urlencode(fields).encode()
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Forwarded-For: {network}\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body


async def _work(
    port: int, due: asyncio.Queue[tuple[float, str, bytes] | None], times: list[float], answers: Counter[str]
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while (job := await due.get()) is not None:
        at, kind, request = job
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(head.partition("content-length:")[2].partition("\r\n")[0] or 0)
        await reader.readexactly(length)
        times.append(time.perf_counter() - at)
        answers[f"{kind} {head.split()[1]}"] += 1
    writer.close()


def rate(program: Program, edition: str, until: threading.Event) -> float:
    """Mails a second that an edition under way makes from now until the event."""
    began, before = time.perf_counter(), program.json("status", edition)["accepted"]
    until.wait()
    after = program.json("status", edition)["accepted"]
    return float(after - before) / (time.perf_counter() - began)


def main(seconds: int = 30, a_second: int = 200, paced: str = "500/s") -> None:
    """Measure and print."""
    today = datetime.now(UTC).date()
    days = [(today - timedelta(days=n)).isoformat() for n in (1, 2)]
    web, smtp = free_port(), free_port()
    sink = subprocess.Popen(["/usr/sbin/smtp-sink", "-u", "nobody", f"127.0.0.1:{smtp}", "200"])
    with tempfile.TemporaryDirectory() as name, blog(days) as feed:
        program = Program(Path(name))
        (program.folder / "config.toml").write_text(CONFIG.format(web=web, smtp=smtp, feed=feed, rate=paced))
        (program.folder / "daily.csv").write_text("".join(f"d{n}@mail{n % 500}.example\n" for n in range(READERS)))
        leavers = "".join(f"w{n}@mail{n % 500}.example\n" for n in range(seconds * a_second))
        (program.folder / "weekly.csv").write_text(leavers)
        for newsletter in ("daily", "weekly"):
            program.json("subscribers", "import", f"{newsletter}.csv", "--newsletter", newsletter)
        tokens = program.inside("tokens")
        running = program.start("run", "--port", str(web))
        try:
            _wait_for(web)
            edition = program.json("draft", "daily", "--day", days[1])["edition"]
            program.json("send", edition, "--approve", "--yes")
            while not program.json("status", edition)["accepted"]:
                time.sleep(0.5)
            alone, done = 0.0, threading.Event()
            threading.Timer(10, done.set).start()
            alone = rate(program, edition, done)
            ended, found = threading.Event(), []
            watcher = threading.Thread(target=lambda: found.append(rate(program, edition, ended)))
            watcher.start()
            times, answers = asyncio.run(load(web, tokens, seconds, a_second))
            ended.set()
            watcher.join()
            kept = program.inside("count")
        finally:
            running.send_signal(signal.SIGTERM)
            running.wait(60)
            sink.terminate()
        _print(times, answers, kept, alone, found[0])


def _print(times: list[float], answers: Counter[str], kept: dict[str, int], alone: float, loaded: float) -> None:
    cut = statistics.quantiles(times, n=100)
    lost = answers["sign-up 202"] - kept["letters"], answers["one-click 200"] - kept["left"]
    sys.stdout.write(
        f"answers: {dict(sorted(answers.items()))}; of those taken, lost: {lost[0]} sign-ups, {lost[1]} one-clicks\n"
        f"times: p50 {cut[49] * 1000:.0f} ms, p99 {cut[98] * 1000:.0f} ms, longest {max(times) * 1000:.0f} ms\n"
        f"sending: {alone:.0f} mails a second alone, {loaded:.0f} under this load\n"
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
