"""`newsletter run`: drafts and sends at their times, twice at once, killed and started again; each reader once."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.conftest import Site
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

OSLO = ZoneInfo("Europe/Oslo")
READERS = 25
Start = Callable[..., "subprocess.Popen[str]"]
CONFIG = with_kinaforum("""
period = "day"
draft = "{draft:%H:%M}"
send = "{send:%H:%M}"
approval = "none"
[[newsletters.kinaforum.sources]]
url = "{blog}/"
[collect]
allow_private_addresses = true
[delivery]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
[web]
port = 0
""")


def now() -> datetime:
    return datetime.now(OSLO)


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    """A blog with two posts of the last hours."""
    with BlogServer([Entry("a", now() - timedelta(hours=2)), Entry("b", now() - timedelta(hours=3))]) as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def prepared(site: Callable[[str], Site], blog: BlogServer, mailbox: Mailbox) -> Callable[..., Site]:
    """A site with 25 readers, whose draft and send are due at these times of the day."""

    def make(draft: datetime, send: datetime) -> Site:
        made = site(CONFIG.format(draft=draft, send=send, blog=blog.url, port=mailbox.port))
        (made.folder / "readers.csv").write_text(
            "email\n" + "".join(f"reader{n}@example.org\n" for n in range(READERS)), encoding="utf-8"
        )
        made.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "a form, 2026")
        return made

    return make


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `newsletter run`; what still runs after the test is killed."""
    started: list[subprocess.Popen[str]] = []

    def run(site: Site, *options: str) -> "subprocess.Popen[str]":
        started.append(site.start("run", *options))
        return started[-1]

    yield run
    for process in started:
        if process.poll() is None:
            kill(process)


def wait_for(what: Callable[[], object], seconds: float) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not come in time"
        time.sleep(0.1)


def states(site: Site) -> list[str]:
    """The states of all editions, as the database has them now."""
    with closing(sqlite3.connect(f"file:{site.folder / 'newsletter.db'}?mode=ro", uri=True, timeout=30)) as database:
        return [row[0] for row in database.execute("SELECT state FROM newsletter_edition ORDER BY id")]


def kill(process: "subprocess.Popen[str]") -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def end(process: "subprocess.Popen[str]") -> str:
    """Ask it to end; gives what it said."""
    process.terminate()
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 0, said
    return said


@pytest.mark.long
def test_two_at_once_and_one_killed_send_each_subscriber_one_mail(
    prepared: Callable[..., Site], start: Start, mailbox: Mailbox, blog: BlogServer
) -> None:
    """The draft is due at the next full minute that leaves time to start, the send one minute later."""
    draft = (now() + timedelta(seconds=75)).replace(second=0, microsecond=0)
    site = prepared(draft, draft + timedelta(minutes=1))
    first, second = start(site, "--no-web"), start(site, "--no-web")
    wait_for(lambda: states(site), 150)
    kill(first)
    first = start(site, "--no-web")
    wait_for(lambda: states(site) == ["sent"], 150)
    assert Counter(mailbox.recipients) == Counter({f"reader{n}@example.org": 1 for n in range(READERS)})
    end(first)
    end(second)

    blog.posts.append(Entry("new", now()))
    following = site.json("draft", "kinaforum")
    assert [p["title"] for p in following["posts"] if p["included"]] == ["On new"]
    assert len(mailbox.mails) == READERS


def test_it_answers_in_the_browser_and_ends_when_it_is_told_to(prepared: Callable[..., Site], start: Start) -> None:
    site = prepared(now() - timedelta(hours=2), now() - timedelta(hours=1))
    process = start(site, "--no-schedule", "--no-send")
    assert process.stdout
    address = process.stdout.readline().split()[-1].removesuffix("/desk/")
    for path, status in (("/", 200), ("/healthz", 200), ("/desk/", 200), ("/n/kinaforum/", 200), ("/nothing", 404)):
        assert requests.get(address + path, timeout=30).status_code == status, path
    end(process)


AT_THE_LAST_MOMENT = """
import signal, sys, uvicorn
from newsletter.__main__ import main
run = uvicorn.Server.run
def late(server, sockets=None):
    signal.raise_signal(signal.SIGTERM)
    run(server, sockets=sockets)
uvicorn.Server.run = late
sys.argv = ["newsletter", "run", "--no-schedule", "--no-send"]
main()
"""


def test_a_signal_just_before_the_web_server_listens_to_signals_ends_it_too(prepared: Callable[..., Site]) -> None:
    site = prepared(now() - timedelta(hours=2), now() - timedelta(hours=1))
    command = [sys.executable, "-c", AT_THE_LAST_MOMENT]
    said = subprocess.run(command, cwd=site.folder, env=site.environment, capture_output=True, text=True, timeout=30)
    assert said.returncode == 0, said.stderr
    assert "the desk is at" in said.stderr


def test_a_port_that_is_taken_is_one_sentence(prepared: Callable[..., Site], mailbox: Mailbox) -> None:
    site = prepared(now() - timedelta(hours=2), now() - timedelta(hours=1))
    told = site.run("run", "--port", mailbox.port, "--no-schedule", "--no-send", status=1).stderr
    assert told == (
        f"can't listen on 127.0.0.1:{mailbox.port}: Address already in use; "
        "another program uses it; choose another --port\n"
    )
