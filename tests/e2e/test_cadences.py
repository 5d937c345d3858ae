"""Readers choose how often, by real emails: each gets each post once, whatever they change in between."""

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Site
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.e2e.sending_samples import run
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

OSLO = ZoneInfo("Europe/Oslo")
CONFIG = with_kinaforum("""
cadences = ["day", "week"]
[[newsletters.kinaforum.sources]]
url = "{blog}"
language = "en"
[collect]
allow_private_addresses = true
[delivery]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
""")
CHOOSE = """
import sys
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers import preferences
from subscribers.models import Subscription
for address in sys.argv[2:]:
    preferences.choose_cadence(Subscription.objects.get(subscriber__address=address), sys.argv[1])
"""
PAUSE = """
import sys
from datetime import date
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers import preferences
from subscribers.models import Subscription
until = date(9000, 1, 1) if sys.argv[1] == "pause" else None
preferences.pause(Subscription.objects.get(subscriber__address=sys.argv[2]), until)
"""
LEAVE = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from subscribers import preferences
from subscribers.models import Subscription
preferences.unsubscribe(Subscription.objects.get(subscriber__address=sys.argv[1]).pk, datetime.now(UTC))
"""
WEEKLY = [f"weekly{n}@example.org" for n in range(40)]
DAILY = [f"daily{n}@example.org" for n in range(30)]
FROM_DAILY, FROM_WEEKLY, LEFT, PAUSED = DAILY[:10], WEEKLY[:10], DAILY[20], DAILY[21]
POSTS = {day: f"post-{day}" for day in (2, 3, 4, 5, 6)}
DAY, WEEK = "kinaforum/day-2026-02-0{}", "kinaforum/2026-W06"


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    with BlogServer([Entry(slug, datetime(2026, 2, day, 9, tzinfo=OSLO)) for day, slug in POSTS.items()]) as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def kinaforum(site: Callable[[str], Site], blog: BlogServer, mailbox: Mailbox) -> Site:
    made = site(CONFIG.format(blog=blog.url + "/", port=mailbox.port))
    with (made.folder / "readers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "cadence"])
        rows.writerows([*((each, "week") for each in WEEKLY), *((each, "day") for each in DAILY)])
    made.json("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "a form, 2026")
    return made


def send(site: Site, edition: str, *when: str) -> dict[str, int]:
    """Draft, approve and send an edition with real processes; return what became of its readers."""
    assert site.json("draft", "kinaforum", *when)["edition"] == edition
    done = site.json("send", edition, "--approve", "--yes", "--wait")
    assert (done["state"], done["pending"], done["unknown"]) == ("sent", 0, 0)
    return {kind: done[kind] for kind in ("audience", "accepted", "skipped")}


def posts_by_reader(mailbox: Mailbox) -> dict[str, list[int]]:
    """Return the days of the posts that each reader got, each time that they got them."""
    got: dict[str, list[int]] = {each: [] for each in WEEKLY + DAILY}
    for mail in mailbox.mails:
        part = mail.get_body(("plain",))
        assert part is not None
        text = part.get_content()
        got[str(mail["To"].addresses[0].addr_spec)] += [day for day, slug in POSTS.items() if f"On {slug}" in text]
    return got


def cadences(site: Site) -> dict[str, str]:
    """Return how often each reader gets the newsletter."""
    lines = site.run("subscribers", "export", "--newsletter", "kinaforum").stdout.splitlines()
    return {row["address"]: row["cadence"] for row in csv.DictReader(lines)}


def test_subscribers_who_change_how_often_get_each_post_once(kinaforum: Site, mailbox: Mailbox) -> None:
    assert send(kinaforum, DAY.format(2), "--cadence", "day", "--day", "2026-02-02")["accepted"] == 30
    assert send(kinaforum, DAY.format(3), "--cadence", "day", "--day", "2026-02-03")["accepted"] == 30
    run(kinaforum, CHOOSE, "week", *FROM_DAILY)
    run(kinaforum, CHOOSE, "day", *FROM_WEEKLY)
    assert send(kinaforum, DAY.format(4), "--cadence", "day", "--day", "2026-02-04")["accepted"] == 30
    assert send(kinaforum, WEEK, "--week", "2026-W06")["accepted"] == 40
    run(kinaforum, CHOOSE, "day", *FROM_DAILY)
    for day in (5, 6):
        send(kinaforum, DAY.format(day), "--cadence", "day", "--day", f"2026-02-0{day}")
    got = posts_by_reader(mailbox)
    assert {each: sorted(days) for each, days in got.items()} == dict.fromkeys(got, sorted(POSTS))


def test_after_a_restore_nobody_gets_a_post_twice_and_who_left_gets_nothing(kinaforum: Site, mailbox: Mailbox) -> None:
    """The backup is older than two editions with variants, changes of how often, a pause and a departure."""
    for day in (2, 3):
        send(kinaforum, DAY.format(day), "--cadence", "day", "--day", f"2026-02-0{day}")
    kinaforum.run("backup", "before.zip")
    run(kinaforum, CHOOSE, "week", *FROM_DAILY)
    run(kinaforum, CHOOSE, "day", *FROM_WEEKLY)
    run(kinaforum, PAUSE, "pause", PAUSED)
    assert send(kinaforum, DAY.format(4), "--cadence", "day", "--day", "2026-02-04")["accepted"] == 29
    assert send(kinaforum, WEEK, "--week", "2026-W06")["accepted"] == 40
    run(kinaforum, LEAVE, LEFT)
    for path in kinaforum.folder.glob("newsletter.db*"):
        path.unlink()
    assert "has been read from the recovery log" in kinaforum.json("restore", "before.zip")["reason"]
    kinaforum.run("restore", "--confirm")
    assert cadences(kinaforum) == dict.fromkeys(DAILY, "day") | dict.fromkeys(WEEKLY, "week") | dict.fromkeys(
        FROM_DAILY, "week"
    ) | dict.fromkeys(FROM_WEEKLY, "day")
    run(kinaforum, PAUSE, "resume", PAUSED)
    run(kinaforum, CHOOSE, "day", *FROM_DAILY)
    for day in (5, 6):
        send(kinaforum, DAY.format(day), "--cadence", "day", "--day", f"2026-02-0{day}")
    got = posts_by_reader(mailbox)
    assert sorted(got.pop(LEFT)) == [2, 3, 4]
    assert sorted(got.pop(PAUSED)) == [2, 3, 5, 6]
    assert {each: sorted(days) for each, days in got.items()} == dict.fromkeys(got, sorted(POSTS))
