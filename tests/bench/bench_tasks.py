"""What a task of the shared queue costs: `python -m tests.bench.bench_tasks [TASKS]`.

Tasks that do nothing are stored in PostgreSQL and done by one program. Prints the CPU time of each, of the program and
of PostgreSQL, beside what sending a chunk of 500 emails costs: emails of editions would need one task for each chunk.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.doubles import postgresql

ROOT = Path(__file__).resolve().parents[2]
CHUNK = 45.0
"""Milliseconds of CPU time for a chunk, as `bench_send` measures."""

CONFIG = """
[site]
url = "http://localhost:8000"
database = "{database}"
secret_key = "a key"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/feed.xml"
type = "feed"
"""
TASKS = """
import resource, sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.background import enqueue_all, shared
from newsletter.background.tasks import Task

count, stop, done = int(sys.argv[1]), [], []

def act(configuration, number):
    done.append(number)
    if len(done) == count:
        stop[0]()

task = Task("nothing", act, queue="work")
before = resource.getrusage(resource.RUSAGE_SELF)
for portion in range(0, count, 500):
    enqueue_all(task, {str(n): {"number": str(n)} for n in range(portion, min(portion + 500, count))})
shared.work(stop.append, shared.Tell(print, print), {"work": 2})
after = resource.getrusage(resource.RUSAGE_SELF)
print(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
"""


def postgresql_cpu(database: str) -> float:
    """CPU seconds of the server: the postmaster, its backends, and those that have ended."""
    import psycopg

    with psycopg.connect(database) as connection:
        folder = (connection.execute("SHOW data_directory").fetchone() or [""])[0]
    pid = int((Path(folder) / "postmaster.pid").read_text().split()[0])
    ticks = 0
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # it has just ended
        if int(fields[1]) == pid:
            ticks += int(fields[11]) + int(fields[12])
        if stat.parent.name == str(pid):
            ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def main(tasks: int = 5000) -> None:
    """Measure and print."""
    with postgresql.running() as database, tempfile.TemporaryDirectory(prefix="newsletter-bench-") as folder:
        (Path(folder) / "config.toml").write_text(CONFIG.format(database=database))
        subprocess.run([sys.executable, "-m", "newsletter", "editions"], cwd=folder, check=True, capture_output=True)
        before = postgresql_cpu(database)
        command = [sys.executable, "-c", TASKS, str(tasks)]
        done = subprocess.run(
            command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
        )
        if done.returncode:
            raise SystemExit(done.stderr)
        server = (postgresql_cpu(database) - before) / tasks * 1000
    program = float(done.stdout) / tasks * 1000
    sys.stdout.write(
        f"{tasks} tasks: {program:.1f} ms CPU for each in the program, {server:.1f} ms in PostgreSQL;"
        f" {(program + server) / CHUNK:.0%} of a chunk of 500 emails\n"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
