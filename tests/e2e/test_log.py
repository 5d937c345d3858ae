"""The log of `newsletter run` while an edition is made and sent: its story, and nobody's address."""

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Site
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.doubles.smtpd import CLOSE, Action
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

OSLO = ZoneInfo("Europe/Oslo")
CONFIG = with_kinaforum("""
editors = ["redaksjon@example.org"]
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
[log]
format = "json"
""")
DUE = """
import sys
from datetime import datetime
from pathlib import Path
from newsletter import config
from newsletter.start import start
start(config.use(config.load(Path("config.toml").absolute())))
from newsletter.models import Occurrence
for act, at in zip(("draft", "send"), sys.argv[1:], strict=True):
    Occurrence.objects.create(newsletter="kinaforum", act=act, due_at=datetime.fromisoformat(at))
"""


def mood(phase: str, recipient: str) -> Action | None:
    """Refuse one reader by name, and end a connection before another's mail is confirmed."""
    if phase == "RCPT" and recipient.startswith("reader3@"):
        return f"550 5.1.1 <{recipient}> no such user"
    return CLOSE if phase == "DOT" and recipient.startswith("reader5@") else None


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        server.server.mood = mood
        yield server


def test_the_log_tells_an_edition_s_story_and_no_address(site: Callable[[str], Site], mailbox: Mailbox) -> None:
    send = datetime.now(OSLO).replace(second=0, microsecond=0) - timedelta(minutes=1)
    draft = send - timedelta(minutes=1)
    with BlogServer([Entry("a", send - timedelta(hours=2)), Entry("b", send - timedelta(hours=3))]) as blog:
        made = site(CONFIG.format(draft=draft, send=send, blog=blog.url, port=mailbox.port))
        readers = "email\n" + "".join(f"reader{n}@example.org\n" for n in range(1, 8))
        (made.folder / "readers.csv").write_text(readers, "utf-8")
        (made.folder / "new.csv").write_text("email\nnew@example.org\n", "utf-8")
        words = ("--newsletter", "kinaforum", "--consent", "a form, 2026")
        made.run("subscribers", "import", "readers.csv", *words)
        made.run("subscribers", "import", "new.csv", *words, "--status", "pending", "--confirm-by-mail")
        made.script(DUE, draft.isoformat(), send.isoformat())
        log = made.folder / "log"
        with log.open("w") as written:
            process = made.begin(made.command("run", "--no-web"), stdout=subprocess.DEVNULL, stderr=written)
            try:
                _wait(log, "sent", "letters")
                changed = (made.folder / "config.toml").read_text("utf-8").replace('format = "json"', 'format = "text"')
                (made.folder / "config.toml").write_text(changed, "utf-8")
                _wait(log, "configuration-changed", text="changed: log")
            finally:
                process.terminate()
                process.wait(60)
    text = log.read_text("utf-8")
    assert "@" not in text
    assert "reader" not in text
    story = [event["event"] for event in _events(log) if event.get("edition") == "kinaforum/" + f"{send:%F}"]
    assert story == ["drafted", "approved", "queued", "began", "unknown", "sent"]
    sent = next(event for event in _events(log) if event.get("event") == "sent")
    assert (sent["accepted"], sent["refused"], sent["unknown"]) == (5, 1, 1)
    assert {"collected", "letters"} <= {event.get("event") for event in _events(log)}


def _events(log: Path) -> list[dict[str, object]]:
    lines = log.read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]


def _wait(log: Path, *events: str, text: str = "") -> None:
    until = time.monotonic() + 120
    while not set(events) <= {each.get("event") for each in _events(log)}:
        if text and text in log.read_text("utf-8"):
            return
        assert time.monotonic() < until, log.read_text("utf-8")
        time.sleep(0.1)
