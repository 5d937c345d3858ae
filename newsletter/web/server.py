"""The web server: uvicorn with Django behind it, its connections bounded, until it is told to stop."""

import socket
from functools import partial
from importlib import import_module

import uvicorn

from newsletter.config import Config
from newsletter.supervision import Service
from newsletter.web.application import application, probe_application
from newsletter.web.connections import ConnectionLimits, Connections, affordable, raise_descriptor_limit
from newsletter.web.desk.jobs.work import resume
from newsletter.web.desk.subscribers.uploads import remove_abandoned, remove_ended
from newsletter.web.http_protocol import counting_protocol
from newsletter.web.listener import BACKLOG
from newsletter.web.requests import App

ACCEPTED_AT_ONCE = 16
"""Connections that asyncio accepts before it looks at any of them: they take descriptors before they are counted."""


def run(service: Service, listener: socket.socket, configuration: Config) -> None:
    """Answer until stopped. The listener outlives a server that fails, so that nobody is refused meanwhile."""
    remove_abandoned()
    remove_ended(configuration)
    resume(configuration, partial(import_module, "newsletter.web.desk.urls"))  # with the pages come the kinds of jobs
    _serve(service, listener, configuration, application(configuration))


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
