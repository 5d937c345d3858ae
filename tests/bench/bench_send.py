"""What the database costs a mail: `python -m tests.bench.bench_send [READERS …] [--postgresql]`.

For each number of readers: how long freezing the audience takes, then the CPU and wall time a mail of claim, last look,
lease and results over the whole edition, by chunks as the engine asks for them, and how much memory it took. It sends
nothing. The cost a mail must not grow with the readers.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TypeVar

from tests.doubles import postgresql

T = TypeVar("T")
CONFIG = """
[site]
url = "http://localhost:8000"
database = "{database}"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
"""


class Clock:
    """Adds up CPU and wall seconds by what was done."""

    def __init__(self) -> None:
        self.cpu: defaultdict[str, float] = defaultdict(float)
        self.wall: defaultdict[str, float] = defaultdict(float)

    def time(self, what: str, work: Callable[[], T]) -> T:
        """Do it, and remember how long it took."""
        cpu, wall = time.process_time(), time.perf_counter()
        done = work()
        self.cpu[what] += time.process_time() - cpu
        self.wall[what] += time.perf_counter() - wall
        return done


def measure(folder: Path, database: str, count: int) -> str:
    """One edition to so many readers, in an empty database; a line of figures."""
    from newsletter import config
    from newsletter.start import start

    (folder / "config.toml").write_text(CONFIG.format(database=database), encoding="utf-8")
    start(config.use(config.load(folder / "config.toml")))
    from newsletter.sending import progress
    from newsletter.sending.sql import database as databases
    from tests.sending import outbox_samples as samples

    for first in range(0, count, 50_000):
        samples.subscribe(f"r{n}@reader.example" for n in range(first, min(first + 50_000, count)))
    edition, clock = samples.queued(), Clock()
    clock.time("freeze", lambda: samples.begun(edition))
    databases.make_durable()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    _send(clock)
    accepted = clock.time("counts", lambda: progress.counts(edition)).accepted
    assert accepted == count, f"{accepted} of {count} were recorded"
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    return _line(clock, count, grown)


def _send(clock: Clock) -> None:
    from tests.sending import outbox_samples as samples

    box = samples.outbox()
    while batch := clock.time("next", partial(box.next, 500)):
        begun = clock.time("begin", partial(box.begin, batch))
        clock.time("renew_leases", partial(box.renew_leases, [(begun.edition, begun.chunk)]))
        outcomes = [samples.outcome(recipient.number, queue_id="4A7F33") for recipient in begun.recipients]
        clock.time("settle", partial(box.settle, begun.edition, begun.chunk, outcomes, finished=True))


def _line(clock: Clock, count: int, grown: float) -> str:
    steps = ("next", "begin", "renew_leases", "settle")
    cpu, wall = (sum(of[step] for step in steps) / count * 1e6 for of in (clock.cpu, clock.wall))
    each = ", ".join(f"{step} {clock.cpu[step] / count * 1e6:.1f}" for step in steps)
    return (
        f"{count:>9} readers: frozen in {clock.wall['freeze']:.2f} s; {cpu:.1f} µs CPU and {wall:.1f} µs wall a mail "
        f"({each}); counts in {clock.wall['counts'] * 1000:.1f} ms; {grown:+.0f} MB while sending"
    )


def main() -> None:
    """Each number in a process of its own, so that none inherits another's memory."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("readers", nargs="*", type=int, default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--postgresql", action="store_true", help="instead of SQLite")
    parser.add_argument("--here", metavar="DATABASE", help=argparse.SUPPRESS)
    given = parser.parse_args()
    for count in given.readers:
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="newsletter-bench-")))
            if given.here:
                sys.stdout.write(measure(folder, given.here, count) + "\n")
                continue
            database = stack.enter_context(postgresql.running()) if given.postgresql else "sqlite:///bench.db"
            words = [sys.executable, "-m", "tests.bench.bench_send", str(count), "--here", database]
            subprocess.run(words, check=True, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})


if __name__ == "__main__":
    main()
