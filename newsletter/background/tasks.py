"""Tasks: what can be done in the background, by name."""

from collections.abc import Callable
from dataclasses import dataclass

QUEUES = {"sources": 8, "work": 2}
"""How many tasks of each queue a program does at once; those of `sources` mostly wait for other servers."""


@dataclass(frozen=True, slots=True)
class Task:
    """A function that is called with the configuration in force and the arguments of `enqueue`, which are text.

    With PostgreSQL, a task that has a `queue` may run on any machine, and may be run again if that machine is lost; so
    it must have no effect the second time. Other tasks run in this process: those of one lane one after another.
    """

    name: str
    run: Callable[..., None]
    lane: str = ""
    queue: str = ""

    def __post_init__(self) -> None:
        if self.queue:
            SHARED[self.name] = self


SHARED: dict[str, Task] = {}
"""The tasks that other machines may run, by name."""
