"""Starts work in the background: `enqueue` adds a task to a queue.

On SQLite, and for what belongs to this process, it is the queue of this process (`local`). On PostgreSQL, other tasks
are stored in the database, and procrastinate's workers run them on any machine (`shared`).
"""

from collections.abc import Mapping
from datetime import datetime

from django.db import connection

from newsletter.background.local import TaskQueue, queue
from newsletter.background.tasks import SetAside, Task

__all__ = ["SetAside", "Task", "TaskQueue", "enqueue", "enqueue_all", "queue", "retry_set_aside", "set_aside"]


def enqueue(task: Task, key: str, run_at: datetime | None = None, **arguments: str) -> bool:
    """Add a task to run at a time, by default at once; does nothing if one of that name and key waits already.

    Returns False if it was dropped because too many of its name wait.
    """
    return enqueue_all(task, {key: arguments}, run_at)


def enqueue_all(task: Task, arguments: Mapping[str, Mapping[str, str]], run_at: datetime | None = None) -> bool:
    """Add one task for each key, with its arguments; see `enqueue`. Returns False if any was dropped."""
    if task.queue and connection.vendor == "postgresql":
        from newsletter.background import shared  # it imports an optional dependency

        shared.enqueue(task, arguments, run_at)
        return True
    added = [queue(task.lane).enqueue(task, key, run_at, **values) for key, values in arguments.items()]
    return all(added)


def set_aside() -> list[SetAside]:
    """Return the tasks that were set aside within a week, the newest first. On SQLite, there is one program only."""
    if connection.vendor != "postgresql":
        return []
    from newsletter.background import shared

    return shared.set_aside()


def retry_set_aside() -> int:
    """Let each task that was set aside run once more, and return their number."""
    if connection.vendor != "postgresql":
        return 0
    from newsletter.background import shared

    return shared.retry_set_aside()
