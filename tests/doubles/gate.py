"""A TCP relay on loopback that can be shut and opened again: a server behind it is then away, and back.

with Gate(port_of_the_server) as gate: ...; gate.shut(); ...; gate.open()
"""

import contextlib
import socket
import threading
from typing import Self


class Gate:
    """Relays connections to a port; while it is shut, new ones are refused and old ones are cut."""

    def __init__(self, behind: int) -> None:
        self.behind = behind
        self.port = 0
        self._listener: socket.socket | None = None
        self._connections: set[socket.socket] = set()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.shut()

    def open(self) -> None:
        """Listen, on the same port each time."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self.port = self._listener.getsockname()[1]
        self._run(self._accept, self._listener)

    def shut(self) -> None:
        """Refuse what comes and cut what is there."""
        listener, self._listener = self._listener, None
        if listener is not None:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for connection in list(self._connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)
        self._threads.clear()

    def _run(self, target: object, *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments)
        self._threads.append(thread)
        thread.start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", self.behind), timeout=10)
            except OSError:
                return
            far.settimeout(None)
            self._connections |= {near, far}
            self._run(self._relay, near, far)
            self._run(self._relay, far, near)

    def _relay(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while octets := source.recv(65536):
                target.sendall(octets)
        for each in (source, target):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._connections.discard(source)
        source.close()
