"""How long many sources take: `python -m tests.bench.bench_collect [--sources N] [--workers N …]`.

N sources on this machine, each with one post, are read by `run` on so many machines with one PostgreSQL, from an empty
database. Prints the time from the first reading until the last.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.doubles import postgresql

CONFIG = """
[site]
url = "http://localhost:8000"
database = "{database}"
secret_key = "the same key on every machine"
[collect]
every = "6h"
allow_private_addresses = true
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
{sources}
"""
FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Source {number}</title><link>http://127.0.0.1/</link>
<item><title>Post of {number}</title><link>http://127.0.0.1/{number}.html</link><guid>{number}</guid>
<pubDate>Tue, 03 Feb 2026 10:00:00 GMT</pubDate><description>What there is to say of {number}.</description></item>
</channel></rss>"""


class Feeds(BaseHTTPRequestHandler):
    """Serves a feed at every address."""

    def do_GET(self) -> None:
        body = FEED.format(number=self.path.rpartition("/")[2]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/rss+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def count(database: str) -> tuple[int, float]:
    """How many sources were read, and the seconds between the first and the last."""
    import psycopg

    with psycopg.connect(database) as connection:
        query = (
            "SELECT count(*), coalesce(extract(epoch FROM max(read_at) - min(read_at)), 0)"
            " FROM newsletter_source WHERE read_at IS NOT NULL"
        )
        try:
            rows, seconds = connection.execute(query).fetchone() or (0, 0)
        except psycopg.errors.UndefinedTable:
            return 0, 0.0
    return int(rows), float(seconds)


def measure(sources: int, workers: int, port: int) -> str:
    """One line of figures."""
    with postgresql.running() as database, tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
        listed = "".join(
            f'[[newsletters.kinaforum.sources]]\nurl = "http://127.0.0.1:{port}/{n}"\ntype = "feed"\n'
            for n in range(sources)
        )
        running: list[subprocess.Popen[bytes]] = []
        for machine in range(workers):
            place = Path(folder) / str(machine)
            place.mkdir()
            (place / "config.toml").write_text(CONFIG.format(database=database, sources=listed))
            command = [str(Path(sys.executable).with_name("newsletter")), "run", "--no-web", "--no-send"]
            if machine == 0:
                subprocess.run([command[0], "editions"], cwd=place, check=True, capture_output=True)
            running.append(subprocess.Popen(command, cwd=place, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        began = time.monotonic()
        while (found := count(database))[0] < sources:
            assert time.monotonic() - began < 3600, f"{found[0]} of {sources} were read"
            time.sleep(1)
        for process in running:
            process.send_signal(signal.SIGTERM)
        cpu = 0.0
        for process in running:
            _, _, used = os.wait4(process.pid, 0)
            process.returncode = 0
            cpu += used.ru_utime + used.ru_stime
    return (
        f"{sources} sources, {workers} machine{'s' if workers > 1 else ''}: {found[1]:.0f} s from the first to the last"
        f" ({sources / max(found[1], 0.001):.0f} a second), {cpu / sources * 1000:.1f} ms CPU for each"
    )


def main() -> None:
    """Each number of machines with an empty database."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sources", type=int, default=10_000)
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 3])
    given = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Feeds)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for workers in given.workers:
        sys.stdout.write(measure(given.sources, workers, server.server_port) + "\n")
        sys.stdout.flush()
    server.shutdown()
    server.server_close()


if __name__ == "__main__":
    main()
