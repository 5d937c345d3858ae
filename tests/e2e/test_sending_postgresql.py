"""Sending with PostgreSQL: one machine, and two that share the database."""

import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from newsletter.sending.outbox import MAX_CHUNK_SIZE
from tests.conftest import Site
from tests.doubles import postgresql
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE, SHARES, MailServer, eventually, kill_all, run

pytestmark = [pytest.mark.e2e, pytest.mark.postgresql]

RAN_OUT = """
from datetime import timedelta
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from django.db.models import F
from newsletter.models import Chunk, Machine
Chunk.objects.filter(closed_at=None).update(leased_until=F("leased_until") - timedelta(hours=1))
Machine.objects.update(seen_at=F("seen_at") - timedelta(hours=1))
"""
"""As if an hour had passed since the machines were seen and the leases of all open chunks were renewed."""

BEGIN = """
from pathlib import Path
from django.db import connection
from newsletter import config
from newsletter.start import start
configuration = config.use(config.load(Path("config.toml").absolute()))
start(configuration)
from django.utils import timezone
from newsletter.sending import lifecycle
lifecycle.begin_due(configuration, timezone.now())
connection.cursor().execute("ANALYZE")
"""
"""Begin to send, and let PostgreSQL gather its statistics, as autovacuum does within a minute."""

ROWS_READ_IN_WHOLE = """
from pathlib import Path
from django.db import connection
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
with connection.cursor() as cursor:
    cursor.execute("SELECT seq_tup_read FROM pg_stat_user_tables WHERE relname = 'subscribers_subscription'")
    print(cursor.fetchone()[0])
"""
"""How many subscriptions were read by reading the whole table."""

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
        run(self.machines[-1], script, *words)

    def lost_only_what_was_in_flight(self, counted: dict[str, Any], readers: int) -> None:
        assert counted["pending"] == 0
        assert counted["unknown"] <= IN_FLIGHT
        assert len(self.server.got) >= readers - counted["unknown"]
        assert set(self.server.got.values()) == {1}


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    server = MailServer(0.002)
    server.start()
    with postgresql.running(with_tables=True) as database:
        text = CONFIG.format(port=server.port, delivery="")
        text = text.replace("[site]", f'[site]\ndatabase = "{database}"\nsecret_key = "the same key on both machines"')
        machines = []
        for name in ("one", "two"):
            (tmp_path / name).mkdir()
            machines.append(Site(tmp_path / name, text))
        yield Cluster(machines, server)
        for machine in machines:
            machine.kill()
    server.kill()


def test_an_edition_is_sent_once_to_each(cluster: Cluster) -> None:
    cluster.prepare(700)
    assert cluster.machines[0].json("send", EDITION, "--wait")["accepted"] == 700
    cluster.server.wait_for(700)
    assert set(cluster.server.got.values()) == {1}


def test_a_chunk_does_not_read_all_subscriptions(cluster: Cluster) -> None:
    cluster.prepare(2_000)
    here = cluster.machines[0]
    run(here, BEGIN)
    before = int(run(here, ROWS_READ_IN_WHOLE))
    assert here.json("send", EDITION, "--wait")["accepted"] == 2_000
    assert int(run(here, ROWS_READ_IN_WHOLE)) - before < 2 * 2_000


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


def test_chunks_of_a_killed_worker_wait_for_its_machine(cluster: Cluster) -> None:
    """The other machine already has its share; without one, it would wait until the lost machine's lease has ended."""
    here = cluster.machines[0]
    assert run(here, SHARES) == "[]"  # this also creates the tables, which 'worker' doesn't
    killed, other = (machine.start("worker") for machine in cluster.machines)
    eventually(lambda: run(here, SHARES) == "[(0, 2), (1, 2)]")
    cluster.prepare(2500)
    cluster.server.wait_for(400)
    kill_all(killed)
    cluster.server.wait_for(1200)
    again = here.start("worker")
    counted = sent(here)
    assert [end(worker) for worker in (other, again)] == [0, 0]
    cluster.lost_only_what_was_in_flight(counted, 2500)


def test_a_copy_of_a_machine_s_folder_is_refused_and_makes_nothing_unknown(cluster: Cluster) -> None:
    """It used to take all of the original's chunks for abandoned: thousands were unknown, without a word."""
    cluster.prepare(2500)
    original = cluster.machines[0]
    worker = original.start("worker")
    cluster.server.wait_for(200)
    folder = original.folder.with_name("copy")
    shutil.copytree(original.folder, folder, ignore=shutil.ignore_patterns("*.journal", "*.new"))
    copy = Site(folder, (folder / "config.toml").read_text(encoding="utf-8"))
    cluster.machines.append(copy)
    second = copy.start("worker")
    assert second.stdout is not None
    while "is a copy" not in (line := second.stdout.readline()):
        assert line, "it ended without a word"
    assert f"{original.folder}/journal has the same machine identity and is sending with the same database" in line
    counted = sent(original)
    assert [end(process) for process in (worker, second)] == [0, 0]
    assert (counted["accepted"], counted["unknown"]) == (2500, 0)
    assert set(cluster.server.got.values()) == {1}


def test_chunks_of_a_lost_machine_are_unknown_and_another_machine_sends_the_rest(cluster: Cluster) -> None:
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
    assert 0 < counted["unknown"] <= 2 * MAX_CHUNK_SIZE
    assert set(got.values()) == {1}
    unknown = {found["address"] for found in counted["unknown_deliveries"]}
    assert len(unknown) == counted["unknown"]
    assert len(got.keys() | unknown) == 2500
