"""What breaks in mid-edition: the mail server, the power, the disk. None lost, none twice, the unknown ones named."""

import json
import resource
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from newsletter.delivery import journal as journal_room
from newsletter.delivery.journal import MAGIC, journals
from tests.conftest import Site
from tests.e2e.sending_samples import EDITION, MailServer, children_of, kill_all

pytestmark = pytest.mark.e2e

Made = Callable[..., Any]
CONNECTIONS, TWO_CHUNKS = 4, 1000


def held(site: Site, server: MailServer, readers: int, unknown_at_most: int) -> None:
    """Nobody is lost, nobody has it twice, and whoever is unknown is named."""
    counted = site.json("status", EDITION)
    server.wait_for(readers - counted["unknown"])
    assert (counted["state"], counted["pending"], counted["deferred"]) == ("sent", 0, 0)
    assert set(server.got.values()) == {1}
    assert counted["unknown"] <= unknown_at_most
    named = {one["address"] for one in counted["unknown_deliveries"]}
    assert len(named) == counted["unknown"]
    everybody = {f"r{number}@reader.example" for number in range(1, readers + 1)}
    assert everybody - set(server.got) <= named


def test_a_mail_server_that_is_killed_and_comes_back_loses_and_doubles_nobody(
    prepared: Made, server: MailServer
) -> None:
    site = prepared(1000)
    process = site.start("send", EDITION, "--wait")
    for taken in (200, 500):
        server.wait_for(taken)
        server.kill()
        server.start()
    assert process.wait(60) in (0, 3)
    process.communicate()
    held(site, server, 1000, unknown_at_most=2 * CONNECTIONS)


def cut_back(folder: Path, *, to: str) -> None:
    """What the disk has after a power cut: of journals the head at most, and another start of the machine."""
    for path in journals(folder / "journal"):
        if to == "nothing":
            path.unlink()
            continue
        first = next(journal_room._records(path.read_bytes()))
        head = json.loads(first)
        head[1] = "another start"
        path.write_bytes(MAGIC + journal_room._frame(json.dumps(head).encode()))


@pytest.mark.parametrize(("to", "log"), [("head", "kept"), ("nothing", "lost")])
def test_a_power_cut_doubles_nobody(to: str, log: str, prepared: Made, server: MailServer) -> None:
    """Even where SQLite's log is lost, though each of its commits was on the disk."""
    site, cuts = prepared(2500), (100, 700)
    for taken in cuts:
        process = site.start("send", EDITION, "--wait")
        server.wait_for(taken)
        kill_all(process)
        cut_back(site.folder, to=to)
        if log == "lost":
            for path in site.folder.glob("newsletter.db-*"):
                path.unlink()
    site.run("send", EDITION, "--wait", status=3)
    held(site, server, 2500, unknown_at_most=len(cuts) * TWO_CHUNKS)


def limit_files(process: "subprocess.Popen[str]", octets: int) -> None:
    """No file of the sender or its sending processes grows beyond this, as on a full disk."""
    for pid in (process.pid, *children_of(process)):
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (octets, most))


def test_a_database_that_cannot_grow_is_waited_for(prepared: Made, server: MailServer) -> None:
    site = prepared(1500)
    process = site.start("send", EDITION, "--wait")
    server.wait_for(100)
    limit_files(process, 100_000)  # more than the journal needs, less than the database has
    assert process.stdout
    assert any("disk I/O error" in line and "trying again" in line for line in process.stdout)
    assert server.got.total() < 1500
    limit_files(process, resource.RLIM_INFINITY)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 0, said
    held(site, server, 1500, unknown_at_most=0)
