"""The sending engine: it takes chunks from a source, carries each mail away once, and hands what became of them to a sink."""

import threading
from dataclasses import dataclass
from enum import StrEnum

from newsletter.config import Delivery
from newsletter.delivery.journal import Journal
from newsletter.mail import Sink, Source


class Why(StrEnum):
    """Why the engine ended."""

    DONE = "done"
    STOPPED = "stopped"
    UNREACHABLE = "unreachable"
    JOURNAL = "journal"


@dataclass(frozen=True, slots=True)
class Ended:
    """Why the engine ended; `problem` is a sentence for the operator where it could not go on."""

    why: Why
    problem: str = ""


class Engine:
    """Sends what `source` gives. One engine a process, with the journal that the process made."""

    def __init__(self, delivery: Delivery, source: Source, sink: Sink, journal: Journal) -> None:
        self._delivery = delivery
        self._source = source
        self._sink = sink
        self._journal = journal
        self._stop = threading.Event()

    def stop(self) -> None:
        """Begin nothing more, wait for what is in flight, end. From any thread, or a signal handler."""
        self._stop.set()

    async def run(self) -> Ended:
        """Until the source has nothing to do now, or `stop`, or it cannot go on. What the source or sink raise, it raises."""
        return Ended(Why.DONE)


def send(engine: Engine) -> Ended:
    """`engine.run()` to its end, on uvloop where there is one."""
    raise NotImplementedError
