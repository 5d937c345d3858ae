"""Prints the log of one week of a newsletter: `python -m tests.soak.week_log`.

`newsletter run` on SQLite, its clock set from one hour that matters to the next: a source that fails and recovers, a
changed configuration, a failed login, a mail server that is away, a kill, and the edition of the week with one email
that is refused and one that stays unconfirmed. Read it as an operator would: does it tell the story?
"""

import os
import re
import signal
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import Popen

from tests.conftest import Site
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.doubles.ports import free_port
from tests.doubles.smtpd import Action, Say
from tests.e2e.wall import Wall

CONFIG = """
[site]
url = "http://localhost:{web}"
[newsletters.kinaforum]
title = "Kinaforum"
timezone = "UTC"
from = "Kinaforum <brev@example.org>"
address = "Postboks 1, 0001 Oslo"
editors = ["editor@desk.example"]
approval = "none"
challenge = "off"
[[newsletters.kinaforum.sources]]
url = "{blog}/"
[[newsletters.kinaforum.sources]]
url = "{away}/"
[collect]
every = "1m"
allow_private_addresses = true
[delivery]
smtp = {{ host = "127.0.0.1", port = {smtp}, security = "none" }}
"""
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
PATIENCE = 90.0
REFUSED, UNCONFIRMED = "reader7@mail.example", "reader9@mail.example"


def mood(phase: str, recipient: str) -> Action | None:
    """Refuse one reader, and close the connection after another one's final dot."""
    if phase == "RCPT" and recipient == REFUSED:
        return "550 5.1.1 No such user"
    return Say(close=True) if phase == "DOT" and recipient == UNCONFIRMED else None


class Week:
    """The program, its clock and its log, which is printed as it is written."""

    def __init__(self, site: Site, wall: Wall, web: int) -> None:
        self.site, self.wall, self.web, self.lines = site, wall, web, list[str]()
        self.process: Popen[str]

    def start(self) -> None:
        self.process = self.site.start("run", "--port", self.web)
        threading.Thread(target=self._read, args=(self.process,), daemon=True).start()
        self.wait("the desk is at")

    def _read(self, process: "Popen[str]") -> None:
        for line in process.stdout or ():
            self.lines.append(line)
            sys.stdout.write(line)

    def end(self, how: signal.Signals) -> None:
        os.killpg(self.process.pid, how)
        self.process.wait(120)
        self.note(f"the program ends ({how.name})")

    def note(self, what: str) -> None:
        sys.stdout.write(f"\n== {what}\n")
        sys.stdout.flush()

    def at(self, moment: datetime, what: str) -> None:
        self.note(f"{moment:%A %H:%M}: {what}")
        self.wall.set(f"+{(moment - datetime.now(UTC)).total_seconds():.0f}")

    def wait(self, *words: str, after: int = 0) -> None:
        """Wait until a later line has one of these words; go on without it after a minute."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            if any(word in line for line in self.lines[after:] for word in words):
                time.sleep(1)  # what belongs to it is written in the same moment
                return
            time.sleep(0.2)
        sys.stdout.write(f"== (nothing about {' or '.join(words)})\n")

    def request(self, path: str, **fields: str) -> None:
        body = urllib.parse.urlencode(fields).encode()
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.web}{path}", body, timeout=30).close()
        except urllib.error.HTTPError as refused:
            sys.stdout.write(f"== {path}: {refused.code}\n")

    def log_in(self, address: str, password: str) -> None:
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        page = f"http://127.0.0.1:{self.web}/desk/login/"
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', opener.open(page).read().decode())
        fields = {"csrfmiddlewaretoken": token[1] if token else "", "email": address, "password": password}
        try:
            opener.open(page, urllib.parse.urlencode(fields).encode()).close()
        except urllib.error.HTTPError as refused:
            sys.stdout.write(f"== login: {refused.code}\n")

    def change(self, old: str, new: str) -> None:
        path = self.site.folder / "config.toml"
        path.write_text(path.read_text("utf-8").replace(old, new), "utf-8")


def play(week: Week, blog: BlogServer, away: Callable[[], BlogServer], smtp: int, monday: datetime) -> None:
    """Let the week pass."""
    blog.posts.append(Entry("first", monday - DAY))
    week.at(monday + 8 * HOUR, "the program starts; one of its two sources is away")
    week.start()
    week.wait("collected")
    week.request("/n/kinaforum/subscribe", address="kari@mail.example")
    week.wait("letters:")
    seen = len(week.lines)
    week.at(monday + 14 * HOUR, "the source is still away")
    week.wait("collected", after=seen)
    with away():
        seen = len(week.lines)
        week.at(monday + DAY + 9 * HOUR, "the source is back")
        week.wait("working again", "recovered", after=seen)
        seen = len(week.lines)
        week.at(
            monday + 2 * DAY + 9 * HOUR, "the configuration names a port where no mail server is; somebody signs up"
        )
        week.change(f"port = {smtp}", "port = 9")
        week.wait("is in force", after=seen)
        week.request("/n/kinaforum/subscribe", address="ola@mail.example")
        week.wait("letters", after=seen)
        seen = len(week.lines)
        week.at(monday + 2 * DAY + 10 * HOUR, "the mistake is mended")
        week.change("port = 9", f"port = {smtp}")
        week.wait("letters: 1 sent", after=seen)
        seen = len(week.lines)
        week.at(monday + 3 * DAY + 11 * HOUR, "somebody tries a password; the program is killed and starts again")
        week.log_in("kari@desk.example", "guess")
        week.wait("login failed", after=seen)
        blog.posts.insert(0, Entry("second", monday + 3 * DAY))
        week.end(signal.SIGKILL)
        week.start()
        seen = len(week.lines)
        week.at(monday + 4 * DAY + 15 * HOUR, "the draft")
        week.wait("drafted", after=seen)
        seen = len(week.lines)
        week.at(monday + 4 * DAY + 18 * HOUR, "the edition")
        week.wait("sent:", "sent,", after=seen)
        week.at(monday + 5 * DAY + 9 * HOUR, "the week ends")
        time.sleep(8)
        week.end(signal.SIGTERM)


def main() -> None:
    """Play a week, and print its log."""
    now = datetime.now(UTC).replace(hour=0, minute=0, second=5, microsecond=0)
    monday = now + timedelta(days=7 - now.weekday())
    with tempfile.TemporaryDirectory() as name, Mailbox() as mailbox, BlogServer() as blog:
        folder, wall, web = Path(name) / "site", Wall(Path(name)), free_port()
        folder.mkdir()
        gone = BlogServer([Entry("other", monday - DAY)])
        text = CONFIG.format(web=web, blog=blog.url, away=gone.url, smtp=mailbox.port)
        mailbox.server.mood = mood
        site = Site(folder, text)
        (folder / "readers.csv").write_text("email\n" + "".join(f"reader{n}@mail.example\n" for n in range(200)))
        site.environment |= wall.environment
        week = Week(site, wall, web)
        week.at(monday, "200 readers are imported")
        site.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum")
        try:
            play(week, blog, lambda: gone, mailbox.port, monday)
        finally:
            site.kill()


if __name__ == "__main__":
    main()
