"""Sending with PostgreSQL: one machine, and two that share the database."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE, ROOT, MailServer

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]


@dataclass
class Cluster:
    """Machines that share a database: folders of their own, and so journals of their own."""

    machines: list[Site]
    server: MailServer

    def prepare(self, readers: int) -> None:
        first = self.machines[0]
        environment = {**first.environment, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", PREPARE, str(readers)], cwd=first.folder, env=environment, check=True)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    server = MailServer(0.002)
    server.start()
    with postgresql.running() as database:
        text = CONFIG.format(port=server.port, delivery="")
        text = text.replace("[site]", f'[site]\ndatabase = "{database}"\nsecret_key = "the same key on both machines"')
        machines = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            machines.append(Site(tmp_path / name, text))
        yield Cluster(machines, server)
    server.kill()


def test_an_edition_is_sent_once_to_each(cluster: Cluster) -> None:
    cluster.prepare(700)
    assert cluster.machines[0].json("send", EDITION, "--wait")["accepted"] == 700
    cluster.server.wait_for(700)
    assert set(cluster.server.got.values()) == {1}


def test_two_machines_share_an_edition_and_nobody_gets_it_twice(cluster: Cluster) -> None:
    cluster.prepare(3000)
    both = [machine.start("send", EDITION, "--wait") for machine in cluster.machines]
    assert [process.wait(90) for process in both] == [0, 0]
    for process in both:
        process.communicate()
    cluster.server.wait_for(3000)
    assert set(cluster.server.got.values()) == {1}
    assert len(cluster.server.got) == 3000
