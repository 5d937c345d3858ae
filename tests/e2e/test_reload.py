"""config.toml is changed by hand and by form, and broken, while an edition is sent."""

import html
import signal
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest

from tests.e2e.faults import eventually
from tests.e2e.running_site import RunningSite
from tests.e2e.sending_samples import EDITION, MailServer

pytestmark = pytest.mark.e2e

Made = Callable[..., Any]
READERS = 3000
DELIVERY = "/desk/settings/site/delivery/"


@pytest.fixture
def running(prepared: Made) -> Iterator[RunningSite]:
    site = RunningSite(prepared(READERS, 'connections = 2\nrate = "250/s"'), with_admin=True)
    yield site
    site.end()


def test_changes_while_sending_lose_nobody_and_double_nobody(running: RunningSite, server: MailServer) -> None:
    server.wait_for(100)
    _by_hand(running, 3)
    _by_form(running, 4)
    _by_hand(running, 1)
    _by_form(running, 2)
    running.change('title = "Kinaforum"', "title = 3")
    eventually(lambda: "newsletters.kinaforum.title: 3" in running.readyz())
    assert "newsletters.kinaforum.title: 3" in html.unescape(running.admin.page("/desk/"))
    assert "config.toml has an error; correct it first" in running.admin.post(DELIVERY, {"connections": "2"})
    running.change("title = 3", 'title = "Kinaforum"')
    eventually(lambda: running.readyz().startswith("ready"))
    server.wait_for(READERS, 120)
    eventually(partial(_sent, running))
    assert set(server.got.values()) == {1}
    status = running.site.json("status", EDITION)
    assert (status["accepted"], status["unknown"]) == (READERS, 0)


def _by_hand(running: RunningSite, connections: int) -> None:
    before = running.changes()
    running.change(r"connections = \d", f"connections = {connections}")
    running.process.send_signal(signal.SIGHUP)
    eventually(lambda: running.changes() > before)


def _by_form(running: RunningSite, connections: int) -> None:
    before = running.changes()
    assert "Saved." in running.admin.post(DELIVERY, {"connections": str(connections)})
    eventually(lambda: running.changes() > before)


def _sent(running: RunningSite) -> bool:
    return bool(running.site.json("status", EDITION)["state"] == "sent")
