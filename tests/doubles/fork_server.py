"""Commands of the program in forks of a process that has imported it, which saves most of the CPU time of a start.

    server = ForkServer()
    process = server.start([sys.executable, "-m", "newsletter", "run"], folder, environment, stdout=subprocess.PIPE)

Each is a process with its own folder, environment, memory and exit, as if a shell had started it; only its imports are
already done. What has to be known before Python starts, such as a preloaded library, needs a real start: see
`can_fork`.
"""

import contextlib
import gc
import importlib
import json
import os
import resource
import select
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import IO

from newsletter.cli.app import COMMANDS
from tests.doubles import fork_workers

ROOT = Path(__file__).parents[2]
MODULES = (
    "apscheduler.schedulers.blocking", "babel.dates", "cssutils", "django.contrib.auth.hashers",
    "django.contrib.sessions.backends.base", "django.contrib.staticfiles.storage", "django.core.handlers.asgi",
    "django.core.management", "django.db.backends.sqlite3.base", "django.db.migrations.executor",
    "django.db.models.sql.compiler", "django.middleware.csrf", "django.utils.feedgenerator", "django_htmx.middleware",
    "markdown_it", "newsletter.__main__", "newsletter.cli.common", "newsletter.cli.problems",
    "newsletter.config.document", "newsletter.delivery.engine", "newsletter.delivery.smtp.connection",
    "newsletter.feeds.sources.folder", "newsletter.feeds.sources.read", "newsletter.render.edition",
    "newsletter.render.lint", "newsletter.sending.api_calls.anymail_provider", "newsletter.sending.worker",
    "newsletter.start", "newsletter.supervision", "premailer", "prometheus_client", "rich.console", "rich.table",
    "tomlkit", "uvicorn.lifespan.on", "uvicorn.protocols.http.httptools_impl", "uvloop", "whitenoise.middleware",
    "yaml", *(f"newsletter.cli.{module}" for module in COMMANDS),
)  # fmt: skip
"""What is imported before the first fork: nothing that needs a configuration."""

BEFORE_PYTHON = ("LD_", "PYTHON", "LANG", "LC_")
"""Beginnings of the names in the environment that the loader or Python itself reads when a process starts."""

SENDING = {"run", "send", "demo"}
"""Commands that start sending processes. Scripts that do so name a sender or `serve`."""

PROGRAM = ["-m", "newsletter"]
NUMBER = struct.Struct("!i")
"""How the server and its clients write the length of a request, a process id and a status."""


def can_fork(command: Sequence[str], environment: Mapping[str, str]) -> bool:
    """Return whether a fork can do this: run the program, or a script, with the interpreter of this process, in the
    environment that it started with.
    """
    names = {name for name in {**environment, **os.environ} if name.startswith(BEFORE_PYTHON)}
    same = all(environment.get(name) == os.environ.get(name) for name in names)
    known = command[0] == sys.executable and (command[1] == "-c" or [*command[1:3]] == PROGRAM)
    return known and same


class ForkedProcess(subprocess.Popen[str]):
    """A fork, used like a process that this one started: the server waits for it and reports its status."""

    def __init__(self, command: Sequence[str], process: int, connection: socket.socket) -> None:
        self.args, self.pid, self.returncode = command, process, None
        self.stdin: IO[str] | None = None
        self.stdout: IO[str] | None = None
        self.stderr: IO[str] | None = None
        self._connection, self._lock = connection, threading.Lock()

    def poll(self) -> int | None:
        """Return the status if the process has ended."""
        with self._lock:
            if self.returncode is None and _is_ready(self._connection, 0):
                self._receive()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the end. Raises TimeoutExpired after so many seconds."""
        with self._lock:
            if self.returncode is None:
                if not _is_ready(self._connection, timeout):
                    raise subprocess.TimeoutExpired(self.args, timeout or 0)
                self._receive()
        assert self.returncode is not None
        return self.returncode

    def _receive(self) -> None:
        with self._connection:
            self.returncode = _receive_number(self._connection)

    def communicate(self, input: str | None = None, timeout: float | None = None) -> tuple[str, str]:  # noqa: A002
        """Write the input, read the output to its end, and wait."""
        until = None if timeout is None else time.monotonic() + timeout
        if self.stdin:
            with self.stdin:
                self.stdin.write(input or "")
        output = _read(self.stdout, timeout) if self.stdout and not self.stdout.closed else ""
        self.wait(None if until is None else max(0.0, until - time.monotonic()))
        return output, ""

    def send_signal(self, sig: int) -> None:
        """Send a signal unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, sig)


def _is_ready(connection: socket.socket, timeout: float | None) -> bool:
    """Wait for data for at most so many seconds. `select` would refuse descriptors from 1024 on."""
    waiting = select.poll()
    waiting.register(connection, select.POLLIN)
    return bool(waiting.poll(None if timeout is None else timeout * 1000))


