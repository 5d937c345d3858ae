"""A PostgreSQL server of our own: in a temporary folder, on a free port of loopback, gone when it is no longer needed.

PostgreSQL refuses to run as root, and its user cannot enter a folder of mode 0700: data and socket lie in a folder that
is made for it. `postgres` is the user that Debian's package makes; anybody else's user runs it as themselves.
"""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.doubles.ports import free_port

USER = "postgres"


def binaries() -> Path | None:
    """Where `initdb` is: in the path, or the newest of Debian's versions; None: it is not installed."""
    if found := shutil.which("initdb"):
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    return installed[-1].parent if installed else None


@contextmanager
def running() -> Iterator[str]:
    """The address of an empty database, such as `site.database` takes it."""
    found = binaries()
    assert found is not None, "PostgreSQL's server is not installed (Debian: postgresql)"
    folder = Path(tempfile.mkdtemp(prefix="newsletter-postgresql-"))
    identity = _owner(folder)
    try:
        data = str(folder / "data")
        _run([str(found / "initdb"), "-D", data, "-U", USER, "-A", "trust", "-N", "-E", "UTF8", "--locale=C"], identity)
        port = free_port()
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off"
        control = [str(found / "pg_ctl"), "-D", data, "-w", "-s", "-l", str(folder / "log")]
        _run([*control, "-o", options, "start"], identity)
        try:
            yield f"postgresql://{USER}@127.0.0.1:{port}/postgres"
        finally:
            _run([*control, "-m", "immediate", "stop"], identity)
    finally:
        shutil.rmtree(folder)


def _owner(folder: Path) -> dict[str, int]:
    """Whom the server runs as; the folder becomes theirs."""
    if os.geteuid() != 0:
        return {}
    user = pwd.getpwnam(USER)
    os.chown(folder, user.pw_uid, user.pw_gid)
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
