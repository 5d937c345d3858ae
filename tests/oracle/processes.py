"""A newsletter as it is run: `newsletter run` with a moved clock, its API and public pages, a blog and a mail server.

Editors use the API and the commands, readers the links of their emails and the sign-up form. What came is read from the
mails that the server took. An act that this form does not have is left out of a history. How long the program needs is
not guessed: its metrics say when it has looked at its schedule, and the blog when it was read.
"""

import atexit
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg
import requests

from newsletter.api.permissions import TokenScope
from newsletter.models import State
from tests.conftest import Site
from tests.doubles.fork_server import ForkServer
from tests.doubles.mailbox import Mailbox
from tests.e2e.running_site import RunningSite
from tests.e2e.sending_samples import ROOT
from tests.e2e.test_supervision import Wall
from tests.oracle import acts
from tests.oracle.acts import Kind
from tests.oracle.blog import Settings
from tests.oracle.blog_server import BlogServer
from tests.oracle.site import SPLIT, WHOLE, OracleSite

NAME = "kinaforum"
LINK = re.compile(r"/(post-\d+-x)\.html")
PAGE = re.compile(r"/n/kinaforum/([^/\s]+)/")
READERS = "@reader.example"
CACHED = 1.0
"""Seconds for which a program goes on with the time that it has read from its clock's file."""
LONGEST = 120.0
"""Seconds after which the program should have come to rest."""
SLOW = 0.15
"""Seconds before each reply of a mail server that is to be interrupted."""
PAUSE = 0.2
"""Seconds between two looks at what the program has done."""
CALLED = """
import sys, threading
from newsletter import supervision
from newsletter.__main__ import main

def listen():
    for names in sys.stdin:
        for service in supervision.current()._services:
            if service.name in names.split():
                service.call()

threading.Thread(target=listen, daemon=True).start()
main()
"""
"""The program, whose services do their work also when their names are written to its standard input."""
SERVICES = "configuration collect schedule letters\n"
RUNS = re.compile(r'newsletter_service_run_seconds_count\{service="(schedule|collect)"\} (\d+)')
PENDING = "SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing')"
DELIVERY = """[collect]
every = "1s"
allow_private_addresses = true
[delivery]
connections = 2
retry_delays = ["1s"]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
"""


def eventually(holds: Callable[[], bool], seconds: float = LONGEST) -> None:
    """Wait until this holds."""
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until, f"it did not come to that in {seconds:.0f} s"
        time.sleep(PAUSE)


@cache
def clock_server() -> ForkServer:
    """The process whose forks have a clock that their environment names."""
    folder = Path(tempfile.mkdtemp(prefix="oracle-clock-"))
    atexit.register(shutil.rmtree, folder)
    environment = {**os.environ, **Wall(folder).environment}
    server = ForkServer({name: value for name, value in environment.items() if not name.startswith("NEWSLETTER")})
    atexit.register(server.close)
    return server


class ClockSite(Site):
    """A site whose program does its work also when it is called. All that it runs are forks with a moved clock."""

    def start(self, *words: object) -> subprocess.Popen[str]:
        """Start the program."""
        return self.begin([sys.executable, "-c", CALLED, *map(str, words)], stdin=subprocess.PIPE)

    def fork_server(self, command: list[str], environment: dict[str, str]) -> ForkServer | None:
        """Return the process whose forks have a moved clock."""
        return clock_server()


@cache
def folder_with_tables() -> Path:
    """The folder of a site whose SQLite database has its tables and no rows."""
    folder = Path(tempfile.mkdtemp(prefix="oracle-tables-"))
    atexit.register(shutil.rmtree, folder)
    Site(folder, Settings().text("http://127.0.0.1:9/feed")).run("tokens", "list")
    return folder


