"""A name server of our own: Debian's NSD, with one zone for all names, on a free port of loopback.

    with running([("example.org", "TXT", '"v=spf1 -all"')], broken=("lost.example",)) as resolver: ...

Names below a `broken` domain are answered with SERVFAIL, all other unknown ones with NXDOMAIN.
"""

import subprocess
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import dns.exception
import dns.resolver

from tests.doubles.ports import free_port

NSD = "/usr/sbin/nsd"
START_SECONDS = 30.0

Record = tuple[str, str, str]
"""A name, a type, and the data as in a zone file."""

HEAD = "$TTL 60\n. IN SOA ns. root. 1 60 60 60 60\n. IN NS ns.\nns. IN A 127.0.0.1\n"


@contextmanager
def running(records: Iterable[Record], broken: Sequence[str] = ()) -> Iterator[dns.resolver.Resolver]:
    """Run the server, and return a resolver that asks it."""
    assert Path(NSD).exists(), "NSD is not installed (Debian: nsd)"
    port = free_port()
    with TemporaryDirectory(prefix="newsletter-nsd-") as name:
        folder = Path(name)
        (folder / "root.zone").write_text(HEAD + "".join(f"{n}. IN {kind} {data}\n" for n, kind, data in records))
        (folder / "nsd.conf").write_text(_settings(folder, port, broken))
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([NSD, "-d", "-c", str(folder / "nsd.conf")], stdout=log, stderr=log)
        try:
            resolver = _resolver(port)
            _wait(resolver, server, folder / "log")
            yield resolver
        finally:
            server.terminate()
            server.wait()


def table(records: Iterable[Record]) -> dict[tuple[str, str], list[str]]:
    """Return records by name and type."""
    found: dict[tuple[str, str], list[str]] = {}
    for name, kind, data in records:
        found.setdefault((name, kind), []).append(data)
    return found


def txt(text: str) -> str:
    """Return a text as the data of a TXT record, in strings of at most 255 characters."""
    return " ".join(f'"{text[at : at + 255]}"' for at in range(0, len(text), 255))


def _settings(folder: Path, port: int, broken: Sequence[str]) -> str:
    zones = [(".", "root.zone"), *((each, "there-is-no-such-file") for each in broken)]
    return "\n".join(
        [
            "server:",
            f"  ip-address: 127.0.0.1@{port}",
            '  username: ""',
            '  chroot: ""',
            f'  zonesdir: "{folder}"',
            f'  pidfile: "{folder}/nsd.pid"',
            f'  xfrdfile: "{folder}/xfrd.state"',
            f'  zonelistfile: "{folder}/zone.list"',
            f'  xfrdir: "{folder}"',
            '  cookie-secret-file: ""',
            "  server-count: 1",
            "remote-control:",
            "  control-enable: no",
            *(f'zone:\n  name: "{name}"\n  zonefile: "{file}"' for name, file in zones),
            "",
        ]
    )


def _resolver(port: int) -> dns.resolver.Resolver:
    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return resolver


def _wait(resolver: dns.resolver.Resolver, server: subprocess.Popen[bytes], log: Path) -> None:
    """Wait until the zone is answered for."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        try:
            resolver.resolve("ns.", "A", lifetime=1.0)
        except dns.exception.DNSException:
            time.sleep(0.02)
        else:
            return
    raise AssertionError(f"the name server does not answer:\n{log.read_text(errors='replace')}")
