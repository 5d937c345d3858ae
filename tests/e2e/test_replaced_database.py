"""A database file that a copy replaces while an edition is being sent: the remedy in the sentence loses and doubles
nobody.
"""

import shutil
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.running_site import RunningSite
from tests.e2e.sending_samples import EDITION, MailServer, eventually

pytestmark = pytest.mark.e2e
Made = Callable[..., Any]
READERS = 300


@pytest.mark.parametrize("kill", [False, True])
def test_the_remedy_for_a_replaced_database_keeps_what_was_sent(prepared: Made, server: MailServer, kill: bool) -> None:
    server.kill()
    server.seconds = 0.1
    server.start()
    site = prepared(READERS, delivery="connections = 2")
    site.run("backup", "before.zip")
    database, copy = site.folder / "newsletter.db", site.folder / "copy.db"
    running = RunningSite(site)
    try:
        server.wait_for(66)
        shutil.copy(database, copy)
        server.wait_for(120)
        copy.replace(database)
        eventually(lambda: "'newsletter restore FILE --replace'" in running.said())
    finally:
        running.end(kill=kill)
    site.run("restore", "before.zip", "--replace")
    site.run("restore", "--confirm")
    site.run("resume", EDITION)
    site.run("send", EDITION, "--wait", status=None)
    counts = site.json("status", EDITION)
    assert set(server.got.values()) == {1}
    assert (counts["state"], counts["pending"]) == ("sent", 0)
    assert counts["accepted"] + counts["unknown"] == READERS
    assert counts["accepted"] <= len(server.got)
    assert READERS - len(server.got) <= counts["unknown"] <= (2 if kill else 0)
