"""Sending end to end: real processes, real sockets, kills; the mail server's own log is the judge."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import pytest

pytestmark = pytest.mark.e2e

CONFIG = """
[site]
url = "http://localhost:8000"
[newsletters.kinaforum]
title = "Kinaforum"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
[[newsletters.kinaforum.sources]]
url = "http://127.0.0.1:9/"
[delivery]
retry_delays = ["1s"]
{delivery}
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
"""
PREPARE = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from tests.jobs import outbox_samples as samples
samples.readers(int(sys.argv[1]))
samples.queued()
"""
EDITION = "kinaforum/2026-W06"
ROOT = Path(__file__).parents[2]


class MailServer:
    """Counts who got mail how often; `seconds` before each reply to a final dot."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.got: Counter[str] = Counter()
        self.port = 0
        self._process: subprocess.Popen[str] | None = None

    def start(self) -> None:
        words = [sys.executable, "-m", "tests.doubles.mail_counter", str(self.port), str(self.seconds)]
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, cwd=ROOT, text=True)
        assert self._process.stdout
        self.port = int(self._process.stdout.readline())
        self._reader = threading.Thread(target=self._read, args=(self._process.stdout,))
        self._reader.start()

    def _read(self, lines: IO[str]) -> None:
        with lines:
            for line in lines:
                self.got[line.strip()] += 1

    def kill(self) -> None:
        assert self._process
        self._process.kill()
        self._process.wait()
        self._reader.join()

    def wait_for(self, count: int, seconds: float = 30.0) -> None:
        until = time.monotonic() + seconds
        while self.got.total() < count:
            assert time.monotonic() < until, f"{self.got.total()} of {count} mails came"
            time.sleep(0.02)


@pytest.fixture
def server() -> Iterator[MailServer]:
    found = MailServer(0.002)
    found.start()
    yield found
    found.kill()


Made = Callable[..., Any]


@pytest.fixture
def prepared(site: Made, server: MailServer) -> Made:
    """A site with an edition that is queued to so many readers."""

    def make(readers: int, delivery: str = "") -> Any:
        found = site(CONFIG.format(port=server.port, delivery=delivery))
        words = [sys.executable, "-c", PREPARE, str(readers)]
        environment = {**found.environment, "PYTHONPATH": str(ROOT)}
        subprocess.run(words, cwd=found.folder, env=environment, check=True)
        return found

    return make


def kill_all(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def children_of(process: subprocess.Popen[str]) -> list[int]:
    """The sending processes."""
    return [int(child) for child in Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()]


def test_an_edition_is_sent_once_to_each_and_sending_again_sends_nothing(prepared: Made, server: MailServer) -> None:
    site = prepared(700)
    assert site.json("send", EDITION, "--wait") == {
        "edition": EDITION,
        "state": "sent",
        "audience": 700,
        "pending": 0,
        "accepted": 700,
        "deferred": 0,
        "refused": 0,
        "unknown": 0,
        "skipped": 0,
    }
    again = site.run("send", EDITION, "--wait")
    assert "nothing is sent again" in again.stderr
    server.wait_for(700)
    assert set(server.got.values()) == {1}
    assert [path.name for path in (site.folder / "journal").glob("*.journal")] == []


def test_kills_lose_nobody_and_double_nobody(prepared: Made, server: MailServer) -> None:
    site, kills = prepared(1500), 4
    for number in range(kills):
        process = site.start("send", EDITION, "--wait")
        server.wait_for(200 * (number + 1))
        kill_all(process)
    site.run("send", EDITION, "--wait", status=None)
    counted = site.json("status", EDITION)
    server.wait_for(1500 - counted["unknown"])
    assert counted["state"] == "sent"
    assert set(server.got.values()) == {1}
    assert 1500 - len(server.got) <= counted["unknown"] <= 8 * kills
    assert len(counted["unknown_deliveries"]) == counted["unknown"]


def test_two_senders_at_once_send_one_edition(prepared: Made, server: MailServer) -> None:
    site = prepared(600)
    both = [site.start("send", EDITION, "--wait") for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    for process in both:
        process.communicate()
    server.wait_for(600)
    assert set(server.got.values()) == {1}
    assert len(server.got) == 600


def test_a_watcher_takes_over_when_the_sender_is_killed(prepared: Made, server: MailServer) -> None:
    site = prepared(1200)
    first = site.start("send", EDITION, "--wait")
    server.wait_for(100)
    second = site.start("send", EDITION, "--wait")
    server.wait_for(200)
    kill_all(first)
    said, _ = second.communicate(timeout=60)
    counted = site.json("status", EDITION)
    assert (counted["state"], counted["pending"]) == ("sent", 0), said
    assert set(server.got.values()) == {1}


def test_pause_stops_within_two_seconds_and_resume_goes_on(prepared: Made, server: MailServer) -> None:
    site = prepared(3000, 'rate = "300/s"')
    process = site.start("send", EDITION, "--wait")
    server.wait_for(100)
    site.run("pause", EDITION)
    time.sleep(2)
    stopped_at = server.got.total()
    assert process.wait(10) == 3
    assert "is paused: paused by hand" in process.communicate()[0]
    assert server.got.total() == stopped_at < 3000
    assert site.run("send", EDITION, status=3).stderr.startswith("kinaforum/2026-W06 is paused")
    site.run("resume", EDITION)
    process = site.start("send", EDITION, "--wait")
    server.wait_for(stopped_at + 50)
    site.run("cancel", EDITION)
    assert process.wait(10) == 0
    process.communicate()
    counted = site.json("status", EDITION)
    assert (counted["state"], counted["pending"]) == ("cancelled", 0)
    assert counted["accepted"] == server.got.total()
    assert counted["skipped"] == 3000 - counted["accepted"]
    assert set(server.got.values()) == {1}


def test_ctrl_c_ends_it_and_the_next_one_goes_on(prepared: Made, server: MailServer) -> None:
    site = prepared(1500)
    process = site.start("send", EDITION, "--wait")
    server.wait_for(100)
    os.killpg(process.pid, signal.SIGINT)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "goes on" in said
    assert site.json("status", EDITION)["unknown"] == 0
    site.run("send", EDITION, "--wait")
    assert set(server.got.values()) == {1}
    assert len(server.got) == 1500


def test_a_killed_sending_process_is_replaced(prepared: Made, server: MailServer) -> None:
    site = prepared(2500)
    process = site.start("send", EDITION, "--wait")
    server.wait_for(100)
    os.kill(children_of(process)[0], signal.SIGKILL)
    assert process.wait(60) in (0, 3)
    process.communicate()
    counted = site.json("status", EDITION)
    assert counted["state"] == "sent"
    assert counted["unknown"] <= 8
    assert set(server.got.values()) == {1}
    assert len(server.got) >= 2500 - counted["unknown"]


def test_a_locked_database_is_waited_for(prepared: Made, server: MailServer) -> None:
    site = prepared(1500)
    process = site.start("send", EDITION, "--wait")
    server.wait_for(100)
    with sqlite3.connect(site.folder / "newsletter.db", timeout=30, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        time.sleep(3)
        other.execute("ROLLBACK")
    other.close()
    assert process.wait(60) == 0
    process.communicate()
    assert set(server.got.values()) == {1}
    assert len(server.got) == 1500


def test_an_orphaned_process_ends_when_its_parent_is_gone(prepared: Made, server: MailServer) -> None:
    site = prepared(3000, 'rate = "200/s"')
    process = site.start("send", EDITION, "--wait")
    server.wait_for(50)
    children = children_of(process)
    assert children
    process.kill()
    process.communicate()
    until = time.monotonic() + 15
    while any(Path(f"/proc/{child}/cmdline").exists() for child in children):
        assert time.monotonic() < until
        time.sleep(0.05)
    assert set(server.got.values()) == {1}
