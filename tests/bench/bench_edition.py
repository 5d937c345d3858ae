"""What an edition costs: `python -m tests.bench.bench_edition [--sqlite] [NEWSLETTER …]`.

Each NEWSLETTER is a command `newsletter`, of one version of the program each; by default, this one. One process (with
PostgreSQL a worker) sends an edition to `--readers` readers, each version in turn. Prints the CPU seconds of that
process with its sending processes, and of PostgreSQL, for 1,000 messages; the lowest of all rounds, since other
programs only add. The ratio is that of all CPU seconds to those of the first version in the same round, the median of
all rounds.

PostgreSQL gathers its statistics before each measurement. Autovacuum is off: it would fall into the next measurement.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.doubles import postgresql
from tests.e2e.sending_samples import MailServer

CONFIG = """
[site]
url = "https://letters.example.org"
database = "{database}"
secret_key = "the same key in every round of the benchmark"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "posts"
type = "folder"
[delivery]
connections = 20
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
"""
POST = (
    "---\ntitle: A post\ndate: 2026-02-03\n---\n" + "What there is to say fills a paragraph, and is said here.\n\n" * 40
)
TICKS = os.sysconf("SC_CLK_TCK")


def cpu_of_tree(pid: int) -> float:
    """The CPU seconds of a process, of its living children, and of those that it has waited for."""
    found = 0.0
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if path.parent.name == str(pid):
            found += sum(map(int, fields[11:15]))
        elif fields[1] == str(pid):
            found += sum(map(int, fields[11:13]))
    return found / TICKS


def postmaster(database: str) -> int:
    """The process of the server that listens there."""
    port = urlsplit(database).port
    found = subprocess.run(["pgrep", "-f", f"postgres.* -p {port} "], capture_output=True, text=True, check=True)
    return int(found.stdout.split()[0])


def execute(database: str, statement: str) -> None:
    """Run a statement outside a transaction."""
    import psycopg

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(statement)


class Figures(NamedTuple):
    """CPU seconds of the sender and of PostgreSQL, and wall seconds, of one edition."""

    sender: float
    postgres: float
    wall: float

    @property
    def cpu(self) -> float:
        return self.sender + self.postgres


class Sqlite:
    """Each site has a file of its own, and sends in the process of its web server and schedule."""

    sending = ("run", "--port", "0")

    def create(self, _name: str) -> str:
        return "sqlite:///newsletter.db"

    def settle(self, database: str) -> None:
        """Nothing is to be gathered."""

    def cpu(self) -> float:
        return 0.0


class PostgreSQL:
    """All sites have a database each on one server."""

    sending = ("worker",)

    def __init__(self, server: str) -> None:
        self._server, self._postmaster = server, postmaster(server)
        execute(server, "ALTER SYSTEM SET autovacuum = off")
        execute(server, "SELECT pg_reload_conf()")

    def create(self, name: str) -> str:
        execute(self._server, f'CREATE DATABASE "{name}"')
        return self._server.rpartition("/")[0] + f"/{name}"

    def settle(self, database: str) -> None:
        execute(database, "VACUUM ANALYZE")

    def cpu(self) -> float:
        return cpu_of_tree(self._postmaster)


Database = Sqlite | PostgreSQL


@contextmanager
def running(*, sqlite: bool) -> Iterator[Database]:
    """The database server, where one is needed."""
    if sqlite:
        yield Sqlite()
        return
    with postgresql.running() as server:
        yield PostgreSQL(server)


class Site:
    """A folder with a configuration and a database of its own."""

    def __init__(self, command: str, folder: Path, database: str, port: int) -> None:
        self.command, self.folder = command, folder
        (folder / "posts").mkdir(parents=True)
        (folder / "posts" / "post.md").write_text(POST)
        (folder / "config.toml").write_text(CONFIG.format(database=database, port=port))

    def run(self, *words: str) -> str:
        done = subprocess.run([self.command, *words], cwd=self.folder, check=True, capture_output=True, text=True)
        return done.stdout

    def prepare(self, readers: int) -> str:
        """Draft an edition and import its readers; return the edition's identifier."""
        self.run("collect")
        edition = json.loads(self.run("draft", "kinaforum", "--week", "2026-W06", "--json"))["edition"]
        rows = "".join(f"r{n}@reader.example,Reader {n}\n" for n in range(readers))
        (self.folder / "readers.csv").write_text(f"email,name\n{rows}")
        self.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum")
        return str(edition)


def measure(site: Site, server: MailServer, readers: int, database: Database, address: str) -> Figures:
    """Send an edition of a new site to so many readers."""
    edition = site.prepare(readers)
    database.settle(address)
    sender = subprocess.Popen([site.command, *database.sending], cwd=site.folder, stderr=subprocess.PIPE, text=True)
    assert sender.stderr
    sender.stderr.readline()
    time.sleep(3)
    server.got.clear()
    ours, theirs, began = cpu_of_tree(sender.pid), database.cpu(), time.monotonic()
    site.run("send", edition, "--approve", "--yes")
    server.wait_for(readers, 600)
    seconds = time.monotonic() - began
    while json.loads(site.run("status", edition, "--json"))["state"] != "sent":
        time.sleep(0.2)
    theirs = database.cpu() - theirs
    sender.send_signal(signal.SIGTERM)
    _, _, used = os.wait4(sender.pid, 0)
    sender.returncode = 0
    sender.stderr.close()
    return Figures(used.ru_utime + used.ru_stime - ours, theirs, seconds)


def rounds(commands: Sequence[str], count: int, readers: int, *, sqlite: bool) -> dict[str, list[Figures]]:
    """Each version in turn, the first one last in every second round, so that all have the same noise."""
    server, found = MailServer(), defaultdict[str, list[Figures]](list)
    server.start()
    with running(sqlite=sqlite) as database, tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
        numbered = list(enumerate(commands))
        for turn in range(count):
            for number, command in numbered if turn % 2 else reversed(numbered):
                name = f"v{number}r{turn}"
                address = database.create(name)
                site = Site(command, Path(folder) / name, address, server.port)
                found[command].append(measure(site, server, readers, database, address))
    server.kill()
    return found


def main() -> None:
    """Print a line for each version."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("commands", nargs="*", default=[str(Path(sys.executable).with_name("newsletter"))])
    parser.add_argument("--readers", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    given = parser.parse_args()
    found = rounds(given.commands, given.rounds, given.readers, sqlite=given.sqlite)
    for command in given.commands:
        sender, postgres, wall = (min(each[at] for each in found[command]) for at in range(3))
        per = 1000 / given.readers
        pairs = zip(found[command], found[given.commands[0]], strict=True)
        ratio = statistics.median(each.cpu / first.cpu for each, first in pairs)
        sys.stdout.write(
            f"{command}: sender {sender * per:.4f} CPU s, PostgreSQL {postgres * per:.4f} CPU s for 1,000 messages;"
            f" {given.readers / wall:.0f} a second; {ratio:.3f} of the first\n"
        )


if __name__ == "__main__":
    main()
