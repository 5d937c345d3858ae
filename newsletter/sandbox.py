"""Run functions on foreign input in a child process with limits of CPU time and memory.

Small documents are read in this process: every parser takes time linear to a document's size, so that they cost little,
and a child takes some tenths of a second to start. What the child imports decides how long that takes, so this module
imports little.
"""

import contextlib
import os
import pickle
import resource
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

from newsletter.messages import Message, Problem, sources as messages

P = ParamSpec("P")
T = TypeVar("T")

CPU_SECONDS = 20
MEGABYTES = 800
"""Of data in one child (RLIMIT_DATA): about 120 for Python and the language model, the rest for the document."""

LARGE = 1_000_000
"""The octets from which on a document is read in a child."""

_WALL = 15
"""Seconds that a call may take for each second of CPU time that it may use: other processes need the processors too."""


LITTLE = 256
"""Megabytes that a call may take without waiting for others."""

_TURNS = threading.BoundedSemaphore(2)
"""Calls at a time in all of this process that may take more than `LITTLE`."""


class LimitExceeded(Problem):
    """The child exceeded a limit, or crashed."""


class _Child:
    """A child process and the pipe to it."""

    def __init__(self, cpu_seconds: float, megabytes: int) -> None:
        ours, theirs = socket.socketpair()
        with theirs:
            code = f"from {__name__} import serve; serve({theirs.fileno()}, {cpu_seconds}, {megabytes})"
            path = os.pathsep.join(filter(None, sys.path))
            self._process = subprocess.Popen(  # noqa: S603 - this program itself
                [sys.executable, "-c", code],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
            )
        self._pipe = Connection(ours.detach())
        self._wall_seconds = _WALL * max(1.0, cpu_seconds)

    def call(self, job: bytes) -> tuple[bool, Any]:
        """Return whether the function returned, and its result or exception. Raises EOFError or OSError if the child
        ended.
        """
        self._pipe.send_bytes(job)
        if not self._pipe.poll(self._wall_seconds):
            raise EOFError
        answer: tuple[bool, Any] = pickle.loads(self._pipe.recv_bytes())  # noqa: S301 - from our own child
        return answer

    def end(self) -> int:
        """End the child; the exit status, negative for a signal."""
        self._pipe.close()
        try:
            return self._process.wait(1)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


class Sandbox:
    """A child process for the calls of one thread, started when it is first needed and replaced if it ends.

    `problem` makes the exception that is raised where a limit was exceeded or the child crashed.
    """

    def __init__(
        self,
        cpu_seconds: float = CPU_SECONDS,
        megabytes: int = MEGABYTES,
        large: int = LARGE,
        problem: Callable[[Message], Problem] = LimitExceeded,
    ) -> None:
        self._limits = cpu_seconds, megabytes
        self._large = large
        self._problem = problem
        self._child: _Child | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def read(self, size: int, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function that reads a document of this many octets: in the child where it is large."""
        return self.run(function, *args, **kwargs) if size >= self._large else function(*args, **kwargs)

    def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call a function of a module, whose arguments and result can be pickled, in the child.

        Raises what the function raises, with the place in the code as its note, and `problem` where a limit was
        exceeded or the child crashed.
        """
        job = pickle.dumps((function, args, kwargs))
        with _TURNS if self._limits[1] > LITTLE else contextlib.nullcontext():
            self._child = child = self._child or _Child(*self._limits)
            try:
                returned, result = child.call(job)
            except (EOFError, OSError):
                self._child = None
                raise self._problem(self._reason(child.end())) from None
        if not returned:
            raise result
        value: T = result
        return value

    def close(self) -> None:
        """End the child."""
        if self._child:
            self._child.end()
            self._child = None

    def _reason(self, status: int) -> Message:
        seconds, megabytes = self._limits
        if status == -signal.SIGPROF:
            return messages.CPU_TIME(seconds=f"{seconds:g}")
        return messages.MEMORY(megabytes=megabytes)


def serve(descriptor: int, cpu_seconds: float, megabytes: int) -> None:
    """Answer calls until the pipe is closed: what a child does."""
    pipe = Connection(descriptor)
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 1_000_000,) * 2)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    while True:
        try:
            job = pipe.recv_bytes()
        except (EOFError, OSError):
            return
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds)
        answer = _answer(job)
        signal.setitimer(signal.ITIMER_PROF, 0)
        pipe.send_bytes(answer)


def _answer(job: bytes) -> bytes:
    """Return the pickled outcome of a call. MemoryError ends the child process, since its memory may not be freed."""
    try:
        function, args, kwargs = pickle.loads(job)  # noqa: S301 - from our own parent
        return pickle.dumps((True, function(*args, **kwargs)))
    except MemoryError:
        os._exit(1)
    except Exception as e:  # noqa: BLE001 - handed to the caller
        e.add_note(place_of(e))
        return pickle.dumps((False, e))


def place_of(error: Exception) -> str:
    """Return where an exception was raised, in the child if it has a note of it: the file's name and the line."""
    for note in getattr(error, "__notes__", ()):
        return str(note)
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}"
