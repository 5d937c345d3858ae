"""`newsletter run`: the schedule, the sender and the web server in one process, until a signal.

SIGINT and SIGTERM stop it: it takes no more work and completes what is in progress. A service that fails is restarted
while the others keep running.
"""

import logging
import signal
import socket
import threading

from newsletter import config
from newsletter.cli.common import listening, say
from newsletter.cli.services import run_supervised, supervise
from newsletter.config import Config
from newsletter.config.database import is_postgresql
from newsletter.logs.setup import in_format
from newsletter.sending.sql import database_watch
from newsletter.sending.sql.database import empty_log
from newsletter.supervision import Periods, on_signals
from newsletter.web import server
from newsletter.web.desk.users import setup_link
from newsletter.web.listener import listener_address
from newsletter.web.only_run import RunLock

log = logging.getLogger("newsletter.services")

ANOTHER = (
    "another 'newsletter run' with a web server is running in this folder: both answer requests, one of them sends "
    "editions, and this one continues the other's jobs of the desk when that has ended; stop one of them unless you "
    "want both"
)


def serve(
    configuration: Config,
    *,
    host: str | None,
    port: int | None,
    web: bool,
    schedule: bool,
    send: bool,
    periods: Periods = Periods(),
) -> None:
    """Run the requested services until a signal."""
    stop, lock = threading.Event(), RunLock(configuration.folder)
    with on_signals(stop.set, signal.SIGINT, signal.SIGTERM):
        # By custom SIGHUP means to read the configuration again, which happens within a second of each change anyway.
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        supervisor = supervise(config.current, schedule=schedule, send=send, web=web, periods=periods)
        if web:
            port = configuration.web.port if port is None else port
            listener = listening(host or configuration.web.host, port)
            _say_where(configuration, listener)
            supervisor.add("web", lambda service: server.run(service, listener, configuration, lock))
            if not lock.acquire():
                log.warning(ANOTHER)
                supervisor.add("jobs", lambda service: server.take_up_later(service, configuration, lock))
        else:
            say(in_format(configuration.log, "running without a web server; press Ctrl-C to stop"))
        run_supervised(supervisor, configuration, "run", stop)
    if not is_postgresql(configuration.site.database) and not database_watch.problem():
        empty_log()


def _say_where(configuration: Config, listener: socket.socket) -> None:
    local = listener_address(listener)
    address = configuration.site.url if configuration.site.url.startswith("https://") else local
    link = setup_link(address)
    proxied = f" (the proxy reaches it at {local})" if address != local else ""
    say(in_format(configuration.log, f"the desk is at {address}/desk/{proxied}"))
    if link:
        say(in_format(configuration.log, f"no one can log in yet; create the first account at {link}"))
