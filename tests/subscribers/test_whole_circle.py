"""From subscribing to erasure with the real program and real emails on loopback, and a change of keys."""

import email
import email.policy
import re
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.conftest import Site
from tests.doubles.daily_blog import daily_blog
from tests.doubles.ports import free_port
from tests.subscribers.make import traces

pytestmark = pytest.mark.e2e

CONFIG = """
[site]
url = "http://127.0.0.1:{web}"
secret_key = "{key}"
secret_key_previous = [{previous}]

[newsletters.daily]
title = "Daglig"
language = "en"
timezone = "UTC"
from = "Daglig <daglig@example.org>"
address = "1 Example Street"
period = "day"

[[newsletters.daily.sources]]
url = "http://127.0.0.1:{feed}/feed.xml"
type = "feed"

[collect]
allow_private_addresses = true

[delivery]
provider = "smtp"
smtp = {{ host = "127.0.0.1", port = {smtp} }}
"""


class Mailbox:
    """Keeps the messages that a server accepts."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.came = threading.Condition()

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        with self.came:
            self.mails.append(mail)
            self.came.notify_all()
        return "250 2.0.0 taken"

    def next(self, subject: str, seconds: float = 60) -> EmailMessage:
        """The next mail with this in its subject."""
        with self.came:
            arrived = self.came.wait_for(lambda: any(subject in m["Subject"] for m in self.mails), seconds)
            assert arrived, [m["Subject"] for m in self.mails]
            found = next(m for m in self.mails if subject in m["Subject"])
            self.mails.remove(found)
            return found


@pytest.fixture
def mailbox() -> Iterator[tuple[Mailbox, int]]:
    box, port = Mailbox(), free_port()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, port
    controller.stop()


@pytest.fixture
def feed() -> Iterator[tuple[list[str], int]]:
    """A blog with a post on each of these days (ISO 8601)."""
    days: list[str] = []
    with daily_blog(days) as port:
        yield days, port


def link_in(mail: EmailMessage, where: str) -> str:
    body = mail.get_body(("plain",))
    assert body is not None
    found = re.search(rf"http://\S+/{where}/\S+", body.get_content())
    assert found is not None, body.get_content()
    return found[0]


def post(url: str, **fields: str) -> tuple[int, str]:
    data = urllib.parse.urlencode(fields).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data), timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as e:
        with e:
            return e.code, e.read().decode()


def wait_for(port: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise AssertionError(f"nothing listens on port {port}")


def test_from_subscribing_to_erasure(
    site: Callable[[str], Site], mailbox: tuple[Mailbox, int], feed: tuple[list[str], int]
) -> None:
    (box, smtp), (days, feed_port), web = mailbox, feed, free_port()
    today = datetime.now(UTC).date()
    days += [(today - timedelta(days=n)).isoformat() for n in (1, 2)]
    ports = {"web": web, "smtp": smtp, "feed": feed_port}
    here = site(CONFIG.format(key="the first key, long enough for a key", previous="", **ports))
    running = here.start("run", "--port", web)
    try:
        wait_for(web)
        status, page = post(f"http://127.0.0.1:{web}/n/daily/subscribe", address="Traceable.Person@reader.example")
        assert (status, "Check your inbox" in page) == (202, True)
        asked = box.next("Confirm your subscription")
        assert asked["To"].addresses[0].addr_spec == "Traceable.Person@reader.example"
        assert post(link_in(asked, "confirm"))[0] == 200

        first = here.json("draft", "daily", "--day", days[1])["edition"]
        sent = here.json("send", first, "--approve", "--yes", "--wait")
        assert (sent["audience"], sent["accepted"]) == (1, 1)
        mail = box.next("What happened on")
        assert mail["List-Unsubscribe-Post"] is None, "a one-click header stands only beside https"
        leave = mail["List-Unsubscribe"].strip("<>")
        status, page = post(leave, **{"List-Unsubscribe": "One-Click"})
        assert (status, page) == (200, "")

        second = here.json("draft", "daily", "--day", days[0])["edition"]
        assert here.json("send", second, "--approve", "--yes", "--wait")["audience"] == 0
        assert not box.mails
    finally:
        running.terminate()
        output, _ = running.communicate(timeout=60)
    assert "traceable" not in output.lower()

    changed = {"key": "the second key, long enough for a key", "previous": '"the first key, long enough for a key"'}
    (here.folder / "config.toml").write_text(CONFIG.format(**changed, **ports))
    running = here.start("run", "--port", web, "--no-schedule", "--no-send")
    try:
        wait_for(web)
        status, page = post(leave)
        assert (status, "You've unsubscribed from Daglig" in page) == (200, True)
    finally:
        running.terminate()
        running.communicate(timeout=60)

    assert any("newsletter.db" in name for name in traces(here.folder, "traceable"))
    here.run("subscribers", "forget", "traceable.person@READER.example", "--yes")
    assert traces(here.folder, "traceable", "reader.example") == []
    (here.folder / "again.csv").write_text("email\ntraceable.person@reader.example\n")
    report = here.json("subscribers", "import", "again.csv", "--newsletter", "daily")
    assert (report["added"], report["refused"][0]["reason"]) == (0, "the address is blocked (erased)")

    (here.folder / "config.toml").write_text(
        CONFIG.format(key="a foreign key, long enough for a key", previous="", **ports)
    )
    stopped = here.run("subscribers", "show", "somebody@reader.example", status=None)
    assert stopped.returncode != 0
    assert stopped.stderr.count("\n") == 1
    assert "site.secret_key: the database was written with another key" in stopped.stderr
