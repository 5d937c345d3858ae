"""The web server: uvicorn with Django behind it, its connections bounded, until it is told to stop."""

import asyncio
import logging
import socket
from functools import partial
from importlib import import_module

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from newsletter.config import Config
from newsletter.supervision import Service
from newsletter.web.application import application, probe_application
from newsletter.web.connections import ConnectionLimits, Connections, affordable, raise_descriptor_limit
from newsletter.web.desk.jobs import resume
from newsletter.web.desk.subscribers.uploads import remove_abandoned, remove_ended
from newsletter.web.listener import BACKLOG
from newsletter.web.only_run import RunLock
from newsletter.web.requests import App

log = logging.getLogger("newsletter.services")

ACCEPTED_AT_ONCE = 16
"""Connections that asyncio accepts before it looks at any of them: they take descriptors before they are counted."""


TAKE_UP_SECONDS = 1.0


def run(service: Service, listener: socket.socket, configuration: Config, lock: RunLock) -> None:
    """Answer until stopped. The listener outlives a server that fails, so that nobody is refused meanwhile.

    Jobs that an earlier program had begun are continued by whoever has the lock.
    """
    remove_abandoned()
    if lock.acquire():
        _take_up(configuration)
    _serve(service, listener, configuration, application(configuration))


def take_up_later(service: Service, configuration: Config, lock: RunLock) -> None:
    """Continue the jobs of another program of this folder when it has ended; wait until stopped."""
    while not service.stopping.is_set() and not lock.acquire():
        service.stopping.wait(TAKE_UP_SECONDS)
    if not service.stopping.is_set():
        _take_up(configuration)
        log.info("the other 'newsletter run' of this folder has ended; this one continues its jobs")
    service.stopping.wait()


def _take_up(configuration: Config) -> None:
    resume(configuration, partial(import_module, "newsletter.web.desk.urls"))  # with the pages come the kinds of jobs
    remove_ended(configuration)  # afterwards: what can't be continued has ended now


def run_probes(service: Service, listener: socket.socket, configuration: Config) -> None:
    """Answer requests of monitoring only, until stopped."""
    _serve(service, listener, configuration, probe_application(configuration))


def _serve(service: Service, listener: socket.socket, configuration: Config, app: App) -> None:
    settings = configuration.web
    most = affordable(settings.maximum_connections, raise_descriptor_limit())
    of_one = min(settings.maximum_connections_per_client, most // 2)
    connections = Connections(most, of_one, settings.trusted_proxies)

    async def close_slow() -> None:
        connections.close_slow()

    server = _Server(
        uvicorn.Config(
            ConnectionLimits(app, connections),
            http=counting_protocol(connections),
            ws="none",
            backlog=ACCEPTED_AT_ONCE,
            log_level="warning",
            log_config=None,  # our own, as for everything else
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=5,
            callback_notify=close_slow,
            timeout_notify=0,  # each second: uvicorn looks no more often
        )
    )

    def end() -> None:
        server.should_exit = True

    service.on_stop = end
    if not service.stopping.is_set():
        server.run(sockets=[listener.dup()])


class _Server(uvicorn.Server):
    """Listens with a backlog of its own."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """As uvicorn does; asyncio has made the backlog as short as what it accepts at once."""
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(BACKLOG)


LARGEST_HEAD = 65_536
"""Octets of a request line and its header fields, or of what frames a body: trailers, and extensions of a chunk; what
comes together in one read is accepted whole. httptools copies an unfinished field with each read.
"""

TOO_LARGE = b"The request's header fields are too large.\n"
RESPONSE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: text/plain; charset=utf-8\r\n"
    b"content-length: %d\r\nconnection: close\r\n\r\n%s" % (len(TOO_LARGE), TOO_LARGE)
)


class HttpProtocol(HttpToolsProtocol):
    """Refuses a head or trailers that are too large (RFC 6585 5), and ignores trailers (RFC 9110 6.5.1).

    llhttp takes 0.10 s of CPU time for 1,000 requests where h11 takes 0.22 s (`tests.bench.bench_burst`). Unlike h11,
    it bounds neither the size of a head nor what a trailer may say, and uvicorn has no setting for that.
    """

    _since_body = 0  # octets that came since the last octet of a body, or the end of a message
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse what came, unless a head or trailers are too large already."""
        if self._since_body > LARGEST_HEAD:
            self.transport.write(RESPONSE)
            self.transport.close()
            return
        self._since_body += len(data)
        super().data_received(data)

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._since_body = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head, self._since_body = True, 0
        super().on_message_complete()


def counting_protocol(connections: Connections) -> type[HttpProtocol]:
    """Return the protocol, which tells these connections of its own."""

    class Counted(HttpProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
            super().connection_made(transport)
            if self.client is not None:
                connections.made(self.client, transport.abort)

        def connection_lost(self, exc: Exception | None) -> None:
            if self.client is not None:
                connections.lost(self.client)
            super().connection_lost(exc)

    return Counted
