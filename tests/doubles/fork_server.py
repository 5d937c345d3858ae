"""Commands of the program in forks of a process that has imported it, which saves most of the CPU time of a start.

    server = ForkServer()
    done = server.run(["status"], folder, environment, seconds=60)

Each command is a process with its own folder, environment, memory and exit, as if a shell had started it; only its
imports are already done. What has to be known before Python starts, such as a preloaded library, needs a real start:
see `can_fork`.
"""

import gc
import importlib
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MODULES = (
    "django.core.handlers.asgi", "django.core.management", "django.db.backends.sqlite3.base",
    "django.db.migrations.executor", "django.middleware.csrf", "newsletter.__main__", "newsletter.cli.app",
    "newsletter.cli.common", "newsletter.cli.problems", "newsletter.feeds.sources.read", "newsletter.render.edition",
    "newsletter.render.lint", "newsletter.start",
)  # fmt: skip
"""What is imported before the first fork: nothing that needs a configuration."""

BEFORE_PYTHON = ("LD_", "PYTHON", "LANG", "LC_")
"""Beginnings of the names in the environment that the loader or Python itself reads when a process starts."""


def can_fork(environment: Mapping[str, str]) -> bool:
    """Return whether a process with this environment can be a fork of one with the environment of this process."""
    names = {name for name in {**environment, **os.environ} if name.startswith(BEFORE_PYTHON)}
    return all(environment.get(name) == os.environ.get(name) for name in names)


class ForkServer:
    """The process whose forks run the commands. It ends when this process does."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="newsletter-fork-server-")
        self._address = str(Path(self._folder.name) / "socket")
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, self._address],
            cwd=Path(__file__).parents[2],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n"

    def run(
        self, words: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end. Raises TimeoutError after so many seconds."""
        with (
            tempfile.TemporaryDirectory(dir=self._folder.name) as printed,
            socket.socket(socket.AF_UNIX) as connection,
        ):
            out, errors = Path(printed, "out"), Path(printed, "errors")
            connection.connect(self._address)
            request = {"words": [*words], "folder": str(folder), "environment": {**environment}}
            connection.sendall(json.dumps({**request, "out": str(out), "errors": str(errors)}).encode() + b"\n")
            with connection.makefile() as answers:
                process = int(answers.readline())
                connection.settimeout(seconds)
                try:
                    status = int(answers.readline())
                except TimeoutError:
                    os.kill(process, signal.SIGKILL)
                    raise
            return subprocess.CompletedProcess([*words], status, out.read_text("utf-8"), errors.read_text("utf-8"))

    def close(self) -> None:
        """End the server."""
        self._process.communicate()
        self._folder.cleanup()


def _serve(address: str) -> dict[str, Any] | None:
    """Fork for each request, and answer with the process id and, when the fork ends, its status.

    Return the request in a fork, and None when the standard input is closed.
    """
    with socket.socket(socket.AF_UNIX) as listener, selectors.DefaultSelector() as selector:
        listener.bind(address)
        listener.listen()
        selector.register(sys.stdin, selectors.EVENT_READ)
        selector.register(listener, selectors.EVENT_READ)
        os.write(1, b"ready\n")
        while True:
            for key, _ in selector.select():
                if key.fileobj is sys.stdin:
                    return None
                if key.fileobj is not listener:
                    selector.unregister(key.fileobj)
                    _report_end(key.fd, *key.data)
                    continue
                connection, _ = listener.accept()
                with connection.makefile() as lines:
                    request: dict[str, Any] = json.loads(lines.readline())
                process = os.fork()
                if not process:
                    return request
                connection.sendall(b"%d\n" % process)
                selector.register(os.pidfd_open(process), selectors.EVENT_READ, (process, connection))


def _report_end(descriptor: int, process: int, connection: socket.socket) -> None:
    os.close(descriptor)
    _, status = os.waitpid(process, 0)
    with connection:
        connection.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _become(request: Mapping[str, Any]) -> None:
    """Take on what a request asks for, as a new process would have it."""
    os.chdir(request["folder"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    new = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for descriptor, path, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["out"], new),
        (2, request["errors"], new),
    ):
        opened = os.open(path, flags)
        os.dup2(opened, descriptor)
        os.close(opened)
    sys.path[0] = request["folder"]
    sys.argv = [str(sys.modules["newsletter.__main__"].__file__), *request["words"]]


def main() -> None:
    """Serve, and in a fork run the command that was asked for."""
    for name in MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    request = _serve(sys.argv[1])
    if request is not None:
        _become(request)
        from newsletter.__main__ import main as run

        run()


if __name__ == "__main__":
    main()
