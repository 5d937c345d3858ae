"""Sending processes as forks of a helper that has imported the program, which saves most of the CPU time of a start.

A program that is itself a fork (`fork_server`) has a helper, forked before its first thread. Each sending process is a
fork of the helper, but a child of the program and in its process group, as if the program had spawned it: the kernel
gives the program the orphans among its descendants.
"""

import ctypes
import importlib
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

WORKER = [sys.executable, "-m", "newsletter.sending.worker"]
NAME, PROCESS = b"fork helper", b"python"
"""The names of a helper and of a sending process in /proc/PID/comm."""
LONGEST = 100_000
LIMITS = (resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)
PR_SET_NAME, PR_SET_CHILD_SUBREAPER = 15, 36

_spawn = subprocess.Popen


def prepare() -> None:
    """Fork the helper of this process, which starts the sending processes from now on.

    Return in this process; in each sending process, run it to its end.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    assert ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    if os.fork():
        theirs.close()
        _Started.helper = ours
        subprocess.Popen = _Started  # type: ignore[misc]
        return
    ours.close()
    _name(NAME)
    _serve(theirs)


def _name(process: bytes) -> None:
    ctypes.CDLL(None).prctl(PR_SET_NAME, process, 0, 0, 0)


class _Started(_spawn[Any]):
    """A process that this one starts: a fork of the helper if it is to send."""

    helper: socket.socket

    def _execute_child(self, args: Sequence[str], *more: Any) -> None:
        """Start what `Popen` has made the pipes for; its parameters are those of the standard library's method."""
        if [*args][: len(WORKER)] != WORKER:
            super()._execute_child(args, *more)  # type: ignore[misc]
            return
        stdin, _, _, stdout = more[9:13]
        limits = [resource.getrlimit(each) for each in LIMITS]
        os.umask(umask := os.umask(0o077))
        request = {"words": args[len(WORKER) :], "environment": {**os.environ}, "limits": limits, "umask": umask}
        socket.send_fds(self.helper, [json.dumps(request).encode()], [stdin, stdout])
        self.pid = int(self.helper.recv(LONGEST))
        self._child_created = True
        self._close_pipe_fds(*more[9:15])  # type: ignore[attr-defined]


def _serve(connection: socket.socket) -> None:
    """Fork for each request until the program has ended, and answer with the process id."""
    while True:
        request, descriptors, _, _ = socket.recv_fds(connection, LONGEST, 2)
        if not request:
            os._exit(0)
        read, write = os.pipe()
        between = os.fork()
        if not between:
            if worker := os.fork():
                os.write(write, str(worker).encode())
                os._exit(0)  # so that its child becomes the program's
            for descriptor in (connection.detach(), read, write):
                os.close(descriptor)
            _run(json.loads(request), descriptors)
        os.waitpid(between, 0)
        connection.send(os.read(read, LONGEST))
        for descriptor in (read, write, *descriptors):
            os.close(descriptor)


def _run(request: dict[str, Any], descriptors: list[int]) -> None:
    _name(PROCESS)
    for target, descriptor in enumerate(descriptors):
        os.dup2(descriptor, target)
        os.close(descriptor)
    for limit, values in zip(LIMITS, request["limits"], strict=True):
        resource.setrlimit(limit, tuple(values))
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    worker = importlib.import_module(WORKER[2])
    sys.argv = [str(worker.__file__), *request["words"]]
    sys.exit(worker.main(sys.argv[1:]))
