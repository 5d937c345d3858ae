"""Tries mutated inputs on a target, and counts."""

import resource
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz.mutation import Mutator
from tests.fuzz.targets import TARGETS


@dataclass
class Count:
    """What was tried: inputs, seconds of CPU in all and of the slowest one, peak memory in MB, and what failed."""

    inputs: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    slowest_size: int = 0
    memory: int = 0
    failed: int = 0


def fuzz(
    name: str,
    seed: int,
    more: Callable[[Count], bool],
    *,
    samples: Sequence[bytes] = (),
    kept: Path | None = None,
) -> Count:
    """Try inputs as long as `more` says so. Failing inputs are kept in a folder; without one the error is raised."""
    target, count = TARGETS[name], Count()
    mutator = Mutator([*target.samples(), *samples], target.tokens, seed)
    while more(count):
        data = mutator.next()
        began = time.process_time()
        try:
            target.run(data)
        except Exception:
            if kept is None:
                raise
            _keep(kept / f"{name}-{seed}-{count.inputs}", data)
            count.failed += 1
        took = time.process_time() - began
        count.inputs, count.seconds = count.inputs + 1, count.seconds + took
        if took > count.slowest:
            count.slowest, count.slowest_size = took, len(data)
    count.memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return count


def _keep(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    path.with_name(path.name + ".txt").write_text(traceback.format_exc(), encoding="utf-8")
