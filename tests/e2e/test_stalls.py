"""Promise 12 by real processes, with short periods; `tests/soak/faults_told.py` has the default ones, and more."""

import os
import signal
from collections import Counter, deque
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import requests

from tests.conftest import Site
from tests.doubles import moody
from tests.doubles.mailbox import Mailbox
from tests.doubles.smtpd import SILENT, Action
from tests.e2e import faults
from tests.e2e.faults import EDITOR, READERS, Alerts, Running, eventually
from tests.e2e.sending_samples import EDITION, PREPARE, children_of

pytestmark = pytest.mark.e2e

Start = Callable[[int], Running]


class Always(deque[Action]):
    """A script of one action that is never used up."""

    def popleft(self) -> Action:
        return self[0]


@pytest.fixture
def start(site: Callable[[str], Site]) -> Iterator[Start]:
    """Starts `run` with an edition that is sent to this port at three emails a second."""
    started: list[Running] = []
    with Alerts() as alerts:

        def run(port: int) -> Running:
            far = f"{datetime.now(UTC) + timedelta(days=3):%a}".lower()
            text = faults.CONFIG.format(database="sqlite:///newsletter.db", alerts=alerts.port, port=port, far=far)
            made = site(text.replace("[delivery]", '[delivery]\nrate = "3/s"'))
            started.append(Running(made, alerts, periods=", quiet=4.0, silent=8.0"))
            return started[-1]

        yield run
        for running in started:
            running.end()


def test_a_server_that_says_nothing_is_told_everywhere(start: Start) -> None:
    with moody.running(script={"GREETING": Always([SILENT])}) as server:
        running = start(server.port)
        running.python(PREPARE, READERS)
        eventually(lambda: f"progress: {EDITION} has stalled" in running.readyz())
        eventually(lambda: any(alert["kind"] == "stalled" for alert in running.alerts.got))
        assert running.has_logged(f"{EDITION} has stalled")
        metrics = requests.get(f"{running.base}/metrics", timeout=20).text
        assert 'newsletter_stalled{newsletter="kinaforum"} 1.0' in metrics
        assert 'newsletter_queue_age_seconds{newsletter="kinaforum"}' in metrics
        home = requests.get(f"{running.base}/desk/", cookies={"sessionid": running.session}, timeout=20).text
        assert "has stalled: since" in home


def test_a_sending_process_that_is_stopped_is_replaced_and_told_and_nobody_gets_it_twice(start: Start) -> None:
    with Mailbox() as mailbox:
        running = start(mailbox.port)
        running.python(PREPARE, READERS)
        eventually(lambda: len(mailbox.recipients) >= 2)
        stopped = children_of(running.process)
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        eventually(lambda: "a sending process gave no sign of life" in running.readyz())
        eventually(lambda: any("no sign of life" in str(alert["text"]) for alert in running.alerts.got))
        assert not any(Path(f"/proc/{pid}").exists() for pid in stopped)
        eventually(lambda: running.site.json("status", EDITION)["state"] == "sent", 60)
        counted = running.site.json("status", EDITION)
        got = Counter(address for address in mailbox.recipients if address != EDITOR)
        assert set(got.values()) == {1}
        assert counted["accepted"] + counted["unknown"] == READERS
        assert len(got) >= counted["accepted"]
