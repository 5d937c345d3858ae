"""Bounds how many connections are open to the web server, in all and from one client.

Promises: whoever opens connections without end takes descriptors neither from sending nor from other clients: a new
connection takes the place of the one that was idle longest. Requests below `/u/` are never refused, so that
unsubscribing always works; connections of trusted proxies are not counted as those of one client. uvicorn's own limit
(`limit_concurrency`) answers 503 to everyone alike, and bounds neither idle connections nor one client.
"""

import ipaddress
import resource
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from newsletter.domain.hosts import plain_address
from newsletter.web.requests import App, AsgiMessage, Receive, Send, refuse

UNLIMITED = "/u/"
HEAD_SECONDS = 20.0
"""Seconds in which a request's head must have come."""

RESERVED = 112
"""File descriptors that the web server leaves to databases, journals, sending processes and collecting."""
DESCRIPTORS_EACH = 2
"""Descriptors that a connection may need: its socket, and the file of a long body."""
WANTED_DESCRIPTORS = 4096
SPARE = 16
"""Connections beyond the limit that are taken in to learn whether they want to unsubscribe."""

TOO_MANY = b"Too many connections are open. Close some, or try again in a moment.\n"
Peer = tuple[str, int]


def raise_descriptor_limit() -> int:
    """Raise the soft limit on open files, where the hard one allows it, to what is useful; return what holds now."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < WANTED_DESCRIPTORS:
        soft = WANTED_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, WANTED_DESCRIPTORS)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return WANTED_DESCRIPTORS if soft == resource.RLIM_INFINITY else soft


def affordable(configured: int, descriptors: int) -> int:
    """Return how many connections may be open with so many descriptors, at most as many as configured."""
    return max(8, min(configured, (descriptors - RESERVED) // DESCRIPTORS_EACH - SPARE))


@dataclass(eq=False, slots=True)
class ClientConnection:
    """One open connection. `client` is who is counted together, "" for trusted proxies."""

    peer: Peer
    client: str
    abort: Callable[[], None]
    idle_since: float
    excess: bool = False
    requests: int = 0
    paths: set[str] = field(default_factory=set)


class Connections:
    """The open connections of a server. Used from its event loop only; times are seconds."""

    def __init__(
        self, most: int, most_of_one: int, trusted: Collection[str], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most, self._most_of_one, self._clock = most, most_of_one, clock
        self._trusted = [ipaddress.ip_network(network, strict=False) for network in trusted]
        self._open: dict[Peer, ClientConnection] = {}
        self._idle: dict[ClientConnection, None] = {}  # the one that was idle longest comes first
        self._by_client: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._open)

    def made(self, peer: Peer, abort: Callable[[], None]) -> None:
        """Count a new connection in; where there are too many, close another."""
        client = self._client(peer[0])
        connection = ClientConnection(peer, client, abort, self._clock())
        if client and self._by_client[client] >= self._most_of_one:
            connection.excess = not self._close_idle(lambda other: other.client == client)
        if len(self._open) >= self._most and not self._make_room():
            connection.excess = True
        if len(self._open) >= self._most + SPARE:
            self._close_busy()
        self._open[peer] = connection
        self._idle[connection] = None
        self._by_client[client] += 1

    def lost(self, peer: Peer) -> None:
        """Remove a connection that has ended; a second call has no effect."""
        connection = self._open.pop(peer, None)
        if connection is not None:
            self._idle.pop(connection, None)
            self._by_client[connection.client] -= 1
            if not self._by_client[connection.client]:
                del self._by_client[connection.client]

    def begin(self, peer: Peer, path: str) -> bool:
        """Begin a request, and return whether it is to be served. `end` is called in any case."""
        connection = self._open.get(peer)
        if connection is None:
            return True
        self._idle.pop(connection, None)
        connection.requests += 1
        connection.paths.add(path)
        return not connection.excess or path.startswith(UNLIMITED)

    def end(self, peer: Peer) -> None:
        """End a request that was answered."""
        connection = self._open.get(peer)
        if connection is not None:
            connection.requests -= 1
            if not connection.requests:
                connection.paths.clear()
                connection.idle_since = self._clock()
                self._idle[connection] = None

    def close_slow(self, seconds: float = HEAD_SECONDS) -> None:
        """Close those whose next request has not come for so long."""
        limit = self._clock() - seconds
        while self._idle and next(iter(self._idle)).idle_since <= limit:
            self._close(next(iter(self._idle)))

    def _make_room(self) -> bool:
        """Proxies' connections last: a request may be on its way in one of them."""
        return self._close_idle(lambda other: bool(other.client)) or self._close_idle(lambda other: True)

    def _close_idle(self, fits: Callable[[ClientConnection], bool]) -> bool:
        idle = next((connection for connection in self._idle if fits(connection)), None)
        if idle is not None:
            self._close(idle)
        return idle is not None

    def _close_busy(self) -> None:
        """Close the oldest connection that is not for unsubscribing, else the oldest of all."""
        oldest = list(self._open.values())
        limited = (c for c in oldest if not any(path.startswith(UNLIMITED) for path in c.paths))
        self._close(next(limited, oldest[0]))

    def _close(self, connection: ClientConnection) -> None:
        self.lost(connection.peer)
        connection.abort()

    def _client(self, host: str) -> str:
        """Return what counts as one client: an IPv4 address, or a /64 of IPv6; "" for a trusted proxy."""
        address = plain_address(host.partition("%")[0])
        if address is None:
            return host
        if any(address in network for network in self._trusted):
            return ""
        return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)


class ConnectionLimits:
    """An ASGI application in front of another one (ASGI 3.0): answers 429 on connections beyond the limits."""

    def __init__(self, app: App, connections: Connections) -> None:
        self._app, self._connections = app, connections

    async def __call__(self, scope: AsgiMessage, receive: Receive, send: Send) -> None:
        """Hand the request on, or answer 429."""
        peer = scope.get("client")
        if scope["type"] != "http" or peer is None:
            await self._app(scope, receive, send)
            return
        try:
            if self._connections.begin(tuple(peer), scope["path"]):
                await self._app(scope, receive, send)
            else:
                await refuse(send, 429, TOO_MANY, (b"retry-after", b"5"))
        finally:
            self._connections.end(tuple(peer))
