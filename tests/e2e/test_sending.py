"""Sending end to end: real processes, real sockets, kills; the mail server's own log is the judge."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.sending_samples import EDITION, MailServer, children_of, kill_all

pytestmark = pytest.mark.e2e

Made = Callable[..., Any]


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
    assert "nothing was sent again" in again.stderr
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


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_ctrl_c_or_a_closed_terminal_ends_it_and_the_next_one_goes_on(
    prepared: Made, server: MailServer, number: signal.Signals
) -> None:
    site = prepared(1500)
    process = site.start("send", EDITION, "--wait")
    server.wait_for(100)
    os.killpg(process.pid, number)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "continue with" in said
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
        time.sleep(10)
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


SEND_WHILE_EDITED = """
import threading
from pathlib import Path
from newsletter import config
from newsletter.start import start
file = Path("config.toml").absolute()
found = config.use(config.load(file))
start(found)
from newsletter.sending import sender as sending
from newsletter.models import Edition
file.write_text("[site\\nurl = ", encoding="utf-8")  # as an editor saves it in the midst of a change
(file.parent / ".secret_key").write_text("another key", encoding="utf-8")
edition = Edition.objects.get()
sending.run_sender(found, threading.Event(), lambda problem: bool(problem) or sending.nothing_due(edition))
"""


def test_sending_goes_on_with_the_configuration_that_was_validated(prepared: Made, server: MailServer) -> None:
    """The sending processes used to read the half-edited file, and the edition stood still."""
    site = prepared(20)
    text = (site.folder / "config.toml").read_text(encoding="utf-8")
    key = (site.folder / ".secret_key").read_text(encoding="utf-8")
    words = [sys.executable, "-c", SEND_WHILE_EDITED]
    done = subprocess.run(words, cwd=site.folder, env=site.environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    (site.folder / "config.toml").write_text(text, encoding="utf-8")
    (site.folder / ".secret_key").write_text(key, encoding="utf-8")
    assert site.json("status", EDITION)["accepted"] == 20
    assert set(server.got.values()) == {1}
