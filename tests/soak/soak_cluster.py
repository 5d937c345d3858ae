"""Several machines with one PostgreSQL, at default time-outs: `make soak`. Takes most of an hour.

Nobody may get an edition twice, and those who did not get it must be among the unconfirmed deliveries. Each test prints
its figures.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE, ROOT, MailServer, kill_all

SCALE = int(os.environ.get("SCALE", "1"))
"""Divides the numbers of readers, for a quick try."""

BEGUN = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.models import Chunk
open = Chunk.objects.filter(closed_at=None).exclude(begun_at=None)
print(sum((c.last - c.first + 1) if c.first else c.retries.count() for c in open))
"""
PROXY = """
import asyncio, sys
async def pipe(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    writer.close()
async def serve(reader, writer):
    r, w = await asyncio.open_connection("127.0.0.1", int(sys.argv[1]))
    await asyncio.gather(pipe(reader, w), pipe(r, writer))
async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()
asyncio.run(main())
"""


@dataclass
class Cluster:
    """Machines with one database; `proxy` is between the last machine and the database."""

    machines: list[Site]
    server: MailServer
    proxy: "subprocess.Popen[str] | None" = None
    workers: "list[subprocess.Popen[str]]" = field(default_factory=list)

    def run(self, text: str, *words: str) -> str:
        here = self.machines[0]
        environment = {**here.environment, "PYTHONPATH": str(ROOT)}
        command = [sys.executable, "-c", text, *words]
        done = subprocess.run(command, cwd=here.folder, env=environment, check=True, capture_output=True, text=True)
        return done.stdout

    def begin(self, readers: int) -> None:
        self.run(PREPARE, str(readers))
        self.workers = [machine.start("worker") for machine in self.machines]

    def until(self, holds: Callable[[], bool], seconds: float) -> float:
        """Return how long it took until this holds."""
        began = time.monotonic()
        while not holds():
            assert time.monotonic() - began < seconds, self.status()
            time.sleep(1)
        return time.monotonic() - began

    def status(self) -> dict[str, Any]:
        return dict(self.machines[0].json("status", EDITION))

    def sent_once(self, readers: int, what: str) -> None:
        counted = self.status()
        never = readers - len(self.server.got)
        twice = sum(count > 1 for count in self.server.got.values())
        sys.stdout.write(f"\n{what}: {readers} readers, {twice} twice, {never} never, {counted['unknown']} unknown\n")
        assert twice == 0
        assert never <= counted["unknown"]
        assert (counted["state"], counted["pending"]) == ("sent", 0)

    def end(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
                worker.communicate(timeout=90)


@contextmanager
def cluster(
    folder: Path, machines: int, *, proxied: bool = False, delivery: str = "connections = 20"
) -> Iterator[Cluster]:
    server = MailServer(0.01)
    server.start()
    proxy = None
    with postgresql.running() as database:
        made = []
        for number in range(machines):
            address = database
            if proxied and number == machines - 1:
                port = urlsplit(database).port
                proxy = subprocess.Popen([sys.executable, "-c", PROXY, str(port)], stdout=subprocess.PIPE, text=True)
                assert proxy.stdout
                address = database.replace(f":{port}/", f":{proxy.stdout.readline().strip()}/")
            text = CONFIG.format(port=server.port, delivery=delivery)
            text = text.replace("[site]", f'[site]\ndatabase = "{address}"\nsecret_key = "the same key everywhere"')
            (folder / str(number)).mkdir()
            made.append(Site(folder / str(number), text))
        found = Cluster(made, server, proxy)
        yield found
        found.end()
        for machine in made:
            machine.kill()
        if proxy:
            proxy.kill()
            proxy.communicate()
    server.kill()


def test_a_machine_that_is_lost_for_good(tmp_path: Path) -> None:
    """What it had not begun moves within three minutes; what it had begun is unknown after the final dot's deadline."""
    readers = 20_000 // SCALE
    with cluster(tmp_path, 3) as here:
        here.begin(readers)
        here.server.wait_for(readers // 4, 600)
        kill_all(here.workers[2])
        lost = time.monotonic()
        here.until(lambda: len(here.server.got) + int(here.run(BEGUN)) >= readers, 900)
        moved = time.monotonic() - lost
        here.until(lambda: here.status()["state"] == "sent", 1200)
        settled = time.monotonic() - lost
        here.sent_once(readers, f"lost for good: the rest sent after {moved:.0f} s, unknown after {settled:.0f} s")
        assert here.status()["unknown"] <= 1000
        assert 13 * 60 < settled < 16 * 60


@pytest.mark.parametrize("seconds", [132])
def test_a_database_proxy_that_is_frozen(tmp_path: Path, seconds: float) -> None:
    readers = 40_000 // SCALE
    with cluster(tmp_path, 3, proxied=True) as here:
        here.begin(readers)
        here.server.wait_for(readers // 8, 600)
        assert here.proxy
        os.kill(here.proxy.pid, signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(here.proxy.pid, signal.SIGCONT)
        took = here.until(lambda: here.status()["state"] == "sent", 1800)
        here.sent_once(readers, f"a proxy frozen for {seconds:.0f} s: sent {took:.0f} s later")


def test_four_machines_and_200_000_subscribers(tmp_path: Path) -> None:
    readers = 200_000 // SCALE
    with cluster(tmp_path, 4, delivery="connections = 40") as here:
        here.begin(readers)
        took = here.until(lambda: here.status()["state"] == "sent", 3600)
        here.sent_once(readers, f"four machines: sent in {took:.0f} s")
        assert here.status()["unknown"] == 0
