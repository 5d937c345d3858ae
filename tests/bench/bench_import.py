"""Importing a file of new subscribers into SQLite: `python -m tests.bench.bench_import [LINES]`.

Prints the CPU seconds, the lines per CPU second, the longest time between two batches, during which other writers wait,
and the memory.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path

CONFIG = """
[site]
url = "https://news.example"
secret_key = "for tests only, and long enough to be a key of the usual length"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
provider = "file"
"""


def write(path: Path, lines: int) -> None:
    """Write a file in which a fourth of the addresses is at one provider, and none is in order."""
    domains = [*(f"mail{n}.example" for n in range(300)), *["large.example"] * 100]
    with path.open("w", encoding="utf-8") as file:
        file.write("email,first_name,last_name,status,created_at,tags\n")
        for n in range(lines):
            address = f"reader.{n * 7_919 % 10_000_000}@{domains[n % len(domains)]}"
            at = f"2023-0{n % 9 + 1}-{n % 28 + 1:02} 10:{n % 60:02}:00"
            file.write(f'{address},First{n % 5_000},Last{n % 9_000},active,{at},"film,t{n % 7}"\n')


def main() -> None:
    """Import a file and print what it took."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("lines", nargs="?", type=int, default=100_000)
    lines = arguments.parse_args().lines
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Path("config.toml").write_text(CONFIG, encoding="utf-8")
        write(Path("readers.csv"), lines)
        from newsletter import config
        from newsletter.start import start

        start(config.use(config.load(Path("config.toml"))))
        from subscribers.importing import import_file

        moments = [time.monotonic()]
        began = time.process_time()
        report = import_file(
            Path("readers.csv"), "kinaforum", consent="x", progress=lambda done, total: moments.append(time.monotonic())
        )
        seconds = time.process_time() - began
        longest = max(after - before for before, after in pairwise(moments))
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        rate = f"{seconds:.1f} s of CPU time, {lines / seconds:,.0f} lines a CPU second"
        sys.stdout.write(f"{report.added:,} subscribers, {rate}, longest batch {longest:.2f} s, {memory} MB\n")


if __name__ == "__main__":
    main()
