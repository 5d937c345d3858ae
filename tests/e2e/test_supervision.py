"""Faults put into a real `newsletter run`: each is shown by `/readyz` and the desk, told to editors, and got over."""

import logging
import re
import resource
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.doubles.gate import Gate
from tests.doubles.mailbox import Mailbox
from tests.e2e import faults
from tests.e2e.faults import EDITOR, READERS, Alerts, Running, Watch, eventually, sent_once
from tests.e2e.sending_samples import EDITION, PREPARE, children_of
from tests.e2e.wall import Wall

pytestmark = pytest.mark.e2e

log = logging.getLogger("faults")
Watching = Callable[[Running, str], Watch]
Start = Callable[..., Running]


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def start(site: Callable[[str], Site], mailbox: Mailbox) -> Iterator[Start]:
    """Starts `run`; at the end it must stop when it is told to."""
    started: list[Running] = []
    with ExitStack() as stack:
        alerts = stack.enter_context(Alerts())

        def run(
            database: str = "sqlite:///newsletter.db", port: int = 0, environment: dict[str, str] | None = None
        ) -> Running:
            far = f"{datetime.now(UTC) + timedelta(days=3):%a}".lower()
            text = faults.CONFIG.format(database=database, alerts=alerts.port, port=port or mailbox.port, far=far)
            started.append(Running(site(text), alerts, environment))
            return started[-1]

        yield run
        for running in started:
            running.end()


@pytest.fixture
def watch() -> Iterator[Callable[[Running, str], Watch]]:
    """Watches what is said of a fault, and logs it as a row of a table."""
    watches: list[Watch] = []

    def begin(running: Running, fault: str) -> Watch:
        watches.append(Watch(running, fault))
        return watches[-1]

    yield begin
    for each in watches:
        log.info("%s", each.said.row())


def queue(running: Running) -> None:
    running.python(PREPARE, READERS)


def states(running: Running) -> list[str]:
    """States of the editions, read here: another program would start for longer than the edition is being sent."""
    with closing(sqlite3.connect(f"file:{running.site.folder / 'newsletter.db'}?mode=ro", uri=True)) as database:
        return [state for (state,) in database.execute("SELECT state FROM newsletter_edition")]


def told(mailbox: Mailbox) -> list[str]:
    """Subjects of what the editor got."""
    return [str(mail["Subject"]) for mail in mailbox.mails if EDITOR in str(mail["To"])]


SERVICES = ("sender", "schedule", "letters", "collect", "bounces", "housekeeping", "alerts", "clock", "web")


def test_1_to_9_every_thread_that_is_killed_is_started_again(start: Start, mailbox: Mailbox, watch: Watching) -> None:
    running = start()
    rows: list[faults.Said] = []
    for name in SERVICES:
        with watch(running, f"thread {name} killed") as said:
            rows.append(said)
            running.put(f"kill {name}")
            eventually(partial(running.has_logged, f"{name} failed: an unexpected error (SystemExit)"))
            if name != "web":
                eventually(partial(said.of, name))
            eventually(running.is_ready)
    assert running.python(SESSIONS) == "1", "housekeeping has deleted the expired one"
    queue(running)
    sent_once(running, mailbox, rows[-1])
    for said in rows:
        said.sent = rows[-1].sent


