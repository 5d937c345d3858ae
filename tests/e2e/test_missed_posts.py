"""Blogs that publish much at once, or don't answer, by real emails: readers miss nothing, or editors are told."""

import re
import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Site
from tests.doubles.blog import Entry
from tests.doubles.mailbox import Mailbox
from tests.doubles.paged_blog import PagedBlog
from tests.e2e.sending_samples import run
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

OSLO = ZoneInfo("Europe/Oslo")
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
TUESDAY = datetime(2026, 2, 3, tzinfo=OSLO)
READER, EDITOR = "reader@example.org", "redaksjon@example.org"
CONFIG = with_kinaforum("""
{keys}
[[newsletters.kinaforum.sources]]
url = "{source}"
[collect]
allow_private_addresses = true
[delivery]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
""")
LIVE = """
import sys
from datetime import datetime
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.cli.services import _collect
from newsletter.later import attempts, kinds
from newsletter.transactional import notice_delivery, subscriber_mail
from newsletter.scheduling import schedule
for text in sys.argv[1:]:
    now = datetime.fromisoformat(text)
    _collect(config.current(), now)
    schedule.tick(config.current(), now)
    subscriber_mail.send_all_due(config.current(), now)
    attempts.run_due(config.current(), now, *kinds.KINDS.values())
"""
"""Does at each of these times what `newsletter run` does: reads the sources, keeps the schedule, tells the editors."""


@pytest.fixture
def blog() -> Iterator[PagedBlog]:
    """A blog with a post on Monday morning."""
    with PagedBlog([Entry("first", TUESDAY - 15 * HOUR)]) as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def made(site: Callable[[str], Site], blog: PagedBlog, mailbox: Mailbox) -> Callable[..., Site]:
    """Makes a site with a reader, of one of the blog's feeds and with these keys of the newsletter."""

    def make(source: str, keys: str) -> Site:
        text = CONFIG.format(source=blog.url + source, keys=f'editors = ["{EDITOR}"]\n{keys}', port=mailbox.port)
        made = site(text)
        cadence = "post" if "post" in keys else ""
        (made.folder / "readers.csv").write_text(f"email,cadence\n{READER},{cadence}\n", encoding="utf-8")
        made.run("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "a form, 2026")
        return made

    return make


def live(site: Site, *times: datetime) -> None:
    run(site, LIVE, *(at.isoformat() for at in times))


def every(period: timedelta, first: datetime, last: datetime) -> list[datetime]:
    return [first + n * period for n in range((last - first) // period + 1)]


def burst(first: datetime) -> list[Entry]:
    """25 posts, one each minute."""
    return [Entry(f"burst-{n:02}", first + n * MINUTE) for n in range(25)]


def text_of(mail: EmailMessage) -> str:
    part = mail.get_body(("plain",))
    assert part is not None
    return " ".join(part.get_content().split())


def mails_to(mailbox: Mailbox, address: str) -> list[str]:
    """The texts of the emails that an address got, each behind its subject."""
    mails = [mail for mail in mailbox.mails if mail["To"].addresses[0].addr_spec == address]
    return [f"{mail['Subject']}: {text_of(mail)}" for mail in mails]


def posts_of_reader(mailbox: Mailbox) -> Counter[str]:
    return Counter(slug for mail in mails_to(mailbox, READER) for slug in set(re.findall(r"On ([a-z]+-\d\d)", mail)))


def sent(site: Site, mailbox: Mailbox, count: int) -> None:
    """Let the queued editions be sent, until the reader has this many emails."""
    process = site.start("run", "--no-web", "--no-schedule")
    until = time.monotonic() + 60
    while len(mails_to(mailbox, READER)) < count and time.monotonic() < until:
        time.sleep(0.1)
    process.terminate()
    process.communicate(timeout=60)


def test_25_posts_between_two_readings_of_a_feed_of_ten_reach_subscribers(
    made: Callable[..., Site], blog: PagedBlog, mailbox: Mailbox
) -> None:
    site = made("/archive.xml", 'period = "day"\ncadences = ["day", "post"]\napproval = "none"')
    noon = TUESDAY + 12 * HOUR
    live(site, noon)
    posts = burst(noon + 2 * MINUTE)
    blog.posts += posts
    live(site, *every(MINUTE, noon + 30 * MINUTE, noon + 33 * MINUTE))
    sent(site, mailbox, 25)
    assert posts_of_reader(mailbox) == Counter(post.slug for post in posts)


def test_where_a_feed_does_not_go_on_editors_are_told_between_which_times_posts_may_be_missing(
    made: Callable[..., Site], blog: PagedBlog, mailbox: Mailbox
) -> None:
    site = made("/plain.xml", 'language = "en"\nperiod = "day"\ndraft = "16:00"\nsend = "17:00"')
    noon = TUESDAY + 12 * HOUR
    live(site, noon)
    blog.posts += burst(noon + 2 * MINUTE)
    live(site, noon + 30 * MINUTE, TUESDAY + 16 * HOUR)
    mails = mails_to(mailbox, EDITOR)
    told = ["posts may be missing between" in mail and "12:17" in mail for mail in mails]
    assert told == [True, True], "one at once, and that of the draft"
    (gap,) = site.json("show", "kinaforum/2026-02-03")["gaps"]
    assert gap["source"] == f"{blog.url}/plain.xml"
    assert (gap["after"], gap["before"]) == ("2026-02-02T09:00:00+01:00", "2026-02-03T12:17:00+01:00")


def test_an_edition_waits_for_sources_that_fail_and_then_goes_with_a_notice(
    made: Callable[..., Site], blog: PagedBlog, mailbox: Mailbox
) -> None:
    """All sources answer 503 from 08:01; the edition is due at 17:01."""
    site = made("/plain.xml", 'period = "day"\ndraft = "16:00"\nsend = "17:01"\napproval = "none"\nlate = "2h"')
    live(site, TUESDAY + 7 * HOUR)
    blog.posts.append(Entry("seen-01", TUESDAY + 7 * HOUR + 30 * MINUTE))
    live(site, TUESDAY + 8 * HOUR)
    blog.status = 503
    due = TUESDAY + 17 * HOUR + MINUTE
    live(site, TUESDAY + 8 * HOUR + MINUTE, *every(HOUR, TUESDAY + 9 * HOUR, TUESDAY + 17 * HOUR), due)
    live(site, *every(30 * MINUTE, due + 29 * MINUTE, due + 119 * MINUTE))
    assert site.json("show", "kinaforum/2026-02-03")["state"] == "draft"
    before = len(mails_to(mailbox, EDITOR))
    live(site, due + 125 * MINUTE)
    sent(site, mailbox, 1)
    assert posts_of_reader(mailbox) == {"seen-01": 1}
    (last,) = mails_to(mailbox, EDITOR)[before:]
    assert "plain.xml" in last
    assert "går uten det som kan mangle" in last
