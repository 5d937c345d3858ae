"""Hosted images under load: how many a second the running program serves, beside its shortest answer.

    python -m tests.bench.bench_images [SECONDS] [CONNECTIONS]

Clients on loopback ask for 40 images of about 100 KB as fast as they are answered, and then for `/healthz`, which
answers a constant. Prints answers a second, megabytes a second, the times of answers, and the CPU time.
"""

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from newsletter import config
from newsletter.images import names, store
from newsletter.images.mail_image import MailImage
from tests.bench.bench_links import CONFIG
from tests.bench.program import NEWSLETTER, serving
from tests.doubles.ports import free_port

IMAGES, OCTETS = 40, 100_000
CONSTANT = "/healthz"


def fill(place: Path) -> list[str]:
    """Store images, whose content doesn't matter to the server; return their paths."""
    configuration = config.load(place / "config.toml")
    kept = (MailImage(bytes([number]) * OCTETS, "jpg", 1104, 700) for number in range(IMAGES))
    return [names.PATH + store.keep(configuration, image) for image in kept]


async def client(port: int, paths: list[str], until: float, times: list[float]) -> None:
    """Ask for one path after another over one connection, and read each answer whole."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    while time.monotonic() < until:
        began = time.monotonic()
        writer.write(f"GET {paths[len(times) % len(paths)]} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        assert b" 200 " in head.split(b"\r\n")[0], head
        await reader.readexactly(int(head.partition(b"content-length:")[2].partition(b"\r\n")[0]))
        times.append(time.monotonic() - began)
    writer.close()


async def load(port: int, paths: list[str], seconds: float, connections: int) -> list[float]:
    """Run all clients for some seconds; return the time of each answer."""
    times: list[float] = []
    until = time.monotonic() + seconds
    await asyncio.gather(*(client(port, paths, until, times) for _ in range(connections)))
    return times


def report(what: str, times: list[float], seconds: float, cpu: float, octets: int) -> str:
    """Return a line with the figures."""
    ordered = sorted(times)
    each, high = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
    return (
        f"{what}: {len(times) / seconds:.0f} a second, {len(times) * octets / seconds / 1e6:.0f} MB/s; "
        f"median {each * 1000:.1f} ms, 99 % below {high * 1000:.1f} ms; "
        f"{cpu / len(times) * 1000:.2f} ms of CPU time each, with the program's start\n"
    )


def main() -> None:
    """Start the program for each kind of answer, measure, and stop it."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10
    connections = int(sys.argv[2]) if len(sys.argv) > 2 else 16
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "config.toml").write_text(CONFIG.format(port=port))
        subprocess.run([*NEWSLETTER, "manage", "migrate", "-v0"], cwd=place, check=True)
        for what, paths, octets in (("hosted images", fill(place), OCTETS), ("constant", [CONSTANT], 0)):
            with serving(place, port) as used:
                times = asyncio.run(load(port, paths, seconds, connections))
            sys.stdout.write(report(what, times, seconds, used.seconds, octets))


if __name__ == "__main__":
    main()
