"""Unsubscribing works while the database is locked or its disk is full, and holds from then on."""

import os
import re
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest
import requests

from tests.conftest import Site
from tests.doubles.mailbox import Mailbox
from tests.e2e.sending_samples import CONFIG, EDITION, PREPARE
from tests.e2e.test_run import wait_for

pytestmark = pytest.mark.e2e
READERS = 20
AS_ROOT = [] if os.geteuid() == 0 else ["sudo", "--non-interactive"]
"""How a small disk is mounted."""
LINK = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers import tokens
from subscribers.models import Subscription
print("/u/" + tokens.link_token(Subscription.objects.get(subscriber__address=sys.argv[1]).pk))
"""
STATE = (
    "SELECT s.state FROM subscribers_subscription s JOIN subscribers_subscriber p ON p.id = s.subscriber_id"
    " WHERE p.address = ?"
)


def state(database: Path, address: str) -> str:
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=30)) as opened:
        return str(opened.execute(STATE, [address]).fetchone()[0])


@contextmanager
def running(site: Site, *options: str) -> Iterator[str]:
    """Run the program, and kill it at the end; yield its address."""
    process = site.start("run", "--port", "0", *options)
    try:
        assert process.stdout is not None
        yield re.findall(r"http://[\d.]+:\d+", process.stdout.readline())[0]
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def unsubscribe(address: str) -> int:
    """Send a one-click request; return the status."""
    return requests.post(address, {"List-Unsubscribe": "One-Click"}, timeout=20).status_code


def test_what_was_accepted_while_the_database_was_locked_survives_a_kill_and_holds(
    site: Callable[[str], Site],
) -> None:
    with Mailbox() as mailbox:
        here = site(CONFIG.format(port=mailbox.port, delivery=""))
        here.script(PREPARE, READERS)
        link, form = (here.script(LINK, f"r{number}@reader.example").stdout.strip() for number in (3, 4))
        database = here.folder / "newsletter.db"
        with closing(sqlite3.connect(database, isolation_level=None)) as other, running(here, "--no-send") as address:
            other.execute("BEGIN IMMEDIATE")
            assert unsubscribe(address + link) == 200
            page = requests.post(address + form, timeout=20)
            assert (page.status_code, "Du er meldt av" in page.text) == (200, True)
            wait_for(lambda: "unsubscriptions wait in" in requests.get(f"{address}/readyz", timeout=10).text, 60)
            assert "unsubscriptions wait in" in here.run("status").stderr
        assert state(database, "r3@reader.example") == "active"
        with running(here, "--no-schedule"):
            wait_for(lambda: here.json("status", EDITION)["state"] == "sent", 60)
        expected = sorted(f"r{number}@reader.example" for number in range(1, READERS + 1) if number not in (3, 4))
        assert mailbox.recipients == expected
        assert [state(database, f"r{number}@reader.example") for number in (3, 4)] == ["unsubscribed"] * 2


def test_unsubscribing_works_while_the_disk_is_full(site: Callable[[str], Site], tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run([*AS_ROOT, "mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", disk], check=True)
    try:
        text = CONFIG.format(port=9, delivery="")
        here = site(text.replace("[site]", f'[site]\ndatabase = "sqlite:///{disk}/newsletter.db"', 1))
        here.script(PREPARE, READERS)
        links = [here.script(LINK, f"r{number}@reader.example").stdout.strip() for number in (3, 4)]
        with running(here, "--no-send", "--no-schedule") as address:
            wait_for((disk / "waiting-unsubscriptions").exists, 60)
            with closing(sqlite3.connect(disk / "newsletter.db")) as opened:
                opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            with (disk / "filling").open("wb", buffering=0) as filling, suppress(OSError):
                while filling.write(bytes(4096)):
                    pass
            assert [unsubscribe(address + link) for link in links] == [200, 200]
            assert (disk / "waiting-unsubscriptions").read_bytes()[:64].count(0) < 32
            (disk / "filling").unlink()
            wait_for(lambda: state(disk / "newsletter.db", "r4@reader.example") == "unsubscribed", 60)
            assert state(disk / "newsletter.db", "r3@reader.example") == "unsubscribed"
    finally:
        subprocess.run([*AS_ROOT, "umount", "-l", disk], check=True)
