"""Daily, weekly, a topic, a pause and leaving, all by the links in received emails: what arrives when."""

import re
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Site
from tests.doubles import postgresql
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.doubles.ports import free_port
from tests.e2e.sending_samples import eventually
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

OSLO = ZoneInfo("Europe/Oslo")
CONFIG = with_kinaforum("""
language = "en"
cadences = ["week", "day"]
topics.film = {{ title = "Cinema", categories = ["Film"] }}
topics.books = {{ categories = ["Books"] }}
[[newsletters.kinaforum.sources]]
url = "{blog}"
language = "en"
[collect]
allow_private_addresses = true
[delivery]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
""")
READER, EVERYTHING, FILM_DAILY = "choosing@example.org", "everything@example.org", "film@example.org"
POSTS = {
    "02-02": ("Film",),
    "02-03": (),
    "02-04": ("Books",),
    "02-09": ("Film",),
    "02-10": ("Books", "Film"),
    "02-11": ("Books",),
    "02-12": (),
    "02-16": ("Film",),
    "02-23": ("Film",),
    "02-24": (),
    "03-02": ("Film",),
}
"""The categories of the post of each day."""


class Reader:
    """Somebody who does everything by the links in the emails that come."""

    def __init__(self, address: str, mailbox: Mailbox) -> None:
        self.address = address
        self._mailbox = mailbox
        self._seen = 0

    def emails(self) -> list[EmailMessage]:
        """Return all emails that came."""
        return [m for m in self._mailbox.mails if m["To"].addresses[0].addr_spec == self.address]

    def arrived(self) -> list[str]:
        """Return the days of the posts in emails that came since the last time."""
        new, self._seen = self.emails()[self._seen :], len(self.emails())
        return [day for mail in new for day in POSTS if f"On post-{day}" in text_of(mail)]

    def answer(self, kind: str, **fields: str) -> str:
        """Follow the link of this kind in the newest email and press a button; return the page."""
        link = re.search(rf"http://\S+/{kind}/[^\s>]+", text_of(self.emails()[-1]))
        assert link is not None
        return submit(link[0], **fields)


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def submit(url: str, **fields: str) -> str:
    with urllib.request.urlopen(url, urllib.parse.urlencode(fields).encode(), timeout=60) as answer:
        return str(answer.read().decode())


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    posts = [
        Entry(f"post-{day}", datetime.fromisoformat(f"2026-{day}T09:00").replace(tzinfo=OSLO), categories=labels)
        for day, labels in POSTS.items()
    ]
    with BlogServer(posts) as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


def sent(site: Site, *when: str) -> tuple[int, int]:
    """Draft, approve and send an edition; return to how many it went, and for how many it had nothing."""
    edition = site.json("draft", "kinaforum", *when)["edition"]
    done = site.json("send", edition, "--approve", "--yes", "--wait")
    assert (done["state"], done["pending"], done["unknown"]) == ("sent", 0, 0)
    return done["accepted"], done["skipped"]


def daily(site: Site, day: str) -> tuple[int, int]:
    return sent(site, "--cadence", "day", "--day", f"2026-{day}")


def weekly(site: Site, week: int) -> tuple[int, int]:
    return sent(site, "--week", f"2026-W{week:02}")


FILM = {"cadence-kinaforum": "week", "offered-kinaforum": "film", "topic-kinaforum": "film"}
"""What the preferences page posts where the only topic is picked."""


def choose_by_emails(site: Site, mailbox: Mailbox, url: str) -> None:
    """Subscribe on the site and go through all choices, beside two readers who change nothing."""
    (site.folder / "readers.csv").write_text(f"email,cadence,topics\n{EVERYTHING},week,\n{FILM_DAILY},day,film\n")
    site.json("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "a form, 2026")
    reader, everything, film = (Reader(each, mailbox) for each in (READER, EVERYTHING, FILM_DAILY))

    submit(f"{url}/n/kinaforum/subscribe", address=READER, cadence="day")
    eventually(lambda: bool(reader.emails()))
    assert "You're subscribed" in reader.answer("confirm")
    assert daily(site, "02-02") == (2, 0)
    assert (reader.arrived(), film.arrived()) == (["02-02"], ["02-02"])

    assert "checked" in reader.answer("p", do="save", choices="kinaforum", **{"cadence-kinaforum": "week"})
    assert daily(site, "02-03") == (0, 1), "nobody who gets it daily wants a post without a topic"
    assert (reader.arrived(), film.arrived()) == ([], [])
    assert weekly(site, 6) == (2, 0)
    assert (reader.arrived(), everything.arrived()) == (["02-03", "02-04"], ["02-02", "02-03", "02-04"])

    assert "only posts about: Cinema" in reader.answer("p", do="save", choices="kinaforum", **FILM)
    assert weekly(site, 7) == (2, 0)
    assert (reader.arrived(), everything.arrived()) == (["02-09", "02-10"], ["02-09", "02-10", "02-11", "02-12"])

    until = (datetime.now(UTC) + timedelta(days=30)).date().isoformat()
    assert "Paused until" in reader.answer("p", do="pause kinaforum", **{"until-kinaforum": until})
    assert weekly(site, 8) == (1, 0)
    assert (reader.arrived(), everything.arrived()) == ([], ["02-16"])

    assert "resumed" in reader.answer("p", do="resume kinaforum")
    assert weekly(site, 9) == (2, 0)
    assert (reader.arrived(), everything.arrived()) == (["02-23"], ["02-23", "02-24"])

    assert "You've unsubscribed" in reader.answer("u")
    assert weekly(site, 10) == (1, 0)
    assert daily(site, "03-02") == (1, 0)
    assert (reader.arrived(), everything.arrived()) == ([], ["03-02"])
    assert film.arrived() == ["02-09", "02-10", "02-16", "02-23", "03-02"]


def whole_circle(site: Site, mailbox: Mailbox, web: int) -> None:
    running = site.start("run", "--port", web)
    try:
        url = f"http://127.0.0.1:{web}"
        eventually(lambda: is_ready(url))
        choose_by_emails(site, mailbox, url)
    finally:
        running.terminate()
        running.communicate(timeout=60)


def is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/healthz", timeout=30):
            return True
    except OSError:
        return False


def text_for(blog: BlogServer, mailbox: Mailbox, web: int) -> str:
    text = CONFIG.format(blog=blog.url + "/", port=mailbox.port)
    return text.replace("http://localhost:8000", f"http://127.0.0.1:{web}")


def test_daily_weekly_topic_pause_and_leave(site: Callable[[str], Site], blog: BlogServer, mailbox: Mailbox) -> None:
    web = free_port()
    whole_circle(site(text_for(blog, mailbox, web)), mailbox, web)


@pytest.mark.soak
@pytest.mark.postgresql
def test_daily_weekly_topic_pause_and_leave_with_postgresql(
    site: Callable[[str], Site], blog: BlogServer, mailbox: Mailbox
) -> None:
    web = free_port()
    with postgresql.running() as database:
        made = site(text_for(blog, mailbox, web).replace("[site]", f'[site]\ndatabase = "{database}"'))
        whole_circle(made, mailbox, web)
        made.kill()