class ProcessSite(OracleSite):
    """A site in a folder. `start` is a time from now on, at which the program's clock begins."""

    def __init__(self, start: datetime, settings: Settings, folder: Path, database: str = "") -> None:
        super().__init__(start, settings)
        self.kills: Counter[str] = Counter()
        self._folder, self._wall, self._database = folder, Wall(folder), database
        self._keys = f'database = "{database}"' if database else ""
        self._refreshed: dict[str, datetime] = {}
        self._approved: dict[str, str] = {}
        self._began: set[str] = set()
        self._finished: set[str] = set()
        self._asked: set[str] = set()
        self._ids: dict[str, int] = {}
        self._chosen: dict[str, str] = {}
        self._mails = self._readings = 0
        self._running: RunningSite | None = None

    @contextmanager
    def open(self) -> Iterator[None]:
        with Mailbox() as self.mailbox, BlogServer(self.blog, self._note_reading) as self.server:
            self.site = self._make_site(self._folder / "site")
            self.site.environment |= self._wall.environment
            self._set_clock()
            scopes = [word for scope in TokenScope for word in ("--scope", scope.value)]
            self._token = self.site.json("tokens", "create", "the oracle", *scopes)["token"]
            self.log.append(self.settings.act(self.now))
            self._running = RunningSite(self.site)
            try:
                eventually(lambda: any(isinstance(act, acts.Read) for act in list(self.log)))
                yield
            finally:
                self._running.end()

    def _make_site(self, folder: Path) -> ClockSite:
        """Make the folder of the site, whose database has no rows."""
        if self._database:
            folder.mkdir()
        else:
            shutil.copytree(folder_with_tables(), folder)
        site = ClockSite(folder, self._text())
        site.environment["PYTHONPATH"] = str(ROOT)
        return site

    def _text(self) -> str:
        rest = DELIVERY.format(port=self.mailbox.port)
        return self.settings.text(f"{self.server.url}/feed", self._keys, rest)

    def _note_reading(self, listed: tuple[acts.ListedPost, ...]) -> None:
        self._readings += 1
        back = self.blog.reaches_back_to() or datetime(1900, 1, 1, tzinfo=UTC)
        last = next((act for act in reversed(self.log) if isinstance(act, acts.Read)), None)
        if last is None or (last.posts, last.reaches_back_to) != (listed, back):
            self.log.append(acts.Read(self.now, listed, back))

    # Time.

    def _set_clock(self) -> None:
        self._moved = time.monotonic()
        self._wall.set(f"{(self.now - datetime.now(UTC)).total_seconds():+.0f}")

    def _put_in_force(self) -> None:
        assert self._running
        text = self._text()
        if text == self._running.file.read_text(encoding="utf-8"):
            return
        before = self._running.changes()
        other = self._running.file.with_suffix(".new")
        other.write_text(text, encoding="utf-8")
        other.replace(self._running.file)
        eventually(lambda: self._running is not None and self._running.changes() > before)

    def collect(self) -> None:
        self.look()

    def look(self) -> None:
        """Wait until the program has read the blog and looked at its schedule, and nothing changes any more."""
        until = time.monotonic() + LONGEST
        before: object = None
        while (now := self._state()) != before or self._is_busy():
            assert time.monotonic() < until, f"not at rest after {LONGEST:.0f} s: {now}"
            before = now
            self._wait_for_round()
            if self.editor_at_work:
                self._approve_all()
        self._note()

    def _wait_for_round(self) -> None:
        """Wait until the blog was read, and the schedule looked at after that."""
        time.sleep(max(0.0, self._moved + CACHED - time.monotonic()))
        readings, runs = self._readings, self._runs()
        eventually(lambda: self._called() and (self.blog.down or self._readings > readings))
        if self._readings > readings:
            runs = self._runs()
            self._called()
        eventually(lambda: all(count > runs.get(name, 0) for name, count in self._runs().items()))
        if self._database:
            with psycopg.connect(self._database, autocommit=True) as connection:
                eventually(lambda: connection.execute(PENDING).fetchone() == (0,))

    def _called(self) -> bool:
        """Let the program do now what it does every few seconds."""
        assert self._running
        stdin = self._running.process.stdin
        assert stdin
        stdin.write(SERVICES)
        stdin.flush()
        time.sleep(PAUSE)
        return True

    def _runs(self) -> dict[str, int]:
        """Return how often the program has looked at its schedule, and at whether sources are to be read."""
        assert self._running
        text = requests.get(f"http://127.0.0.1:{self._running.port}/metrics", timeout=60).text
        return {name: int(count) for name, count in RUNS.findall(text)}

    def _state(self) -> object:
        listed = [(each["period"], each["state"], each["revision"]) for each in self._editions()]
        return listed, len(self.mailbox.server.taken)

    def _is_busy(self) -> bool:
        return any(self._is_due(name) for name in self.editions(State.QUEUED, State.SENDING))

    def _approve_all(self) -> None:
        for name in self.editions(State.DRAFT):
            if self.inside(name):
                self.approve_or_refresh(name)
        for each in self._editions():
            due = each["due_at"]
            if each["state"] == "approved" and (due is None or datetime.fromisoformat(due) <= self.now):
                self.send(f"{NAME}/{each['period']}")

    def wait(self, time: timedelta) -> None:
        until = self.now + time
        while (moment := self._next()) <= until:
            self._move(moment)
        self._move(until)

    def _move(self, moment: datetime) -> None:
        self.now = moment
        self._set_clock()
        self.look()

    def _next(self, cadence: str = "") -> datetime:
        """Return the next time at which a draft is made or an edition is sent, by the defaults of the documents."""
        zone = ZoneInfo(self.settings.timezone)
        local = self.now.astimezone(zone)
        for days in range(40):
            day = local.date() + timedelta(days=days)
            for hour in (15, 18):
                at = datetime(day.year, day.month, day.day, hour, tzinfo=zone).astimezone(UTC) + timedelta(seconds=1)
                offered = (cadence,) if cadence else self.settings.offered
                due = (
                    ("day" in offered)
                    or ("week" in offered and day.weekday() == 4)
                    or ("month" in offered and day.day == 1)
                )
                if at > self.now and due:
                    return at
        return datetime.max.replace(tzinfo=UTC)

    def skip(self, cadence: str, end: datetime) -> None:
        self._move(min(self._next(cadence), end))

    # The API.

    def _ask(self, method: str, path: str, body: object = None, etag: str = "") -> requests.Response:
        assert self._running
        headers = {"Authorization": f"Bearer {self._token}", **({"If-Match": etag} if etag else {})}
        url = f"http://127.0.0.1:{self._running.port}/api/v1{path}"
        return requests.request(method, url, json=body, headers=headers, timeout=60)

    def _editions(self) -> list[dict[str, Any]]:
        return list(self._ask("GET", f"/editions?newsletter={NAME}&limit=200").json()["items"])

    def _act(self, name: str, act: str, body: object = None) -> bool:
        answer = self._ask("GET", f"/editions/{name}")
        done = self._ask("POST", f"/editions/{name}/{act}", {} if body is None else body, answer.headers["ETag"])
        return done.ok

    def _posts(self, name: str, *, included: bool) -> dict[str, int]:
        there = self._ask("GET", f"/editions/{name}").json()["posts"]
        return {
            LINK.findall(p["url"])[0]: p["id"] for p in there if p["included"] is included and LINK.search(p["url"])
        }

    def editions(self, *states: State, began: bool | None = None) -> list[str]:
        there = [each for each in reversed(self._editions()) if each["state"] in {s.value for s in states}]
        return [f"{NAME}/{e['period']}" for e in there if began in (None, e["began_at"] is not None)]

    def inside(self, name: str) -> list[str]:
        return list(self._posts(name, included=True))

    def left_out(self, name: str) -> list[str]:
        return list(self._posts(name, included=False))

    def knows(self, post: str) -> bool:
        listings = [act.posts for act in self.log if isinstance(act, acts.Read)]
        return any(post == each.name for posts in listings for each in posts)

    def draft(self, cadence: str, how: str = "next") -> str:
        at = ("--day", self.now.date().isoformat()) if how == "calendar" and cadence == "day" else ()
        if how == "now" and cadence != "post":
            at = ("--until", (self.now + timedelta(seconds=1)).isoformat())
        made = self.site.run("draft", NAME, "--cadence", cadence, *at, "--json", status=None)
        if made.returncode:
            return ""
        name = str(json.loads(made.stdout)["edition"])
        self._refreshed[name] = self.now
        return name

    def _decide(self, name: str, post: str, choice: str) -> bool:
        ids = self._posts(name, included=True) | self._posts(name, included=False)
        etag = self._ask("GET", f"/editions/{name}").headers["ETag"]
        return post in ids and self._ask("PATCH", f"/editions/{name}/posts/{ids[post]}", {"choice": choice}, etag).ok

    def approve(self, name: str) -> bool:
        done = self._act(name, "approve")
        self._note()
        return done

    def refresh(self, name: str) -> None:
        self.draft(self._ask("GET", f"/editions/{name}").json()["cadence"] or self.settings.period)

    def send(self, name: str, *, chunks: int = WHOLE) -> None:
        """Send an approved edition, or begin to, at a mail server that is slow from now on."""
        taken = len(self.mailbox.server.taken)
        if chunks != WHOLE:
            self.mailbox.server.latency = SLOW
        done = self.site.run("send", name, "--yes", status=None)
        self._asked.add(name)
        if done.returncode:
            return
        if chunks == WHOLE:
            self.deliver()
        else:
            sending = (State.QUEUED, State.SENDING)
            eventually(lambda: len(self.mailbox.server.taken) > taken or name not in self.editions(*sending))

    def deliver(self) -> None:
        self.mailbox.server.latency = 0.0
        eventually(lambda: not self._is_busy())
        self._note()

    def _is_due(self, name: str) -> bool:
        due = self._ask("GET", f"/editions/{name}").json()["due_at"]
        return due is None or datetime.fromisoformat(due) <= self.now

    def unlock(self, name: str, *, reopen: bool = True) -> None:
        self._note()
        if name not in self._began and self._act(name, "reopen" if reopen else "cancel"):
            if reopen:
                self._approved.pop(name, None)
            self.log.append(acts.Unlocked(self.now, name))

    def stop(self, name: str) -> None:
        """Cancel an edition that is being sent, if it is not over yet."""
        self._note()
        if name in self.editions(State.SENDING) and self._act(name, "cancel"):
            self.log.append(acts.Stopped(self.now, name))
        self.deliver()

    def resend(self, name: str) -> None:
        self.site.run("resend", name, "--yes", status=None)
        self.deliver()

    def correct(self, name: str) -> None:
        """Corrections have no posts, and are left out."""

    def letter(self, *posts: str) -> str:
        name = str(self.site.json("draft", NAME, "--letter", "--subject", "Hello")["edition"])
        self._refreshed[name] = self.now
        for post in posts:
            self.include(name, post)
        return name

    # Readers.

    def _subscribe(self, reader: str, cadence: str, topics: Sequence[str]) -> tuple[str, frozenset[str]]:
        """A shop adds the address with its owner's consent; whoever left before uses the form and confirms.

        The API shows the default to those who have chosen no cadence, and they keep an earlier choice.
        """
        person = {"newsletter": NAME, "address": f"{reader}{READERS}", "consent": {"text": "by telephone"}}
        offered = self._offered(topics)
        person |= ({"cadence": cadence} if cadence else {}) | ({"topics": offered} if offered else {})
        answer = self._ask("POST", "/subscribers", person)
        if answer.ok:
            self._ids[reader] = answer.json()["id"]
        else:
            self._sign_up(reader, cadence, offered)
        self._chosen[reader] = cadence or self._chosen.get(reader, "")
        shown = self._ask("GET", f"/subscribers/{self._ids[reader]}").json()
        return self._chosen[reader], frozenset(shown["topics"])

    def choose_topics(self, reader: str, topics: Sequence[str]) -> None:
        super().choose_topics(reader, self._offered(topics))

    def _offered(self, topics: Sequence[str]) -> list[str]:
        """Return those topics that can be chosen now."""
        return [topic for topic in topics if topic in self.settings.topics]

    def _sign_up(self, reader: str, cadence: str, topics: Sequence[str]) -> None:
        form = {"address": f"{reader}{READERS}", "cadence": cadence, "topic": list(topics), "website": ""}
        self._page("POST", f"/n/{NAME}/subscribe", form)
        found: list[str] = []

        def confirmed() -> bool:
            mails = [mail for mail in self.mailbox.mails if reader in str(mail["To"])]
            found[:] = [link for mail in mails for link in re.findall(r"/confirm/\S+", _text_of(mail))]
            return bool(found)

        eventually(confirmed)
        self._page("POST", found[-1], {})

    def _page(self, method: str, path: str, form: dict[str, Any] | None = None) -> None:
        assert self._running
        url = f"http://127.0.0.1:{self._running.port}{path}"
        requests.request(method, url, data=form, headers={"Host": "localhost:8000"}, timeout=60).raise_for_status()

    def _unsubscribe(self, reader: str) -> None:
        assert self._ask("DELETE", f"/subscribers/{self._ids[reader]}").ok

    def _import(self, lines: Sequence[tuple[str, str]], *, undo: bool) -> bool:
        """Do nothing: a command would not have the moved clock."""
        return False

    def _set_pause(self, reader: str, *, on: bool) -> bool:
        """Use the link of an email; there may be none yet."""
        mails = [mail for mail in self.mailbox.mails if reader in str(mail["To"])]
        links = [link for mail in mails for link in re.findall(r"/p/[\w.~-]+", _text_of(mail))]
        until = {"until": (self.now + timedelta(days=300)).date().isoformat()} if on else {}
        if links:
            self._page("POST", links[-1], {"do": "pause" if on else "resume", "newsletter": NAME, **until})
        return bool(links)

    def _choose(self, reader: str, cadence: str, topics: Sequence[str] | None) -> None:
        change = {"cadence": cadence} if topics is None else {"topics": list(topics)}
        if topics is None:
            self._chosen[reader] = cadence
        assert self._ask("PATCH", f"/subscribers/{self._ids[reader]}", change).ok

    # What happened.

    def kill(self) -> None:
        """Kill the program with all its processes, in the middle of an edition if there is one, and start it again.

        What is unconfirmed stays so.
        """
        assert self._running
        self._begin_one()
        sending = self.editions(State.SENDING)
        process = self._running.process
        self._running.restart(kill=True)
        taken = len(self.mailbox.server.taken)
        self.deliver()
        lost = [
            (name, one) for name in self.editions(State.SENT, State.PAUSED, State.SENDING) for one in self._lost(name)
        ]
        for name, reader in lost:
            self.log.append(acts.Lost(self.now, name, reader))
            self.site.run("settle", name, "leave", status=None)
        assert process.returncode == -signal.SIGKILL
        self.kills["kills"] += 1
        if sending and (lost or len(self.mailbox.server.taken) > taken):
            self.kills["in the middle of an edition"] += 1
            self.kills["unconfirmed"] += len(lost)

    def _begin_one(self) -> None:
        """Begin to send an edition, of which some emails have come, unless one is being sent."""
        if self.editions(State.SENDING):
            return
        ready = self.editions(State.APPROVED)
        drafts = [name for name in self.editions(State.DRAFT) if self.inside(name)]
        if not ready and drafts and self.approve(drafts[0]):
            ready = self.editions(State.APPROVED)
        if ready:
            self.send(ready[0], chunks=SPLIT)

    def _lost(self, name: str) -> list[str]:
        unknown = self.site.json("status", name)["unknown_deliveries"]
        return [one["address"].partition("@")[0] for one in unknown if one["address"].endswith(READERS)]

    def _note(self) -> None:
        """Log what was approved, begun, sent and received since the last look."""
        there = sorted(self._editions(), key=lambda each: (each["approved_at"] or "", each["period"]))
        for each in there:
            name = f"{NAME}/{each['period']}"
            if each["approved_at"] and self._approved.get(name) != each["approved_at"]:
                self._approved[name] = each["approved_at"]
                kind = Kind.LETTER if each["standalone"] else Kind.PERIODIC
                cadence = each["cadence"] or self.settings.period
                refreshed = self._refreshed.get(name, self.now)
                self.see_approval(self.now, name, cadence, kind, refreshed, datetime.fromisoformat(each["until"]))
            if each["began_at"] and name not in self._began:
                self._began.add(name)
                self.log.append(acts.Began(self.now, name, asked=name in self._asked))
        self._receive()
        for each in there:
            name = f"{NAME}/{each['period']}"
            if each["state"] == "sent" and name not in self._finished:
                self._finished.add(name)
                self.log.append(acts.Finished(self.now, name))

    def _receive(self) -> None:
        mails = self.mailbox.mails
        for mail in mails[self._mails :]:
            address = str(mail["To"].addresses[0].addr_spec)
            text = _text_of(mail)
            page = PAGE.search(text)
            if address.endswith(READERS) and mail["List-Unsubscribe"] and page and LINK.search(text):
                posts = tuple(dict.fromkeys(LINK.findall(text)))
                self.log.append(acts.Email(self.now, address.partition("@")[0], f"{NAME}/{page[1]}", posts))
        self._mails = len(mails)


def _text_of(mail: Any) -> str:
    part = mail.get_body(("plain",))
    return str(part.get_content()) if part is not None else ""
