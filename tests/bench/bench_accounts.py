"""Measures what readers notice while an account at a server that misbehaves is read, and what Cancel gives back.

    python -m tests.bench.bench_accounts [KIND …] [--seconds SECONDS]

KIND is `refused` (nothing is read: what the machine takes by itself), `poisoned` (a number that is no number),
`repeated` (one member on every page), `endless` (other members on each page, without end), `dripping` (an answer of an
octet a second) or `large` (180 MB of issues); all by default. Beside each, one-click requests are sent one after the
other. Prints the longest of them, the program's memory and the disk space of what was read, before, at the end, and
after Cancel.
"""

import argparse
import asyncio
import json
import multiprocessing
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

from tests.bench.bench_burst import Program
from tests.bench.bench_half_sent_bodies import CONFIG, FIRST, ONE_CLICK, Answers
from tests.bench.program import serving
from tests.doubles.accounts import GHOST_KEY
from tests.doubles.ports import free_port

KINDS = ("refused", "poisoned", "repeated", "endless", "dripping", "large")
ISSUES, ISSUE_SIZE = 900, 200_000
START = """
import sys
from unittest import mock
from pathlib import Path
from newsletter import config
from newsletter.start import start
configuration = config.load(Path("config.toml"))
start(configuration)
from newsletter.web.desk import jobs
import newsletter.web.desk.urls
from newsletter.web.desk import account_import
order = account_import.order_of("ghost", sys.argv[1], "", "weekly")
account_import.store_key(configuration, order, sys.argv[2])
with mock.patch.object(jobs, "enqueue"):
    print(jobs.start(account_import.FETCH, configuration, "weekly", "bench@example.org", order).pk)
"""
STATE = """
import json, sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
configuration = config.load(Path("config.toml"))
start(configuration)
from newsletter.models import Job
import newsletter.web.desk.urls
from newsletter.web.desk import jobs
job = Job.objects.get()
if sys.argv[1:] == ["cancel"]:
    jobs.cancel(configuration, job)
print(json.dumps([job.state, str(job.problem or ""), job.done]))
"""


class Ghost(BaseHTTPRequestHandler):
    """Answers as the server's `kind` says."""

    kind: ClassVar[str]

    def do_GET(self) -> None:

        path, _question, query = self.path.partition("?")
        number = int(dict(pair.split("=") for pair in query.split("&")).get("page", 1))
        name = path.rstrip("/").rpartition("/")[2]
        body = _answer(self.kind, name, number)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for octet in body if self.kind == "dripping" and name == "members" else ():
            self.wfile.write(bytes([octet]))
            self.wfile.flush()
            time.sleep(1)
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