def _read(stream: IO[str], timeout: float | None) -> str:
    """Read to the end. Raises TimeoutExpired after so many seconds."""
    output: list[str] = []
    thread = threading.Thread(target=lambda: output.append(stream.read()), daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise subprocess.TimeoutExpired("", timeout or 0)
    stream.close()
    return "".join(output)


class ForkServer:
    """The process whose forks run the commands, started with an environment. It ends when this process does."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="newsletter-fork-server-")
        self._address = str(Path(self._folder.name) / "socket")
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, self._address],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == b"ready\n"

    def start(
        self,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        stdin: int | None = None,
        stdout: int | IO[str],
        stderr: int | IO[str] = subprocess.STDOUT,
        new_session: bool = False,
    ) -> ForkedProcess:
        """Start a command line that `can_fork`; `stdin` and `stdout` may be subprocess.PIPE."""
        request: dict[str, object] = {"words": [*command[1:]], "folder": str(folder), "environment": {**environment}}
        request |= {"new_session": new_session, "files": resource.getrlimit(resource.RLIMIT_NOFILE)}
        ours: dict[str, IO[str]] = {}
        if stdin == subprocess.PIPE:
            read, write = os.pipe()
            ours["stdin"] = os.fdopen(write, "w", encoding="utf-8")
        else:
            read = os.open(os.devnull, os.O_RDONLY)
        theirs = [read]
        if stdout == subprocess.PIPE:
            read, write = os.pipe()
            ours["stdout"] = os.fdopen(read, encoding="utf-8")
        else:
            write = _opened(stdout)
        theirs += [write, os.dup(write) if stderr == subprocess.STDOUT else _opened(stderr)]
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._address)
        body = json.dumps(request).encode()
        socket.send_fds(connection, [NUMBER.pack(len(body))], theirs)
        for descriptor in theirs:
            os.close(descriptor)
        connection.sendall(body)
        process = ForkedProcess(command, _receive_number(connection), connection)
        process.stdin, process.stdout = ours.get("stdin"), ours.get("stdout")
        return process

    def run(
        self, command: Sequence[str], folder: Path, environment: Mapping[str, str], seconds: float, lines: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command to its end, with `lines` as its standard input. Raises TimeoutExpired."""
        with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as errors:
            pipe = subprocess.PIPE if lines else None
            process = self.start(command, folder, environment, stdin=pipe, stdout=out, stderr=errors)
            try:
                process.communicate(lines, seconds)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                raise
            printed = []
            for file in (out, errors):
                file.seek(0)
                printed.append(file.read())
        return subprocess.CompletedProcess(process.args, process.wait(), *printed)

    def close(self) -> None:
        """End the server."""
        self._process.communicate()
        self._folder.cleanup()


def _opened(file: int | IO[str]) -> int:
    """Return a new descriptor of a file, or of none for subprocess.DEVNULL."""
    if file == subprocess.DEVNULL:
        return os.open(os.devnull, os.O_WRONLY)
    return os.dup(file if isinstance(file, int) else file.fileno())


def _receive_number(connection: socket.socket) -> int:
    number: int = NUMBER.unpack(connection.recv(NUMBER.size, socket.MSG_WAITALL))[0]
    return number


@dataclass(frozen=True, slots=True)
class _Request:
    """What a fork is to do, and its standard input, output and errors."""

    words: list[str]
    folder: str
    environment: dict[str, str]
    new_session: bool
    files: tuple[int, int]
    descriptors: list[int]


def _serve(address: str) -> _Request | None:
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
                request = _receive(connection)
                process = os.fork()
                if not process:
                    _close_others(connection, selector)
                    return request
                for descriptor in request.descriptors:
                    os.close(descriptor)
                connection.sendall(NUMBER.pack(process))
                selector.register(os.pidfd_open(process), selectors.EVENT_READ, (process, connection))


def _receive(connection: socket.socket) -> _Request:
    length, descriptors, _, _ = socket.recv_fds(connection, NUMBER.size, 3)
    body = connection.recv(NUMBER.unpack(length)[0], socket.MSG_WAITALL)
    return _Request(**json.loads(body), descriptors=descriptors)


def _close_others(connection: socket.socket, selector: selectors.BaseSelector) -> None:
    """Close in a fork what is the server's."""
    connection.close()
    for key in selector.get_map().values():
        if key.data:
            os.close(key.fd)
            key.data[1].close()


def _report_end(descriptor: int, process: int, connection: socket.socket) -> None:
    os.close(descriptor)
    _, status = os.waitpid(process, 0)
    with connection, contextlib.suppress(BrokenPipeError):  # a test that failed may not wait for its processes
        connection.sendall(NUMBER.pack(os.waitstatus_to_exitcode(status)))


def _become(request: _Request) -> None:
    """Take on what a request asks for, as a new process would have it."""
    if request.new_session:
        os.setsid()
    resource.setrlimit(resource.RLIMIT_NOFILE, request.files)
    os.chdir(request.folder)
    os.environ.clear()
    os.environ.update(request.environment)
    time.tzset()
    for target, descriptor in enumerate(request.descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    sys.path[0] = request.folder


def _may_send(words: list[str]) -> bool:
    script = words[1] if words[0] == "-c" else ""
    return "sender" in script or "serve(" in script or not SENDING.isdisjoint(words)


def _run(words: list[str]) -> None:
    """Run the program, or the script after `-c`."""
    if words[0] != "-c":
        program = importlib.import_module("newsletter.__main__")
        sys.argv = [str(program.__file__), *words[len(PROGRAM) :]]
        program.main()
        return
    os.umask(0o077)  # what a script writes is as private as what the program writes
    sys.argv = ["-c", *words[2:]]
    sys.modules["__main__"] = script = ModuleType("__main__")
    exec(compile(words[1], "<string>", "exec"), vars(script))


def main() -> None:
    """Serve, and in a fork run the command that was asked for."""
    for name in MODULES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()
    request = _serve(sys.argv[1])
    if request is not None:
        _become(request)
        if _may_send(request.words):
            fork_workers.prepare()
        _run(request.words)


if __name__ == "__main__":
    main()
