"""PostgreSQL databases of our own, on one server for all tests of a process: in a temporary folder, on a free port of
loopback, gone when the process ends.

PostgreSQL refuses to run as root, and its user cannot enter a folder of mode 0700: data and socket lie in a folder that
is made for it. `postgres` is the user that Debian's package makes; anybody else's user runs it as themselves.
"""

import atexit
import ctypes
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import psycopg

from tests.doubles.ports import free_port
from tests.site_texts import with_daily

USER = "postgres"
SECONDS_TO_START = 60
PR_SET_PDEATHSIG = 1
SOURCE = """
[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/"
"""
MIGRATE = """
from pathlib import Path
from newsletter import config
from newsletter.start import set_up
set_up(config.load(Path("config.toml").absolute()))
from django.core.management import call_command
call_command("migrate", verbosity=0)
"""
EMPTY, WITH_TABLES = "template1", "with_tables"
_numbers = itertools.count(1)


def binaries() -> Path | None:
    """Where `initdb` is: in the path, or the newest of Debian's versions; None: it is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return installed[-1].parent if installed else None


@contextmanager
def running(*, with_tables: bool = False) -> Iterator[str]:
    """The address of a new database, such as `site.database` takes it: an empty one, or one with the program's tables
    and no rows. It is removed afterwards, whoever is still connected.
    """
    name = f"database_{next(_numbers)}"
    _execute(f"CREATE DATABASE {name} TEMPLATE {_with_tables() if with_tables else EMPTY}")
    try:
        yield f"{_server()}/{name}"
    finally:
        _execute(f"DROP DATABASE {name} WITH (FORCE)")


def _execute(statement: str) -> None:
    with psycopg.connect(f"{_server()}/postgres", autocommit=True) as connection:
        connection.execute(statement)


@cache
def _with_tables() -> str:
    """The name of a database that has had every migration."""
    _execute(f"CREATE DATABASE {WITH_TABLES}")
    with tempfile.TemporaryDirectory() as site:
        text = with_daily(SOURCE).replace("[site]", f'[site]\ndatabase = "{_server()}/{WITH_TABLES}"')
        (Path(site) / "config.toml").write_text(text, encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER", "DJANGO"))}
        subprocess.run([sys.executable, "-c", MIGRATE], cwd=site, env=kept, check=True)
    return WITH_TABLES


@cache
def _server() -> str:
    """The address of the server, which is started when the first test needs it."""
    programs = binaries()
    assert programs is not None, "PostgreSQL's server is not installed (Debian: postgresql)"
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postgresql-"))
    atexit.register(shutil.rmtree, folder)
    identity = _owner(folder)
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C"}
    words = [programs / "initdb", "-D", folder / "data", "-U", USER, "-A", "trust", "-N", "-E", "UTF8", "--locale=C"]
    subprocess.run(words, check=True, cwd="/", stdout=subprocess.DEVNULL, env=environment, **identity)
    port = free_port()
    options = ["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off", "-c", "full_page_writes=off"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [programs / "postgres", "-D", folder / "data", "-p", str(port), "-k", folder, *options],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
            preexec_fn=_end_with_parent,
            **identity,
        )
    atexit.register(_stop, server)
    address = f"postgresql://{USER}@127.0.0.1:{port}"
    _wait_for(server, f"{address}/postgres", folder / "log")
    return address


def _wait_for(server: subprocess.Popen[bytes], address: str, log: Path) -> None:
    until = time.monotonic() + SECONDS_TO_START
    while True:
        try:
            psycopg.connect(address).close()
        except psycopg.OperationalError:
            assert server.poll() is None, log.read_text()
            assert time.monotonic() < until, "PostgreSQL did not start"
            time.sleep(0.05)
        else:
            return


def _end_with_parent() -> None:
    """Let the kernel end the server if the process of the tests is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGQUIT)


def _stop(server: subprocess.Popen[bytes]) -> None:
    """End at once, whoever is still connected."""
    server.send_signal(signal.SIGQUIT)
    server.wait()


def _owner(folder: Path) -> dict[str, Any]:
    """Whom the server runs as; the folder becomes theirs."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(USER)
    os.chown(folder, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid}
