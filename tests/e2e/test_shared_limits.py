"""Three machines on one PostgreSQL keep the configured limits together, while machines come and go."""

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE, SHARES, MailServer, eventually, run

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[Callable[[str, float], list[Site]], list[MailServer]]]:
    servers: list[MailServer] = []
    made: list[Site] = []
    with postgresql.running(with_tables=True) as database:

        def machines(delivery: str, seconds: float) -> list[Site]:
            server = MailServer(seconds)
            server.start()
            servers.append(server)
            text = CONFIG.format(port=server.port, delivery=delivery)
            text = text.replace("[site]", f'[site]\ndatabase = "{database}"\nsecret_key = "the same key everywhere"')
            for name in ("one", "two", "three"):
                (tmp_path / name).mkdir()
                made.append(Site(tmp_path / name, text))
            return made

        yield machines, servers
        for machine in made:
            machine.kill()
    for server in servers:
        server.kill()


def end(worker: "subprocess.Popen[str]") -> None:
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=60)


def test_connections_are_never_more_than_configured_while_machines_come_and_go(
    cluster: tuple[Callable[[str, float], list[Site]], list[MailServer]],
) -> None:
    """Each of them used to open as many."""
    make, servers = cluster
    one, two, three = make("connections = 5\ndomains = {}", 0.05)
    server, readers = servers[0], 2000
    run(one, PREPARE, str(readers))
    workers = [one.start("worker")]
    server.wait_for(200, 60)
    workers.append(two.start("worker"))
    eventually(lambda: run(one, SHARES) == "[(0, 2), (1, 2)]")
    workers.append(three.start("worker"))
    eventually(lambda: run(one, SHARES) == "[(0, 3), (1, 3), (2, 3)]")
    end(workers.pop(0))
    eventually(lambda: run(one, SHARES) == "[(0, 2), (1, 2)]")
    server.wait_for(readers, 300)
    eventually(lambda: one.json("status", EDITION)["state"] == "sent")
    for worker in workers:
        end(worker)
    counted = one.json("status", EDITION)
    assert (counted["accepted"], counted["unknown"]) == (readers, 0)
    assert set(server.got.values()) == {1}
    assert server.most_connections <= 5


def test_a_rate_and_a_domain_with_fewer_connections_than_machines_are_kept(
    cluster: tuple[Callable[[str, float], list[Site]], list[MailServer]],
) -> None:
    """One connection to the domain is one machine's; the others hand its readers over."""
    make, servers = cluster
    one, two, three = make('connections = 6\nrate = "60/s"\ndomains = {"reader.example" = {connections = 1}}', 0.0)
    server, readers = servers[0], 600
    assert run(one, SHARES) == "[]"  # this also creates the tables, which 'worker' doesn't
    workers = [machine.start("worker") for machine in (one, two, three)]
    eventually(lambda: run(one, SHARES) == "[(0, 3), (1, 3), (2, 3)]")
    run(one, PREPARE, str(readers))
    server.wait_for(1, 60)
    began = time.monotonic()
    server.wait_for(readers, 300)
    seconds = time.monotonic() - began
    eventually(lambda: one.json("status", EDITION)["state"] == "sent")
    for worker in workers:
        end(worker)
    counted = one.json("status", EDITION)
    assert (counted["accepted"], counted["unknown"], counted["deferred"]) == (readers, 0, 0)
    assert set(server.got.values()) == {1}
    assert readers / seconds <= 60 * 1.05
