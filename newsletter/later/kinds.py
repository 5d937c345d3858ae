"""Kinds of later work: what is done, and when it is tried again."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.background import Task
from newsletter.config import Config
from newsletter.messages import Message
from newsletter.models import LaterWork

LEASE = timedelta(minutes=2)

Do = Callable[[Config, LaterWork, datetime], None]


class NotNow(Exception):
    """Work can't be done now, and is tried again. With `counts` False, this attempt isn't counted."""

    def __init__(self, problem: Message, *, counts: bool = True) -> None:
        super().__init__(str(problem))
        self.problem, self.counts = problem, counts


class InVain(Exception):
    """Work can't be done, and trying again is of no use."""

    def __init__(self, problem: Message) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class WorkKind:
    """A kind of work.

    It is tried again after each of `pauses`, and given up after the last one. An attempt may take as long as `lease`.
    `listed` work is kept for a while when it is done. `task` attempts it in the background. `title` is what pages call
    a piece of it, to be translated there.
    """

    name: str
    title: str
    do: Do
    pauses: Sequence[timedelta]
    lease: timedelta
    listed: bool
    task: Task


KINDS: dict[str, WorkKind] = {}
"""Every kind by its name."""