def _answer(kind: str, name: str, number: int) -> bytes:
    if kind == "refused":
        return b"[]"
    if name == "newsletters":
        return b'{"newsletters": []}'
    if name == "posts":
        posts = [_post(15 * number + each) for each in range(15)] if kind == "large" else []
        return _page("posts", posts, number, ISSUES // 15)
    if kind == "poisoned":
        return b'{"members": [], "meta": {"pagination": {"total": 1, "pages": 1e999}}}'
    if kind == "large":
        return _page("members", [_member(1)], number, 1)
    first = 1 if kind == "repeated" else 100 * number
    return _page("members", [_member(first if kind == "repeated" else first + each) for each in range(100)], number, 0)


def _page(name: str, rows: list[dict[str, object]], number: int, pages: int) -> bytes:
    """Return a page; 0 `pages` are without end."""
    total = len(rows) * (pages or 10**6)
    meta = {"pagination": {"page": number, "pages": pages or 10**8, "total": total}}
    return json.dumps({name: rows, "meta": meta}).encode()


def _member(number: int) -> dict[str, object]:
    address = f"m{number}@reader.example"
    return {"id": f"m{number}", "email": address, "created_at": "2022-03-16T08:03:11.000Z", "note": "x" * 2_000}


def _post(number: int) -> dict[str, object]:
    day = f"2023-{number % 12 + 1:02}-{number % 28 + 1:02}T08:00:00.000Z"
    html = "<p>" + "How to bake. " * (ISSUE_SIZE // 13)
    return {"id": f"p{number}", "uuid": f"u{number}", "title": f"Bread {number}", "slug": f"b{number}",
            "status": "published", "published_at": day, "html": html}  # fmt: skip


def serve(kind: str, port: int) -> None:
    """Run Ghost, in a process of its own, so that it takes no time of what measures."""
    ThreadingHTTPServer(("127.0.0.1", port), type("Kind", (Ghost,), {"kind": kind})).serve_forever()


def _memory(process: int) -> int:
    """Return the resident memory of a program and its processes, in MB."""
    lines = subprocess.run(["ps", "-eo", "pid,ppid,rss"], capture_output=True, text=True, check=True).stdout
    rows = [tuple(map(int, line.split())) for line in lines.splitlines()[1:]]
    own = {process}
    for pid, parent, _size in sorted(rows):
        if parent in own:
            own.add(pid)
    return sum(size for pid, _parent, size in rows if pid in own) // 1024


def _disk(folder: Path) -> int:
    """Return what was read, in KB."""
    return sum(file.stat().st_size for file in (folder / ".imports").rglob("*") if file.is_file()) // 1000


def _inside(folder: Path, code: str, *words: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True, check=True
    ).stdout


async def _ask(port: int, tokens: list[str], answers: Answers, ended: threading.Event) -> None:
    number = 0
    while not ended.is_set():
        await answers.ask(port, ONE_CLICK.format(token=tokens[number % len(tokens)], port=port))
        number += 1
        await asyncio.sleep(0.005)


def measure(kind: str, seconds: float) -> str:
    """Read an account of this kind, and return the figures."""
    port, ghost_port = free_port(), free_port()
    ghost = multiprocessing.Process(target=serve, args=(kind, ghost_port), daemon=True)
    ghost.start()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        text = CONFIG.format(port=port, trusted="") + "[collect]\nallow_private_addresses = true\n"
        (folder / "config.toml").write_text(text, encoding="utf-8")
        people = "address\n" + "".join(f"r{number}@reader.example\n" for number in range(2_000))
        (folder / "people.csv").write_text(people, encoding="utf-8")
        program = Program(folder)
        program.json("subscribers", "import", "people.csv", "--newsletter", "weekly", "--consent", "measured")
        tokens = program.inside("tokens")
        _inside(folder, START, f"http://127.0.0.1:{ghost_port}", GHOST_KEY)
        with serving(folder, port) as used:
            ended, answers, began = threading.Event(), Answers(), time.monotonic()
            asking = threading.Thread(target=lambda: asyncio.run(_ask(port, tokens, answers, ended)))
            asking.start()
            before = _memory(used.process)
            time.sleep(FIRST)
            answers.longest = 0.0
            most = before
            while time.monotonic() - began < seconds:
                time.sleep(1)
                most = max(most, _memory(used.process))
            disk = _disk(folder)
            state = json.loads(_inside(folder, STATE, "cancel"))
            cancelled = time.monotonic()
            while any((folder / ".imports").rglob("*-1.jsonl")) and time.monotonic() - cancelled < 30:
                time.sleep(0.05)
            gone = time.monotonic() - cancelled
            time.sleep(3)
            ended.set()
            asking.join()
            after = _memory(used.process)
            keys = len(list((folder / ".imports").rglob("key")))
            left = _disk(folder)
    ghost.kill()
    return (
        f"{kind}: before Cancel {state}; one-click {answers}; memory {before}, at most {most}, afterwards {after} MB;"
        f" read {disk:,} KB, gone {gone:.1f} s after Cancel, left {left:,} KB, keys {keys}\n"
    )


def main() -> None:
    """Measure each kind, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.bench_accounts")
    parser.add_argument("kinds", nargs="*", choices=[*KINDS, []], metavar="KIND")
    parser.add_argument("--seconds", type=float, default=20.0)
    chosen = parser.parse_args()
    for kind in chosen.kinds or KINDS:
        sys.stdout.write(measure(kind, chosen.seconds))
        sys.stdout.flush()


if __name__ == "__main__":
    main()
