"""The queue of this process: tasks that run in its threads.

Those of a lane run one after another in a thread that exists only while tasks wait, and closes its database connections
after each. A task that fails is logged and not repeated. Tasks that still wait when the process ends are dropped,
except those that are due.
"""

import atexit
import heapq
import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from itertools import count
from typing import NamedTuple
from weakref import WeakValueDictionary

from django.db import connections

from newsletter import config
from newsletter.background.tasks import Task

log = logging.getLogger("newsletter.background")

LIMIT = 1_000
"""The maximum of waiting tasks of one name."""
LOOK_SECONDS = 60.0
"""A task that is due later is looked at this often, because the clock may be set and the machine suspended."""
END_SECONDS = 10.0
"""How long the end of the process waits for tasks that are due, in all lanes together."""


class _Entry(NamedTuple):
    due: datetime
    order: int
    task: Task
    key: str
    arguments: dict[str, str]


class TaskQueue:
    """Tasks that wait, and the thread that runs them."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._changed = threading.Condition()
        self._entries: list[_Entry] = []
        self._keys: set[tuple[str, str]] = set()
        self._order = count()
        self._thread: threading.Thread | None = None
        self._ending = False

    def enqueue(self, task: Task, key: str, run_at: datetime | None = None, **arguments: str) -> bool:
        """Add a task to run at a time, by default at once.

        Does nothing if one of that name and key waits already. Returns False if it was not added because LIMIT tasks
        of the name wait.
        """
        with self._changed:
            if (task.name, key) in self._keys:
                return True
            if Counter(name for name, _ in self._keys)[task.name] >= LIMIT:
                log.warning("%s was dropped: %d are waiting", task.name, LIMIT)
                return False
            self._keys.add((task.name, key))
            heapq.heappush(self._entries, _Entry(run_at or self._now(), next(self._order), task, key, arguments))
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, daemon=True, name="background")
                self._thread.start()
            self._changed.notify_all()
        return True

    def end(self, seconds: float = END_SECONDS) -> None:
        """Run the tasks that are due, drop the others, and wait for that."""
        if (thread := self.begin_end()) is not None:
            thread.join(seconds)

    def begin_end(self) -> threading.Thread | None:
        """Begin to end, and return the thread that does the tasks that are due, if there are any."""
        with self._changed:
            self._ending = True
            self._changed.notify_all()
            return self._thread

    @property
    def ending(self) -> bool:
        """Whether the process is about to end, so that a long task must stop."""
        return self._ending

    def wake(self) -> None:
        """Look at once whether a task is due."""
        with self._changed:
            self._changed.notify_all()

    def _work(self) -> None:
        while (entry := self._next()) is not None:
            try:
                entry.task.run(config.refresh().config, **entry.arguments)
            except Exception:
                log.exception("the task %s failed", entry.task.name)
            finally:
                connections.close_all()

    def _next(self) -> _Entry | None:
        """Remove and return the next task when it is due; None, and the end of the thread, if there is none."""
        with self._changed:
            while self._entries:
                wait = (self._entries[0].due - self._now()).total_seconds()
                if wait <= 0:
                    entry = heapq.heappop(self._entries)
                    self._keys.discard((entry.task.name, entry.key))
                    return entry
                if self._ending:
                    break
                self._changed.wait(min(wait, LOOK_SECONDS))
            self._entries.clear()
            self._keys.clear()
            self._thread = None
            return None


_queues: WeakValueDictionary[str, TaskQueue] = WeakValueDictionary()
"""The queues by their lanes; one that has no task, and so no thread, is freed."""
_queues_lock = threading.Lock()


def queue(lane: str = "") -> TaskQueue:
    """Return the queue of a lane in this process."""
    _end_with_process()
    with _queues_lock:
        task_queue = _queues.get(lane)
        if task_queue is None:
            task_queue = _queues[lane] = TaskQueue()
        return task_queue


def end_all(seconds: float = END_SECONDS) -> None:
    """End the queues of all lanes, together within this time."""
    until = time.monotonic() + seconds
    with _queues_lock:
        queues = list(_queues.values())
    for thread in filter(None, [task_queue.begin_end() for task_queue in queues]):
        thread.join(max(0.0, until - time.monotonic()))


@cache
def _end_with_process() -> None:
    atexit.register(end_all)
