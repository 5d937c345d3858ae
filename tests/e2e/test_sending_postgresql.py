"""Sending with PostgreSQL: one machine, and two that share the database."""

import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter.jobs.outbox import MOST
from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE, ROOT, MailServer, kill_all

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]

RAN_OUT = """
from datetime import timedelta
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from django.db.models import F
from newsletter.models import Chunk
Chunk.objects.filter(closed_at=None).update(leased_until=F("leased_until") - timedelta(hours=1))
"""
"""As if an hour had passed since the leases of all that is in hand were renewed."""

IN_FLIGHT = 8
"""Two mails a connection, of four: as many as a kill may leave unknown."""


@dataclass
class Cluster:
    """Machines that share a database: folders of their own, and so journals of their own."""

    machines: list[Site]
    server: MailServer

    def prepare(self, readers: int) -> None:
        self.run(PREPARE, str(readers))

    def run(self, script: str, *words: str) -> None:
        here = self.machines[-1]
        environment = {**here.environment, "PYTHONPATH": str(ROOT)}
        subprocess.run([sys.executable, "-c", script, *words], cwd=here.folder, env=environment, check=True)

    def lost_only_what_was_in_flight(self, counted: dict[str, Any], readers: int) -> None:
        assert counted["pending"] == 0
        assert counted["unknown"] <= IN_FLIGHT
        assert len(self.server.got) >= readers - counted["unknown"]
        assert set(self.server.got.values()) == {1}


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


def sent(machine: Site, seconds: float = 60) -> dict[str, Any]:
    """How the edition stands once it is sent."""
    until = time.monotonic() + seconds
    while (counted := machine.json("status", EDITION))["state"] != "sent":
        assert time.monotonic() < until, counted
        time.sleep(0.2)
    return dict(counted)


def end(worker: "subprocess.Popen[str]") -> int:
    """Ask a worker to end, and give its exit status."""
    worker.send_signal(signal.SIGTERM)
    worker.communicate(timeout=40)
    return worker.returncode


def test_workers_on_two_machines_share_an_edition(cluster: Cluster) -> None:
    cluster.prepare(1500)
    workers = [machine.start("worker") for machine in cluster.machines]
    counted = sent(cluster.machines[0])
    assert [end(worker) for worker in workers] == [0, 0]
    assert (counted["accepted"], counted["unknown"]) == (1500, 0)
    assert len(cluster.server.got) == 1500
    assert set(cluster.server.got.values()) == {1}


def test_a_second_worker_on_a_machine_takes_over_at_once_when_the_first_is_killed(cluster: Cluster) -> None:
    cluster.prepare(1500)
    here = cluster.machines[0]
    first = here.start("worker")
    cluster.server.wait_for(100)
    second = here.start("worker")
    kill_all(first)
    counted = sent(here)
    assert end(second) == 0
    cluster.lost_only_what_was_in_flight(counted, 1500)


def test_what_a_killed_worker_had_in_hand_waits_for_its_machine_and_goes_to_no_other(cluster: Cluster) -> None:
    cluster.prepare(2500)
    killed, other = (machine.start("worker") for machine in cluster.machines)
    cluster.server.wait_for(400)
    kill_all(killed)
    cluster.server.wait_for(1200)
    again = cluster.machines[0].start("worker")
    counted = sent(cluster.machines[0])
    assert [end(worker) for worker in (other, again)] == [0, 0]
    cluster.lost_only_what_was_in_flight(counted, 2500)


def test_what_a_machine_that_is_gone_had_in_hand_is_unknown_and_another_sends_the_rest(cluster: Cluster) -> None:
    cluster.prepare(2500)
    gone, other = cluster.machines
    worker = gone.start("worker")
    cluster.server.wait_for(700)
    kill_all(worker)
    shutil.rmtree(gone.folder)
    cluster.run(RAN_OUT)
    worker = other.start("worker")
    counted = sent(other)
    assert end(worker) == 0
    got = cluster.server.got
    assert counted["accepted"] + counted["unknown"] == 2500
    assert 0 < counted["unknown"] <= 2 * MOST
    assert set(got.values()) == {1}
    unknown = {found["address"] for found in counted["unknown_deliveries"]}
    assert len(unknown) == counted["unknown"]
    assert len(got.keys() | unknown) == 2500
