"""A newsletter as it is run: `newsletter run` with a moved clock, its API and public pages, a blog and a mail server.

Editors use the API and the commands, readers the links of their emails and the sign-up form. What came is read from the
mails that the server took. An act that this form does not have is left out of a history.
"""

import json
import re
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from newsletter.models import State
from tests.doubles.mailbox import Mailbox
from tests.e2e.running_site import RunningSite
from tests.oracle import acts
from tests.oracle.acts import Kind
from tests.oracle.blog import Blog, Settings
from tests.oracle.blog_server import BlogServer
from tests.oracle.program import DELIVERY, LONGEST, ClockSite, Program, eventually, new_site, next_moment
from tests.oracle.site import SPLIT, WHOLE, OracleSite

NAME = "kinaforum"
LINK = re.compile(r"/(post-\d+-x)\.html")
PAGE = re.compile(r"/n/kinaforum/([^/\s]+)/")
READERS = "@reader.example"
SLOW = 0.15
"""Seconds before each reply of a mail server that is to be interrupted."""
BACKUP = "before.zip"


class ProcessSite(OracleSite):
    """A site in a folder. `start` is a time from now on, at which the program's clock begins."""

    def __init__(self, start: datetime, settings: Settings, folder: Path, database: str = "") -> None:
        super().__init__(start, settings)
        self.kills: Counter[str] = Counter()
        self._folder, self._database = folder, database
        self._keys = f'database = "{database}"' if database else ""
        self._refreshed: dict[str, datetime] = {}
        self._approved: dict[str, str] = {}
        self._began: set[str] = set()
        self._finished: set[str] = set()
        self._asked: set[str] = set()
        self._ids: dict[str, int] = {}
        self._chosen: dict[str, str] = {}
        self._mails = self._readings = 0

    @contextmanager
    def open(self) -> Iterator[None]:
        with Mailbox() as self.mailbox, BlogServer([self.blog, self.second], self._note_reading) as self.server:
            self.log.append(self.settings.act(self.now))
            self.site = self._make_site(self._folder / "site")
            self.program = Program(self.site, self._folder, self.now, self._database)
            try:
                eventually(lambda: any(isinstance(act, acts.Read) for act in list(self.log)))
                self.program.wait_until_stored()  # until then, readers may still come before it
                yield
            finally:
                self.program.end()

    def _make_site(self, folder: Path) -> ClockSite:
        """Make the folder of the site, whose database has no rows."""
        return new_site(folder, self._text(), with_tables=not self._database)

    @property
    def _running(self) -> RunningSite:
        return self.program.running

    def _text(self) -> str:
        rest = DELIVERY.format(port=self.mailbox.port)
        first, second = (f"{self.server.url}/{host}/feed" for host in (self.settings.host, self.second.host))
        return self.settings.text(first, second, self._keys, rest)

    def _note_reading(self, blog: Blog, listed: tuple[acts.ListedPost, ...]) -> None:
        """Log a reading of a feed, which doesn't say whether it has all posts: it ends at its oldest."""
        second = blog is self.second
        self._readings += not second
        back = listed[-1].dated if listed else datetime(1900, 1, 1, tzinfo=UTC)
        readings = [act for act in self.log if isinstance(act, acts.Read) and act.second is second]
        if not readings or (readings[-1].posts, readings[-1].reaches_back_to) != (listed, back):
            self.log.append(acts.Read(self.now, listed, back, second))

    # Time.

    def _put_in_force(self) -> None:
        self.program.configure(self._text())

    def collect(self) -> None:
        self.look()

    def look(self) -> None:
        """Wait until the program has read the blog and looked at its schedule, and nothing changes any more."""
        until = time.monotonic() + LONGEST
        before, now = None, self._state()
        while now != before or self._is_busy():
            assert time.monotonic() < until, f"not at rest after {LONGEST:.0f} s: {now}"
            before = now
            self.program.work(lambda: self._readings, down=self.unreadable)
            if self.editor_at_work:
                self._approve_all()
            now = self._state()
        self._note()

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
        self.program.set_clock(now=moment)
        self.look()

    def _next(self, *cadences: str) -> datetime:
        zone = ZoneInfo(self.settings.timezone)
        return next_moment(cadences or self.settings.offered, self.settings.times, zone, self.now)

    def off(self, time: timedelta) -> None:
        self._move(self.now + time)

    def skip(self, cadence: str, end: datetime) -> None:
        self._move(min(self._next(cadence), end))

    # The API.

    def _editions(self) -> list[dict[str, Any]]:
        return list(self.program.ask("GET", f"/editions?newsletter={NAME}&limit=200").json()["items"])

    def _act(self, name: str, act: str, body: object = None) -> bool:
        answer = self.program.ask("GET", f"/editions/{name}")
        done = self.program.ask("POST", f"/editions/{name}/{act}", {} if body is None else body, answer.headers["ETag"])
        return done.ok

    def _posts(self, name: str, *, included: bool) -> dict[str, int]:
        there = self.program.ask("GET", f"/editions/{name}").json()["posts"]
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
        etag = self.program.ask("GET", f"/editions/{name}").headers["ETag"]
        return (
            post in ids
            and self.program.ask("PATCH", f"/editions/{name}/posts/{ids[post]}", {"choice": choice}, etag).ok
        )

    def approve(self, name: str) -> bool:
        done = self._act(name, "approve")
        self._note()
        return done

    def refresh(self, name: str) -> None:
        self.draft(self.program.ask("GET", f"/editions/{name}").json()["cadence"] or self.settings.period)

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
        due = self.program.ask("GET", f"/editions/{name}").json()["due_at"]
        return due is None or datetime.fromisoformat(due) <= self.now + timedelta(minutes=1)  # its clock goes on

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

    def refuse(self, name: str) -> None:
        """The mail server of these histories refuses nothing."""
        self.send(name)

    def resend(self, name: str) -> None:
        self.site.run("resend", name, "--yes", status=None)
        self.deliver()

    def correct(self, name: str) -> None:
        """Corrections have no posts, and are left out."""

    def letter(self, *posts: str, segment: str = "") -> str:
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
        answer = self.program.ask("POST", "/subscribers", person)
        if answer.ok:
            self._ids[reader] = answer.json()["id"]
        else:
            self._sign_up(reader, cadence, offered)
        self._chosen[reader] = cadence or self._chosen.get(reader, "")
        shown = self.program.ask("GET", f"/subscribers/{self._ids[reader]}").json()
        return self._chosen[reader], frozenset(shown["topics"])

    def choose_topics(self, reader: str, topics: Sequence[str]) -> None:
        super().choose_topics(reader, self._offered(topics))

    def _offered(self, topics: Sequence[str]) -> list[str]:
        """Return those topics that can be chosen now."""
        return [topic for topic in topics if topic in self.settings.topics]

    def _sign_up(self, reader: str, cadence: str, topics: Sequence[str]) -> None:
        form = {"address": f"{reader}{READERS}", "cadence": cadence, "topic": list(topics), "website": ""}
        self.program.post(f"/n/{NAME}/subscribe", form)
        found: list[str] = []

        def confirmed() -> bool:
            mails = [mail for mail in self.mailbox.mails if reader in str(mail["To"])]
            found[:] = [link for mail in mails for link in re.findall(r"/confirm/\S+", _text_of(mail))]
            return bool(found)

        eventually(confirmed)
        self.program.post(found[-1], {})

    def _unsubscribe(self, reader: str) -> None:
        assert self.program.ask("DELETE", f"/subscribers/{self._ids[reader]}").ok

    def _set_pause(self, reader: str, *, on: bool) -> bool:
        """Use the link of an email; there may be none yet."""
        mails = [mail for mail in self.mailbox.mails if reader in str(mail["To"])]
        links = [link for mail in mails for link in re.findall(r"/p/[\w.~-]+", _text_of(mail))]
        until = {f"until-{NAME}": (self.now + timedelta(days=300)).date().isoformat()} if on else {}
        if links:
            self.program.post(links[-1], {"do": "pause" if on else "resume", "newsletter": NAME, **until})
        return bool(links)

    def _choose(self, reader: str, cadence: str, topics: Sequence[str] | None) -> None:
        change = {"cadence": cadence} if topics is None else {"topics": list(topics)}
        if topics is None:
            self._chosen[reader] = cadence
        assert self.program.ask("PATCH", f"/subscribers/{self._ids[reader]}", change).ok

    # What happened.

    def kill(self) -> None:
        """Kill the program with all its processes, in the middle of an edition if there is one, and start it again.

        What it had read is stored by then, since the log has it. What is unconfirmed stays so.
        """
        self.program.wait_until_stored()
        self._begin_one()
        sending = self.editions(State.SENDING)
        assert self.program.kill() == -signal.SIGKILL
        taken = len(self.mailbox.server.taken)
        self.deliver()
        lost = [
            (name, one) for name in self.editions(State.SENT, State.PAUSED, State.SENDING) for one in self._lost(name)
        ]
        for name, reader in lost:
            self.log.append(acts.Lost(self.now, name, reader))
            self.site.run("settle", name, "leave", status=None)
        self.kills["kills"] += 1
        if sending and (lost or len(self.mailbox.server.taken) > taken):
            self.kills["in the middle of an edition"] += 1
            self.kills["unconfirmed"] += len(lost)

    def back_up(self) -> str:
        self.site.run("backup", BACKUP)
        return BACKUP

    def restore(self, backup: str) -> None:
        self.program.restore(backup)

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