def test_10_descriptors_that_are_used_up(start: Start, mailbox: Mailbox, watch: Watching) -> None:
    """A few are left, so that `/readyz` can be asked: a sending process needs more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    running = start()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    with watch(running, "file descriptors used up (EMFILE)") as said:
        running.put("spend 4")
        queue(running)
        eventually(lambda: any("Too many open files" in line for line in said.readyz), 90)
        eventually(lambda: said.desk, 90)
        running.put("free")
        eventually(running.is_ready)
        sent_once(running, mailbox, said)


def test_11_a_journal_folder_that_is_removed(start: Start, mailbox: Mailbox, watch: Watching) -> None:
    running = start()
    with watch(running, "journal folder removed") as said:
        shutil.rmtree(running.site.folder / "journal")
        eventually(lambda: any(line.startswith("sender: ") for line in said.readyz))
        eventually(running.is_ready)
        queue(running)
        sent_once(running, mailbox, said)


def test_12_a_journal_folder_that_can_t_be_made_and_is_restored(
    start: Start, mailbox: Mailbox, watch: Watching
) -> None:
    running = start()
    folder: Path = running.site.folder / "journal"
    with watch(running, "journal folder replaced by a file, later restored") as said:
        folder.rename(folder.with_name("away"))
        folder.write_text("", encoding="ascii")
        queue(running)
        eventually(lambda: any("remove the file that is in the place of a folder" in line for line in said.readyz))
        eventually(lambda: said.desk)
        eventually(lambda: any("En tjeneste feiler" in subject for subject in told(mailbox)))
        folder.unlink()
        folder.with_name("away").rename(folder)
        eventually(running.is_ready)
        sent_once(running, mailbox, said)
        eventually(lambda: any("En tjeneste virker igjen" in subject for subject in told(mailbox)))
        # On a busy machine another service may fail, and recover, after it.
        eventually(lambda: running.alerts.got[-1]["kind"] == "recovered")
    assert {alert["kind"] for alert in running.alerts.got} == {"service", "recovered"}
    assert re.search(r"sender failed: \S*/journal: .*; restarting in \d s\nTraceback", running.log())


def test_13_a_damaged_machine_file(start: Start, mailbox: Mailbox, watch: Watching) -> None:
    running = start()
    path: Path = running.site.folder / "journal" / "machine"
    content = path.read_bytes()
    with watch(running, "a non-ASCII octet in journal/machine") as said:
        path.write_bytes(b"\xff" + content)
        queue(running)
        eventually(lambda: any("machine is damaged" in line for line in said.readyz))
        eventually(lambda: said.desk)
        path.write_bytes(content)
        eventually(running.is_ready)
        sent_once(running, mailbox, said)


def test_14_a_journal_folder_that_is_replaced_while_sending(start: Start, mailbox: Mailbox, watch: Watching) -> None:
    running = start()
    folder: Path = running.site.folder / "journal"
    with watch(running, "journal folder replaced by another one while sending") as said:
        with ThreadPoolExecutor(1) as pool:
            queued = pool.submit(queue, running)
            eventually(lambda: EDITION_BEGUN in states(running))
            folder.rename(folder.with_name("away"))
            folder.mkdir()
            queued.result()
        eventually(partial(said.of, "sender"))
        eventually(running.is_ready)
        sent_once(running, mailbox, said)


def test_15_a_full_disk_under_the_database(start: Start, mailbox: Mailbox, watch: Watching) -> None:
    """As a limit on the size of files: what is written fails, what is read does not."""
    running = start()
    with watch(running, "database can't grow (full disk)") as said:
        queue(running)
        limit_files(running, 4096)
        eventually(partial(said.of, "sender"))
        eventually(lambda: said.desk)
        limit_files(running, resource.RLIM_INFINITY)
        eventually(running.is_ready)
        sent_once(running, mailbox, said)


@pytest.mark.postgresql
def test_16_a_full_disk_under_the_journals(start: Start, mailbox: Mailbox, watch: Watching, database: str) -> None:
    """With PostgreSQL the journals are the only files that are written."""
    running = start(database)
    with watch(running, "journals can't be written (full disk)") as said:
        limit_files(running, 40)
        queue(running)
        eventually(partial(said.of, "sender"))
        eventually(lambda: said.desk)
        limit_files(running, resource.RLIM_INFINITY)
        eventually(running.is_ready)
        sent_once(running, mailbox, said)


@pytest.mark.postgresql
def test_17_a_database_that_is_away(start: Start, mailbox: Mailbox, watch: Watching, database: str) -> None:
    """PostgreSQL refuses connections; those that stood are cut."""
    head, _, tail = database.rpartition("@127.0.0.1:")
    port, _, name = tail.partition("/")
    with Gate(int(port)) as gate:
        running = start(f"{head}@127.0.0.1:{gate.port}/{name}")
        queue(running)
        with watch(running, "database away") as said:
            gate.shut()
            eventually(lambda: any(line.startswith("the database can't be used") for line in said.readyz))
            eventually(lambda: "(503)" in said.desk)
            eventually(partial(said.of, "sender"))
            eventually(lambda: running.alerts.got, 60)
            gate.open()
            eventually(running.is_ready, 60)
            sent_once(running, mailbox, said)
            eventually(lambda: any("En tjeneste feiler" in subject for subject in told(mailbox)))
        running.end()


@pytest.mark.parametrize(("number", "step"), [(18, "-3h"), (19, "+3h")])
def test_18_and_19_a_wall_clock_that_is_set(
    number: int, step: str, start: Start, mailbox: Mailbox, watch: Watching, wall: Wall
) -> None:
    """Editors still get what they must know within seconds, and what is due leaves."""
    running = start(environment=wall.environment)
    with watch(running, f"wall clock set by {step}") as said:
        assert abs(running.ahead()) < 600
        wall.set(step)
        eventually(lambda: abs(running.ahead()) > 10_000)
        running.python(NOTICE)
        eventually(lambda: any("Trenger din" in subject for subject in told(mailbox)), 15)
        queue(running)
        sent_once(running, mailbox, said)
        assert running.is_ready()


@pytest.mark.long
def test_20_a_mail_server_that_is_away_for_30_hours(
    start: Start, mailbox: Mailbox, watch: Watching, wall: Wall
) -> None:
    with Gate(mailbox.port) as gate:
        running = start(port=gate.port, environment=wall.environment)
        with watch(running, "SMTP server away for 30 hours") as said:
            gate.shut()
            queue(running)
            eventually(partial(said.of, "sender"), 240)  # a sending process waits a minute for a connection
            for hours in (1, 2, 5, 10, 20, 30):
                wall.set(f"+{hours}h")
                eventually(lambda: running.readyz())
            eventually(lambda: said.desk)
            assert running.site.json("status", EDITION)["state"] == "sending"
            gate.open()
            sent_once(running, mailbox, said)
            eventually(running.is_ready, 60)
            wall.set("+48h")  # past the longest wait for another try
            eventually(lambda: any("En tjeneste feiler" in subject for subject in told(mailbox)), 60)
        running.end()


def test_21_a_database_file_that_is_removed_and_restored(start: Start, mailbox: Mailbox, watch: Watching) -> None:
    running = start()
    folder: Path = running.site.folder
    files = [path for path in folder.iterdir() if path.name.startswith("newsletter.db")]
    with watch(running, "SQLite file removed, later restored") as said:
        for path in files:
            path.rename(path.with_name(f"away-{path.name}"))
        eventually(lambda: running.alerts.got)
        eventually(partial(said.of, "sender"))
        for path in files:
            path.with_name(f"away-{path.name}").rename(path)
        eventually(running.is_ready)
        queue(running)
        sent_once(running, mailbox, said)
        eventually(lambda: any("En tjeneste feiler" in subject for subject in told(mailbox)))
    assert "was removed; stop newsletter" in " ".join(said.readyz + said.told)


@pytest.fixture
def wall(tmp_path_factory: pytest.TempPathFactory) -> Wall:
    return Wall(tmp_path_factory.mktemp("wall"))


@pytest.fixture
def database() -> Iterator[str]:
    with postgresql.running(with_tables=True) as address:
        yield address


def limit_files(running: Running, octets: int) -> None:
    """No file that the process or its sending processes write grows beyond this, as on a full disk."""
    for pid in (running.process.pid, *children_of(running.process)):
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (octets, most))


EDITION_BEGUN = "sending"
SESSIONS = """
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from django.contrib.sessions.models import Session
print(Session.objects.count())
"""
NOTICE = """
from datetime import UTC, datetime
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.editions import notices
from newsletter.messages.general import TEXT
notices.tell("kinaforum", notices.WAITING, TEXT(words="An edition waits."), datetime.now(UTC))
"""
