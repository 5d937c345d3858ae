"""Bounds how many connections are open to the web server, in all and from one client.

Promises: whoever opens connections without end takes descriptors neither from sending nor from other clients: a new
connection takes the place of the one that was idle longest, or else of the one whose body arrives most slowly. Requests
below `/u/` are never refused, so that unsubscribing always works, and their bodies give way last; connections of
trusted proxies are not counted as those of one client. uvicorn's own limit
(`limit_concurrency`) answers 503 to everyone alike, and bounds neither idle connections nor one client.
"""

import ipaddress
import resource
import time
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from operator import itemgetter

from newsletter.domain.hosts import plain_address
from newsletter.web.refusal_pages import refuse_with_page
from newsletter.web.requests import App, AsgiMessage, Receive, Send

UNLIMITED = "/u/"
HEAD_SECONDS = 20.0
"""Seconds in which a request's head must have come."""

SLOW = 10_000
"""Octets a second below which a body gives way to new connections: what may be sent for as long as it takes is faster
(`bodies.Pace`)."""
GRACE, GRACE_OF_UNLIMITED = 1.0, 5.0
"""Seconds in which a request may come, and then its body at any pace: in general, and below `/u/`."""

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
    """One open connection. `client` is who is counted together, "" for trusted proxies.

    `body_since` is when a request began whose body has not arrived yet, of which there are `octets`.
    """

    peer: Peer
    client: str
    abort: Callable[[], None]
    idle_since: float
    excess: bool = False
    requests: int = 0
    paths: set[str] = field(default_factory=set)
    body_since: float | None = None
    octets: int = 0

    @property
    def unsubscribes(self) -> bool:
        """Whether a request to unsubscribe is answered now."""
        return any(path.startswith(UNLIMITED) for path in self.paths)

    def pace(self, now: float) -> float | None:
        """Return the octets a second at which a body arrives; None if none does, or it has only begun."""
        seconds = 0.0 if self.body_since is None else now - self.body_since
        return self.octets / seconds if seconds > (GRACE_OF_UNLIMITED if self.unsubscribes else GRACE) else None


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

    @property
    def have_room(self) -> bool:
        """Whether so many places are free that what a refused client still sends can be read, for it to get the
        answer.
        """
        return len(self._open) * 4 < self._most * 3

    def made(self, peer: Peer, abort: Callable[[], None]) -> None:
        """Count a new connection in; where there are too many, close another."""
        client = self._client(peer[0])
        connection = ClientConnection(peer, client, abort, self._clock())
        if client and self._by_client[client] >= self._most_of_one:
            connection.excess = not self._make_room_of(client)
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

    def expect_body(self, peer: Peer) -> None:
        """Note that a request's body is read from now on."""
        connection = self._open.get(peer)
        if connection is not None:
            connection.body_since, connection.octets = self._clock(), 0

    def received(self, peer: Peer, octets: int, *, more: bool) -> None:
        """Count what has come of a request's body; `more` of it may follow."""
        connection = self._open.get(peer)
        if connection is not None:
            connection.octets += octets
            if not more:
                connection.body_since = None

    def end(self, peer: Peer) -> None:
        """End a request that was answered."""
        connection = self._open.get(peer)
        if connection is not None:
            connection.requests -= 1
            connection.body_since = None
            if not connection.requests:
                connection.paths.clear()
                connection.idle_since = self._clock()
                self._idle[connection] = None

    def close_slow(self, seconds: float = HEAD_SECONDS) -> None:
        """Close those whose next request has not come for so long."""
        limit = self._clock() - seconds
        while self._idle and next(iter(self._idle)).idle_since <= limit:
            self._close(next(iter(self._idle)))

    def _make_room_of(self, client: str) -> bool:
        def is_of_client(other: ClientConnection) -> bool:
            return other.client == client

        return (
            self._close_idle(is_of_client, GRACE) or self._close_slowest(is_of_client) or self._close_idle(is_of_client)
        )

    def _make_room(self) -> bool:
        """Close a connection; idle ones of proxies last, since a request may be on its way in one of them.

        One that was just opened is not closed: its request is on its way.
        """
        return (
            self._close_idle(lambda other: bool(other.client), GRACE)
            or self._close_slowest(lambda other: True)
            or self._close_idle(lambda other: True, GRACE)
        )

    def _close_slowest(self, fits: Callable[[ClientConnection], bool]) -> bool:
        """Close the connection whose body arrives most slowly, if any is slow; those that unsubscribe last."""
        now = self._clock()
        slow = [
            (connection.unsubscribes, pace, connection)
            for connection in self._open.values()
            if (pace := connection.pace(now)) is not None and pace < SLOW and fits(connection)
        ]
        if slow:
            self._close(min(slow, key=itemgetter(0, 1))[2])
        return bool(slow)

    def _close_idle(self, fits: Callable[[ClientConnection], bool], seconds: float = 0.0) -> bool:
        """Close the connection that was idle longest, if one was for so long."""
        latest = self._clock() - seconds
        idle = next((other for other in self._idle if other.idle_since <= latest and fits(other)), None)
        if idle is not None:
            self._close(idle)
        return idle is not None

    def _close_busy(self) -> None:
        """Close the oldest connection that is not for unsubscribing, else the oldest of all."""
        oldest = list(self._open.values())
        limited = (connection for connection in oldest if not connection.unsubscribes)
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
        client = scope.get("client")
        if scope["type"] != "http" or client is None:
            await self._app(scope, receive, send)
            return
        peer: Peer = tuple(client)
        try:
            if self._connections.begin(peer, scope["path"]):
                self._connections.expect_body(peer)
                await self._app(scope, self._counted(peer, receive), send)
            else:
                self._connections.expect_body(peer)
                drain = self._counted(peer, receive) if self._connections.have_room else None
                await refuse_with_page(scope, send, 429, TOO_MANY, (b"retry-after", b"5"), drain=drain)
        finally:
            self._connections.end(peer)

    def _counted(self, peer: Peer, receive: Receive) -> Receive:
        async def counted() -> AsgiMessage:
            message = await receive()
            if message["type"] == "http.request":
                octets = len(message.get("body", b""))
                self._connections.received(peer, octets, more=message.get("more_body", False))
            return message

        return counted
