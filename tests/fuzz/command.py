"""The command `python -m tests.fuzz`: its options, and the table that it prints."""

import argparse
import logging
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from tests.fuzz.running import Count, fuzz
from tests.fuzz.targets import TARGETS


def main() -> int:
    """Fuzz the chosen targets, all by default; return 1 if an input failed."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("targets", nargs="*", choices=[*TARGETS, []], metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4), "big"))
    parser.add_argument("--samples", type=Path, help="a folder with more samples of the target's format")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-failures"), help="where failing inputs are kept")
    chosen = parser.parse_args()
    samples = (
        [path.read_bytes()[:60_000] for path in sorted(chosen.samples.rglob("*")) if path.is_file()]
        if chosen.samples
        else []
    )
    chosen.keep.mkdir(exist_ok=True)
    logging.disable(logging.WARNING)  # a server warns of each invalid request
    sys.stdout.write(
        f"seed {chosen.seed}\n{'target':14}{'inputs':>10}{'minutes':>9}{'failed':>8}{'slowest':>22}{'memory':>9}\n"
    )
    counts = [_fuzzed(name, chosen, samples) for name in chosen.targets or TARGETS]
    return 1 if any(count.failed for count in counts) else 0


def _fuzzed(name: str, chosen: argparse.Namespace, samples: Sequence[bytes]) -> Count:
    until = time.monotonic() + chosen.seconds
    count = fuzz(name, chosen.seed, lambda _: time.monotonic() < until, samples=samples, kept=chosen.keep)
    sys.stdout.write(_row(name, count, chosen.seconds) + "\n")
    sys.stdout.flush()
    return count


def _row(name: str, count: Count, seconds: float) -> str:
    slowest = f"{count.slowest:.2f} s ({count.slowest_size:,} B)"
    return f"{name:14}{count.inputs:10,}{seconds / 60:9.1f}{count.failed:8}{slowest:>22}{count.memory:6} MB"
