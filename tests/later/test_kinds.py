"""Every function that does later work is known to `newsletter run`."""

from pathlib import Path

from newsletter import later
from newsletter.background.tasks import QUEUES, SHARED
from newsletter.later.kinds import KINDS
from newsletter.scheduling.later_kinds import LATER

ROOT = Path(later.__file__).parents[2]


def test_run_knows_every_kind_of_later_work() -> None:
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in (ROOT / "newsletter").rglob("*.py")
        if any(line.startswith("@later(") for line in path.read_text().splitlines())
    }
    assert modules == {kind.do.__module__ for kind in LATER}
    assert {name for name, kind in KINDS.items() if kind.do.__module__ in modules} == {kind.name for kind in LATER}


def test_each_kind_has_a_queue_that_machines_take_from() -> None:
    for name, kind in KINDS.items():
        assert SHARED[name].run is kind.task.run
        assert kind.task.queue in QUEUES
