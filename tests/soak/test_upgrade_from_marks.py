"""An upgrade from the last version with marks, in the middle of an edition, judged by the emails; then a restore.

The older version runs a newsletter whose period changes, with readers of two cadences and topics. It is killed while it
sends an edition, with another one approved, some readers deferred, and others not sent to yet. This version goes on.
Then a backup is restored that was made in the middle of an edition, by one of both versions.

MARKS names the commit of the older version, which is taken from this repository.
"""

import os
import re
import signal
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from newsletter.models import State
from tests.doubles import postgresql
from tests.doubles.fork_server import ForkServer
from tests.e2e.sending_samples import ROOT
from tests.e2e.test_restore_postgresql import FORGET
from tests.oracle.acts import Email, Lost
from tests.oracle.blog import Settings
from tests.oracle.clauses import TOPICS
from tests.oracle.histories import DAILY_OR_WEEKLY, DAY, finish
from tests.oracle.judge import judge
from tests.oracle.processes import ProcessSite
from tests.oracle.program import ClockSite, eventually
from tests.oracle.site import SPLIT
from tests.oracle.test_processes import next_monday
from tests.soak.test_upgrade import Older

pytestmark = pytest.mark.soak
MARKS = os.environ.get("MARKS", "a6e0b70")
EACH = 3
"""Readers in each group, of whom the first is deferred at first."""
MINUTES = timedelta(minutes=3)
"""After these, who was deferred is tried again."""


class UpgradedSite(ClockSite):
    """A site that an older version runs until it is upgraded."""

    is_older = True

    def give_tables(self, command: list[str]) -> None:
        """Let the older version make its tables itself."""
        if not self.is_older:
            super().give_tables(command)

    def fork_server(self, command: list[str], environment: dict[str, str]) -> ForkServer | None:
        """Return the process whose forks run this version; the older one has none."""
        return None if self.is_older else super().fork_server(command, environment)


class UpgradedNewsletter(ProcessSite):
    """A newsletter that an older version runs until it is upgraded, and that may be restored from a backup."""

    def __init__(self, older: Older, start: datetime, settings: Settings, folder: Path, database: str) -> None:
        super().__init__(start, settings, folder, database)
        self._older = older
        self.upgraded_at = 0
        """The number of acts before the upgrade."""

    def _make_site(self, folder: Path) -> ClockSite:
        folder.mkdir()
        site = UpgradedSite(folder, self._text())
        site.environment["PYTHONPATH"] = str(self._older.installed)
        return site

    def _text(self) -> str:
        return super()._text().replace('retry_delays = ["1s"]', 'retry_delays = ["20s"]')

    def join_all(self, group: str, cadence: str = "", *topics: str) -> None:
        for name in members(group):
            self.join(name, cadence, topics)

    def begin(self, name: str) -> None:
        """Send an edition, of which some emails come, while the first reader of each group is deferred."""
        deferred: set[str] = set()

        def mood(phase: str, recipient: str) -> str | None:
            if phase == "RCPT" and recipient.partition("@")[0].endswith("1"):
                deferred.add(recipient)
                return "451 4.2.1 busy"
            return None

        self.mailbox.server.mood = mood
        taken = len(self.mailbox.server.taken)
        self.send(name, chunks=SPLIT)
        eventually(lambda: len(deferred) >= 3 and len(self.mailbox.server.taken) >= taken + 5)
        assert self.editions(State.SENDING) == [name]

    def upgrade(self) -> None:
        """Kill the older version, and start this one on what it left."""
        assert self._running
        assert isinstance(self.site, UpgradedSite)
        self._note()
        self._kill()
        self.upgraded_at = len(self.log)
        self.site.is_older = False
        self.site.environment["PYTHONPATH"] = str(ROOT)
        self.site.run("status", seconds=300)
        self._running.restart()

    def _kill(self) -> None:
        assert self._running
        os.killpg(self._running.process.pid, signal.SIGKILL)
        self._running.process.wait()
        self._receive()

    def go_on(self) -> None:
        """Let what was being sent be sent to the end; what is unconfirmed stays so."""
        self.mailbox.server.mood = None
        self._move(self.now + MINUTES)
        # PostgreSQL's clock, which decides when an email is tried again, is not moved.
        eventually(lambda: not any(self.site.json("status", name)["deferred"] for name in self._sent()), 300)
        self.deliver()
        for name in self.editions(State.SENT, State.PAUSED, State.SENDING):
            for reader in self._lost(name):
                self.log.append(Lost(self.now, name, reader))
                self.site.run("settle", name, "leave", status=None)
        self.look()

    def _sent(self) -> list[str]:
        """Return the editions of which some emails may be deferred."""
        return self.editions(State.SENDING, State.SENT)

    def restore(self, backup: str) -> None:
        """Lose the database, restore a backup, and let everything that waits go on."""
        assert self._running
        self._note()
        self._kill()
        if self._database:  # whose machines count as running for two minutes
            with psycopg.connect(self._database, autocommit=True) as connection:
                connection.execute(FORGET)
        self.site.run("restore", backup, "--replace")
        self._running.restart()
        for name in self.editions(State.PAUSED):
            self.site.run("resume", name)
        self.site.run("restore", "--confirm")
        for name in self.editions(State.APPROVED):
            self.send(name)
        self.go_on()


def members(group: str) -> list[str]:
    return [f"{group}{number}" for number in range(1, EACH + 1)]


