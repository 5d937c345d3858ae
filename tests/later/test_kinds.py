"""Every function that does later work is known to `newsletter run`."""

from pathlib import Path

from newsletter.background.tasks import QUEUES, SHARED
from newsletter.cli import services
from newsletter.later.kinds import KINDS

ROOT = Path(services.__file__).parents[2]


def test_run_imports_every_module_with_later_work() -> None:
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "newsletter").rglob("*.py")
        if any(line.startswith("@later(") for line in path.read_text().splitlines())
    }
    assert modules == set(services.LATER)


def test_each_kind_has_a_queue_that_machines_take_from() -> None:
    for name, kind in KINDS.items():
        assert SHARED[name].run is kind.task.run
        assert kind.task.queue in QUEUES
