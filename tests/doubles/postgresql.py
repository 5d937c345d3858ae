"""A PostgreSQL server of our own: in a temporary folder, on a free port of loopback, gone when it is no longer needed.

PostgreSQL refuses to run as root, and its user cannot enter a folder of mode 0700: data and socket lie in a folder that
is made for it. `postgres` is the user that Debian's package makes; anybody else's user runs it as themselves.
"""

import atexit
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.doubles.ports import free_port
from tests.site_texts import with_daily

USER = "postgres"
ROOT = Path(__file__).parent.parent.parent
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


def binaries() -> Path | None:
    """Where `initdb` is: in the path, or the newest of Debian's versions; None: it is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return installed[-1].parent if installed else None


@contextmanager
def running(*, with_tables: bool = False) -> Iterator[str]:
    """The address of a database, such as `site.database` takes it: an empty one, or one with the program's tables."""
    with _folder() as folder:
        shutil.copytree(_with_tables() if with_tables else _empty(), folder / "data")
        with _served(folder) as address:
            yield address


@cache
def _empty() -> Path:
    """The data of a new server; `initdb` makes them once for all tests of a process."""
    folder = _kept_folder()
    words = ["-D", str(folder / "data"), "-U", USER, "-A", "trust", "-N", "-E", "UTF8", "--locale=C"]
    _run([str(_found() / "initdb"), *words], _owner(folder))
    return folder / "data"


@cache
def _with_tables() -> Path:
    """The data of a server whose database has had every migration, and has no rows yet."""
    folder = _kept_folder()
    shutil.copytree(_empty(), folder / "data")
    with _served(folder, stop="fast") as address, tempfile.TemporaryDirectory() as site:
        text = with_daily(SOURCE).replace("[site]", f'[site]\ndatabase = "{address}"')
        (Path(site) / "config.toml").write_text(text, encoding="utf-8")
        subprocess.run([sys.executable, "-c", MIGRATE], cwd=site, env=_environment(), check=True)
    return folder / "data"


def _environment() -> dict[str, str]:
    """That of a program with a configuration of its own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER", "DJANGO"))}
    return {**kept, "PYTHONPATH": str(ROOT)}


def _kept_folder() -> Path:
    """A folder that is removed when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postgresql-"))
    atexit.register(shutil.rmtree, folder)
    return folder


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postgresql-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def _served(folder: Path, stop: str = "immediate") -> Iterator[str]:
    """Start a server with the data in this folder; yield the address of its database."""
    identity = _owner(folder)
    port = free_port()
    options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
    control = [str(_found() / "pg_ctl"), "-D", str(folder / "data"), "-w", "-s", "-l", str(folder / "log")]
    _run([*control, "-o", options, "start"], identity)
    try:
        yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
    finally:
        _run([*control, "-m", stop, "stop"], identity)


def _found() -> Path:
    found = binaries()
    assert found is not None, "PostgreSQL's server is not installed (Debian: postgresql)"
    return found


def _owner(folder: Path) -> dict[str, int]:
    """Whom the server runs as; the folder becomes theirs, with what is in it."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(USER)
    for each in (folder, *folder.rglob("*")):
        os.chown(each, user.pw_uid, user.pw_gid)
    return {"user": user.pw_uid, "group": user.pw_gid}


def _run(words: list[str], identity: dict[str, int]) -> None:
    """`pg_ctl start` leaves a server behind that keeps what it inherits: none of our files."""
    subprocess.run(
        words,
        check=True,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        **identity,  # type: ignore[call-overload]
    )