def before(site: UpgradedNewsletter) -> str:
    """What happens while the older version runs; it returns the edition in the middle of which it is killed."""
    site.publish(site.now - 10 * DAY)
    site.collect()
    for group in ("always", "weekly", "slower", "faster", "paused", "left"):
        site.join_all(group)
    site.join_all("film", "", "film")
    site.publish(None, "film")
    site.wait(5 * DAY)
    site.configure(replace(DAILY_OR_WEEKLY, topics=TOPICS))
    for group in ("weekly", "faster"):
        for reader in members(group):
            site.choose_cadence(reader, "week")
    for reader in members("paused"):
        site.pause(reader)
    for reader in members("left"):
        site.leave(reader)
    site.join_all("weeklater", "week")
    for category in ("film", "books"):
        site.publish(None, category)
        site.wait(DAY)
    for reader in members("slower"):
        site.choose_cadence(reader, "week")
    for reader in members("faster"):
        site.choose_cadence(reader, "day")
    site.join_all("daylater", "day")
    site.publish()
    site.publish(site.now + 2 * DAY)
    site.collect()
    assert site.approve(site.draft("week"))
    site.publish()
    left_out = site.publish()
    site.collect()
    daily = site.draft("day", "now")
    site.leave_out(daily, left_out)
    assert site.approve(daily)
    return daily


def after(site: UpgradedNewsletter) -> None:
    """What happens once this version runs."""
    site.publish()
    site.wait(DAY)
    for reader in members("paused"):
        site.resume(reader)
    site.publish(None, "film")
    site.wait(5 * DAY)
    site.configure(replace(site.settings, period="week", cadences=("week", "day")))
    site.publish()
    site.wait(DAY)


def begin_another(site: UpgradedNewsletter) -> None:
    """Begin to send the edition of the next day."""
    site.publish()
    site.wait(DAY)
    site.publish(None, "film")
    site.collect()
    name = site.draft("day", "now")
    assert site.approve(name)
    site.begin(name)


def since_the_backup(site: UpgradedNewsletter) -> None:
    """What happens after the backup that is restored: editions of both cadences, choices and another period."""
    site.publish()
    site.wait(DAY)
    for reader in members("slower"):
        site.choose_cadence(reader, "day")
    for reader in members("paused"):
        site.resume(reader)
    for reader in members("film"):
        site.leave(reader)
    site.publish(None, "books")
    site.wait(4 * DAY)
    site.configure(replace(site.settings, period="week", cadences=("week", "day")))
    site.publish()
    site.wait(DAY)
    site.publish(site.now + DAY)
    site.collect()


def table(site: UpgradedNewsletter) -> str:
    """Return how many readers of each group got each post before the upgrade, and after it."""
    posts = list(site.blog.posts)
    got: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    for place, act in enumerate(site.log):
        if isinstance(act, Email):
            for post in act.posts:
                got[re.sub(r"\d+$", "", act.reader), post][place >= site.upgraded_at] += 1
    groups = dict.fromkeys(re.sub(r"\d+$", "", reader) for reader in site.readers)
    lines = ["| readers | " + " | ".join(post.removeprefix("post-").removesuffix("-x") for post in posts) + " |"]
    lines.append("| --- " * (len(posts) + 1) + "|")
    for group in groups:
        cells = ("+".join(map(str, got[group, post])) if (group, post) in got else "" for post in posts)
        lines.append(f"| {group} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Older:
    return Older(tmp_path_factory.mktemp("older"), MARKS)


@pytest.fixture(params=["sqlite", "postgresql"])
def site(older: Older, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[UpgradedNewsletter]:
    """Return a newsletter that the older version runs, on each database."""
    with postgresql.running() if request.param == "postgresql" else nullcontext("") as address:
        yield UpgradedNewsletter(older, next_monday(), Settings(topics=TOPICS), tmp_path, address)


@pytest.fixture
def printed(
    site: UpgradedNewsletter, request: pytest.FixtureRequest, capsys: pytest.CaptureFixture[str]
) -> Iterator[None]:
    """Print how many readers of each group got each post before the upgrade and after it, also if the test fails."""
    yield
    with capsys.disabled():
        sys.stdout.write(f"\n{request.node.name}\n{table(site)}\n")


def check(site: UpgradedNewsletter) -> None:
    judgement = judge(site.log)
    assert not judgement.violations, "\n".join(map(str, judgement.violations))
    assert judgement.share < 0.05, judgement


@pytest.mark.usefixtures("printed")
def test_an_upgrade_in_the_middle_of_an_edition(site: UpgradedNewsletter) -> None:
    with site.open():
        site.begin(before(site))
        site.upgrade()
        site.go_on()
        for reader in members("left"):
            site.join(reader)
        site.join_all("newcomer")
        after(site)
        finish(site)
    check(site)


@pytest.mark.usefixtures("printed")
def test_a_backup_by_the_older_version(site: UpgradedNewsletter) -> None:
    with site.open():
        site.begin(before(site))
        site.site.run("backup", "middle.zip")
        site.upgrade()
        site.go_on()
        since_the_backup(site)
        site.restore("middle.zip")
        finish(site)
    check(site)


@pytest.mark.usefixtures("printed")
def test_a_backup_by_this_version(site: UpgradedNewsletter) -> None:
    with site.open():
        site.begin(before(site))
        site.upgrade()
        site.go_on()
        begin_another(site)
        site.site.run("backup", "middle.zip")
        site.go_on()
        since_the_backup(site)
        site.restore("middle.zip")
        finish(site)
    check(site)
