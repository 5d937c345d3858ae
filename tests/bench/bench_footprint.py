"""What an installation takes: `python -m tests.bench.bench_footprint [VENV …]`.

For each virtual environment with the program installed: its size, how long `newsletter --help` takes, how long `run`
takes until it answers, and its memory 15 seconds later (PSS), when it has read a source with 25 posts. Compare two
versions in one run. The first start of each isn't counted: it makes the database and compiles modules.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.doubles.ports import free_port

CONFIG = """
[site]
url = "http://localhost:{port}"
[collect]
allow_private_addresses = true
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "{source}"
"""
TEXT = """Det snødde hele natten, og da vi våknet var veien borte. Vi satte på kaffe, fant frem skiene og ringte til
naboen, som allerede hadde vært ute en tur med hunden."""
POST = """<item><title>Innlegg {number}</title><link>http://127.0.0.1/{number}.html</link><guid>{number}</guid>
<pubDate>Tue, 03 Feb 2026 10:00:00 GMT</pubDate><description>{text}</description></item>"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Kinaforum</title><link>http://127.0.0.1/</link>{posts}
</channel></rss>""".format(posts="".join(POST.format(number=n, text=TEXT) for n in range(25)))


class Feed(BaseHTTPRequestHandler):
    """Serves one feed."""

    def do_GET(self) -> None:
        body = FEED.encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def size(folder: Path) -> float:
    """Megabytes on the disk."""
    return sum(each.lstat().st_blocks for each in folder.rglob("*")) * 512 / 1e6


def seconds_of_help(program: Path) -> float:
    """The shortest of five."""
    times = []
    for _ in range(5):
        began = time.perf_counter()
        subprocess.run([program, "--help"], check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return min(times)


def run(program: Path, site: Path, port: int) -> tuple[float, float]:
    """Seconds until `run` answers, and its memory in megabytes 15 seconds later."""
    began = time.perf_counter()
    with subprocess.Popen(
        [program, "run", "--port", str(port)], cwd=site, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            while not answers(port):
                if process.poll() is not None or time.perf_counter() - began > 60:
                    sys.exit("newsletter run does not answer")
                time.sleep(0.05)
            ready = time.perf_counter() - began
            time.sleep(15)
            return ready, proportional_memory(process.pid)
        finally:
            process.send_signal(signal.SIGTERM)


def answers(port: int) -> bool:
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5).close()
    except (urllib.error.URLError, OSError):
        return False
    return True


def proportional_memory(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("Pss:"))
    return int(kilobytes) * 1024 / 1e6


def main() -> None:
    arguments = argparse.ArgumentParser()
    arguments.add_argument("venv", nargs="*", type=Path, default=[Path(sys.prefix)])
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feed)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for venv in arguments.parse_args().venv:
        program = venv.absolute() / "bin" / "newsletter"
        with tempfile.TemporaryDirectory() as folder:
            port = free_port()
            source = f"http://127.0.0.1:{server.server_port}/feed.xml"
            (Path(folder) / "config.toml").write_text(CONFIG.format(port=port, source=source))
            run(program, Path(folder), port)
            ready, memory = run(program, Path(folder), port)
        start = f"--help {seconds_of_help(program):.2f} s, run answers after {ready:.1f} s"
        sys.stdout.write(f"{venv}: {size(venv):.0f} MB on the disk, {start}, {memory:.0f} MB of memory\n")


if __name__ == "__main__":
    main()
