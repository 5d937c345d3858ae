"""Connections to the outside that can't be led astray: every address of a host is looked at, and the one looked at is
the one connected to; and nothing keeps a connection open past its deadline, not even a byte now and then.

The check stands where the socket is made, so that redirects, a name that answers differently the second time, and
numbers written oddly (`http://2130706433/`) all pass through it. TLS still verifies the name.
"""

import queue
import socket
import threading
from collections.abc import Callable
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, PoolManager
from urllib3.connection import HTTPConnection
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
from urllib3.util.connection import create_connection

from newsletter.domain.hosts import is_public_address


class UnknownHost(OSError):
    """The name resolves to nothing."""


class PrivateAddress(OSError):
    """The host, or one of its addresses, is not on the public internet."""

    def __init__(self, host: str, address: str) -> None:
        where = "" if host == address else f"is at {address}, which "
        super().__init__(f"{host} {where}is not a public address")
        self.address = address


def resolve(host: str, port: int, seconds: float) -> list[str]:
    """Return the addresses of a host, in the order in which to try them.

    Raises UnknownHost, OSError if no name server answers, or TimeoutError after `seconds`: the resolver knows no
    deadline, so that a thread waits for it.
    """
    answer: queue.SimpleQueue[list[str] | OSError] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            answer.put(list(dict.fromkeys(str(row[4][0]) for row in answers)))
        except (OSError, UnicodeError) as e:
            answer.put(
                OSError(f"{host}: {e.strerror}")
                if isinstance(e, socket.gaierror) and e.errno == socket.EAI_AGAIN
                else UnknownHost(f"{host}: {e}")
            )

    threading.Thread(target=ask, name=f"resolve {host}", daemon=True).start()
    try:
        addresses = answer.get(timeout=max(seconds, 0.001))
    except queue.Empty:
        raise TimeoutError(f"the name {host} was not resolved in time") from None
    if isinstance(addresses, OSError):
        raise addresses
    return addresses


class Watch:
    """Cuts every connection it knows at a deadline, whatever they wait for (connecting, TLS, headers, body)."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        self._lock = threading.Lock()
        self._timer: threading.Timer | None = None
        self.expired = False

    def start(self, seconds: float) -> None:
        """Begin to watch; `expired` tells afterwards whether the deadline came."""
        self.expired = False
        self._timer = threading.Timer(seconds, self.cut)
        self._timer.daemon = True
        self._timer.start()

    def stop(self) -> None:
        """Stop watching, because the work was done in time."""
        if self._timer:
            self._timer.cancel()

    def add(self, connection: socket.socket) -> None:
        """Watch a connection as well. A duplicate is kept, as TLS takes the socket itself over.

        Raises TimeoutError if the deadline came while the connection was opened.
        """
        with self._lock:
            if self.expired:
                connection.close()
                raise TimeoutError("the deadline has come")
            self._sockets.append(connection.dup())

    def close(self) -> None:
        """Forget all connections."""
        self.stop()
        with self._lock:
            while self._sockets:
                self._sockets.pop().close()

    def cut(self) -> None:
        """Cut every connection now, as at the deadline."""
        with self._lock:
            self.expired = True
            for connection in self._sockets:
                try:
                    connection.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it has already ended


Opener = Callable[[str, int, float | None], socket.socket]


def opener(*, allow_private: bool, watch: Watch) -> Opener:
    """Return a function that opens a connection to (host, port, timeout in seconds): resolved once, checked, watched.

    Raises UnknownHost, PrivateAddress, TimeoutError, or the last OSError where no address answered.
    """

    def connect(host: str, port: int, timeout: float | None) -> socket.socket:
        seconds = timeout or 60.0
        addresses = resolve(host, port, seconds)
        if not allow_private:
            for address in addresses:
                if not is_public_address(address):
                    raise PrivateAddress(host, address)
        failure: OSError = UnknownHost(f"{host} has no address")
        for address in addresses:
            try:
                connection = create_connection((address, port), seconds / len(addresses))
            except OSError as e:
                failure = e
                continue
            connection.settimeout(seconds)
            watch.add(connection)
            return connection
        raise failure

    return connect


class GuardedAdapter(HTTPAdapter):
    """Carries requests over connections that `opener` makes; proxies are not used."""

    def __init__(self, connect: Opener) -> None:
        self._connect = connect
        super().__init__(max_retries=0)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **options: Any) -> None:
        """Let the pools make guarded connections."""
        self.poolmanager = PoolManager(num_pools=connections, maxsize=maxsize, block=block, **options)
        pools = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        self.poolmanager.pool_classes_by_scheme = {
            scheme: _guarded(pool, self._connect) for scheme, pool in pools.items()
        }


class GuardedSession(requests.Session):
    """Makes requests over connections that `opener` makes, without proxies, and follows no redirects."""

    def __init__(self, connect: Opener) -> None:
        super().__init__()
        self.trust_env = False
        self.adapters.clear()
        for scheme in ("http://", "https://"):
            self.mount(scheme, GuardedAdapter(connect))

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Return nothing: of a redirect that isn't followed, requests would read the whole body, however large."""


def _guarded(pool: type[HTTPConnectionPool], connect: Opener) -> type[HTTPConnectionPool]:
    """Return a class of pools whose connections are opened by `connect`."""
    methods = {"_new_conn": lambda connection: _open(connection, connect)}
    connection_class = type("Guarded", (pool.ConnectionCls,), methods)
    return type("GuardedPool", (pool,), {"ConnectionCls": connection_class})


def _open(connection: HTTPConnection, connect: Opener) -> socket.socket:
    """Return a socket for urllib3, whose own errors keep ours as their cause."""
    timeout = connection.timeout if isinstance(connection.timeout, int | float) else None
    try:
        return connect(connection.host.strip("[]"), connection.port, timeout)
    except TimeoutError as e:
        raise ConnectTimeoutError(connection, str(e)) from e
    except OSError as e:
        raise NewConnectionError(connection, str(e)) from e
