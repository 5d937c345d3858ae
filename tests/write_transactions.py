"""Records the transactions of the program that keep SQLite's other writers waiting: where each began, how long it took,
and how many statements and rows it wrote.

SQLite's transactions lock out other writers from their beginning (`BEGIN IMMEDIATE`), even while they read or compute.
Tests assert statements and rows; seconds are for benchmarks.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any
from unittest.mock import patch

from django.db import connection
from django.db.transaction import Atomic

ROOT = Path(__file__).resolve().parent.parent
CODE = (f"{ROOT}/newsletter/", f"{ROOT}/subscribers/")
PACING = f"{ROOT}/subscribers/pacing.py"
WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE", "WITH")


@dataclass(slots=True)
class WriteTransaction:
    """A transaction; `place` is the function of the program that began it."""

    place: str
    began: float
    cpu_began: float
    seconds: float = 0.0
    cpu: float = 0.0
    statements: int = 0
    rows: int = 0


class Recorder:
    """The transactions of this thread's connection, in the order of their ends."""

    def __init__(self) -> None:
        self.ended: list[WriteTransaction] = []
        self._open: WriteTransaction | None = None
        self._depth = 0

    @property
    def longest(self) -> list[WriteTransaction]:
        """The longest transaction of each place, the longest of all first."""
        by_place: dict[str, WriteTransaction] = {}
        for each in sorted(self.ended, key=lambda each: each.seconds):
            by_place[each.place] = each
        return sorted(by_place.values(), key=lambda each: -each.seconds)

    def of(self, function: str) -> list[WriteTransaction]:
        """Return those that a function began, by its name with its module's last part, such as `signup.confirm`."""
        return [each for each in self.ended if f".{each.place}".endswith(f".{function}")]

    def begin(self) -> None:
        """Note that a transaction or a savepoint began."""
        self._depth += 1
        if self._open is None:
            self._open = WriteTransaction(_place(), time.perf_counter(), time.thread_time())

    def end(self) -> None:
        """Note that one ended."""
        self._depth -= 1
        if self._depth == 0 and self._open is not None:
            self._close(self._open)
            self._open = None

    def execute(self, execute: Callable[..., Any], sql: str, parameters: Any, many: bool, context: Any) -> Any:
        """Run a statement; one that writes outside a transaction is one of its own."""
        if not sql.lstrip().upper().startswith(WRITES):
            return execute(sql, parameters, many, context)
        current = self._open or WriteTransaction(_place(), time.perf_counter(), time.thread_time())
        try:
            return execute(sql, parameters, many, context)
        finally:
            current.statements += 1
            current.rows += max(context["cursor"].rowcount, 0)
            if self._open is None:
                self._close(current)

    def _close(self, transaction: WriteTransaction) -> None:
        transaction.seconds = time.perf_counter() - transaction.began
        transaction.cpu = time.thread_time() - transaction.cpu_began
        if transaction.place:
            self.ended.append(transaction)


@contextmanager
def recorded() -> Iterator[Recorder]:
    """Record the transactions that this thread makes within; one that was begun before doesn't count."""
    recorder = Recorder()
    enter, leave = Atomic.__enter__, Atomic.__exit__

    def entered(self: Atomic) -> None:
        enter(self)
        recorder.begin()

    def left(self: Atomic, *error: Any) -> None:
        try:
            leave(self, *error)
        finally:
            recorder.end()

    with (
        patch.object(Atomic, "__enter__", entered),
        patch.object(Atomic, "__exit__", left),
        connection.execute_wrapper(recorder.execute),
    ):
        yield recorder


def _place() -> str:
    """Return the innermost function of the program that is running, or that a decorator is about to run.

    That is the caller of what makes several transactions; "" if a test or a benchmark itself runs.
    """
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        if code.co_filename.startswith(CODE) and code.co_filename != PACING:
            return f"{_module(code.co_filename)}.{code.co_qualname}"
        function = frame.f_locals.get("func") if code.co_qualname.endswith("__call__.<locals>.inner") else None
        if function is not None and function.__code__.co_filename.startswith(CODE):
            return f"{_module(function.__code__.co_filename)}.{function.__qualname__}"
        frame = frame.f_back
    return ""


def _module(file: str) -> str:
    return str(Path(file).relative_to(ROOT).with_suffix("")).replace("/", ".")
