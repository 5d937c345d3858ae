"""A year of `newsletter run` without anyone, on each database: the clock is set from one hour that matters to the next.

`make soak` runs it; SOAK_WEEKS sets the number of weeks. Some weeks the program is killed between the draft and the
sending, is down from before the draft until the next day, or its clock is set back.
"""

import json
import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.e2e.faults import eventually
from tests.e2e.wall import Wall

pytestmark = pytest.mark.soak
WEEKS = int(os.environ.get("SOAK_WEEKS", "52"))
KILLED, DOWN, SET_BACK, CYCLE = 2, 4, 6, 8
"""In which weeks of each eight something happens."""
READERS, EDITOR = 5, "editor@desk.example"
HOUR, WEEK = timedelta(hours=1), timedelta(days=7)
CONFIG = """
[site]
url = "http://localhost:8000"
database = "{database}"
[log]
format = "json"
[newsletters.kinaforum]
title = "Kinaforum"
timezone = "UTC"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
editors = ["editor@desk.example"]
approval = "none"
[[newsletters.kinaforum.sources]]
url = "{blog}/"
language = "en"
[collect]
allow_private_addresses = true
[delivery]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
"""


class Year:
    """The program, its clock, and what it logged and sent."""

    def __init__(self, site: Site, wall: Wall, mailbox: Mailbox, blog: BlogServer) -> None:
        self.site, self.wall, self.mailbox, self.blog = site, wall, mailbox, blog
        self.events: list[dict[str, Any]] = []
        self.process: Popen[str]

    def start(self) -> None:
        self.process = self.site.start("run", "--port", "0")
        self._reader = threading.Thread(target=self._read, args=(self.process,))
        self._reader.start()

    def _read(self, process: "Popen[str]") -> None:
        assert process.stdout
        with process.stdout:
            for line in process.stdout:
                if line.startswith("{"):
                    self.events.append(json.loads(line))

    def end(self, how: signal.Signals) -> None:
        os.killpg(self.process.pid, how)
        self.process.wait(120)
        self._reader.join()

    def at(self, moment: datetime) -> None:
        """Set the clock of the program."""
        self.wall.set(f"+{(moment - datetime.now(UTC)).total_seconds():.0f}")

    def seen(self, event: str) -> list[str]:
        """The editions with an event, in their order."""
        return [each.get("edition", "") for each in list(self.events) if each.get("event") == event]

    def resources(self) -> tuple[int, int]:
        """The memory (kB) and the number of descriptors of the program."""
        folder = Path(f"/proc/{self.process.pid}")
        status = (folder / "status").read_text()
        return int(status.partition("VmRSS:")[2].split()[0]), len(list((folder / "fd").iterdir()))

    def mails(self, to: str) -> list[EmailMessage]:
        return [mail for mail in self.mailbox.mails if to in str(mail["To"])]

    def week(self, number: int, friday: datetime) -> bool:
        """Let a week pass; return whether its edition is to be sent without an editor."""
        fault = number % CYCLE
        self.blog.posts.insert(0, Entry(f"week-{number}", friday - 24 * HOUR))
        drafted, sent, told = len(self.seen("drafted")), len(self.seen("sent")), len(self.mails(EDITOR))
        if fault == DOWN:
            self.end(signal.SIGTERM)
            self.at(friday + 36 * HOUR)
            self.start()
            eventually(lambda: len(self.mails(EDITOR)) > told, 120)
            return False
        self.at(friday + 15 * HOUR)
        eventually(lambda: len(self.seen("drafted")) > drafted, 120)
        if fault == KILLED:
            self.end(signal.SIGKILL)
            self.start()
        self.at(friday + 18 * HOUR)
        eventually(lambda: len(self.seen("sent")) > sent, 300)  # a killed program's task is taken over after 45 s
        if fault == SET_BACK:
            self.at(friday + 16 * HOUR)
            self.at(friday + 20 * HOUR)
        return True


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "sqlite":
        yield "sqlite:///newsletter.db"
        return
    with postgresql.running() as address:
        yield address


@pytest.fixture
def year(site: Callable[[str], Site], database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Year]:
    wall = Wall(tmp_path_factory.mktemp("wall"))
    with Mailbox() as mailbox, BlogServer() as blog:
        made = site(CONFIG.format(blog=blog.url, port=mailbox.port, database=database))
        lines = "".join(f"reader{n}@mail.example\n" for n in range(READERS))
        (made.folder / "readers.csv").write_text(f"email\n{lines}", encoding="utf-8")
        made.environment |= wall.environment
        made.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum")
        lived = Year(made, wall, mailbox, blog)
        yield lived
        if lived.process.poll() is None:
            lived.end(signal.SIGKILL)


def test_each_week_s_edition_is_sent_once_or_its_editor_is_told(year: Year) -> None:
    today = datetime.now(UTC).replace(hour=0, minute=0, second=5, microsecond=0)
    first = today + timedelta(days=(4 - today.weekday()) % 7 + 7)
    year.blog.posts.append(Entry("before", first - 48 * HOUR))
    year.at(first + 12 * HOUR)
    year.start()
    eventually(lambda: year.seen("collected"), 120)
    expected, measured = 0, []
    for number in range(WEEKS):
        expected += year.week(number, first + number * WEEK)
        measured.append(year.resources())
    year.end(signal.SIGTERM)
    sent = Counter(year.seen("sent"))
    assert (len(sent), set(sent.values())) == (expected, {1})
    mails = Counter((str(mail["To"]), str(mail["Message-ID"])) for mail in year.mails("reader"))
    assert (len(mails), set(mails.values())) == (expected * READERS, {1})
    early, late = measured[min(CYCLE, len(measured) - 1)], measured[-1]
    assert late[0] < 1.25 * early[0], measured
    assert late[1] <= early[1] + 8, measured
