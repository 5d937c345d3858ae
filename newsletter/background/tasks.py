"""Tasks: what can be done in the background, by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

QUEUES = {"sources": 8, "schedule": 2, "letters": 1, "webhooks": 4, "work": 2}
"""How many tasks of each queue a program does at once.

Those of `sources` and `webhooks` mostly wait for other servers. What is due at a time and what a person waits for have
queues of their own, since neither may wait for a slow receiver or a long job.
"""


@dataclass(frozen=True, slots=True)
class Task:
    """A function that is called with the configuration in force and the arguments of `enqueue`, which are text.

    With PostgreSQL, a task that has a `queue` may run on any machine, and may be run again if that machine is lost; so
    it must have no effect the second time. A `periodic` one is added again and again while it is due. Other tasks run
    in this process: those of one lane one after another.
    """

    name: str
    run: Callable[..., None]
    lane: str = ""
    queue: str = ""
    periodic: bool = False

    def __post_init__(self) -> None:
        if self.queue:
            SHARED[self.name] = self


@dataclass(frozen=True, slots=True)
class SetAside:
    """A task that was set aside, because it ended every program that did it."""

    task: str
    arguments: Mapping[str, str]
    at: datetime | None


SHARED: dict[str, Task] = {}
"""The tasks that other machines may run, by name."""
