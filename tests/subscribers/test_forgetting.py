"""Erasure leaves nothing in any file: the database and its log, journals, and output."""

import sqlite3
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from tests.conftest import Site
from tests.doubles.ports import free_port
from tests.site_texts import with_daily
from tests.subscribers.make import traces

pytestmark = pytest.mark.e2e

CONFIG = with_daily("""
timezone = "UTC"
period = "day"
[[newsletters.daily.sources]]
url = "posts"
type = "folder"
[delivery]
smtp = {{ host = "127.0.0.1", port = {port} }}
""")
KARI = "Traceable.Person@Reader.example"


class Refusing:
    """A mail server that knows one reader less, and repeats their name in all the ways that servers have."""

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if "traceable" in address.lower():
            return f"550 5.1.1 <{address}>: no mailbox {address.partition('@')[0]} here; {address.upper()}"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        return "250 2.0.0 OK"


@pytest.fixture
def port() -> Iterator[int]:
    free = free_port()
    controller = Controller(Refusing(), hostname="127.0.0.1", port=free)
    controller.start()
    yield free
    controller.stop()


def sent_edition(here: Site) -> str:
    """An edition to three readers, left to a running program, of which one mail is refused; gives its name."""
    yesterday = datetime.now(UTC).date() - timedelta(days=1)
    (here.folder / "posts").mkdir()
    (here.folder / "posts" / "first.md").write_text(
        f"---\ntitle: First\ndate: {yesterday}\n---\nQuite a lot happened.\n"
    )
    (here.folder / "readers.csv").write_text(f"email,name\n{KARI},Kari\na@reader.example,\nb@reader.example,\n")
    here.run("subscribers", "import", "readers.csv", "--newsletter", "daily", "--consent", "shop counter")
    (here.folder / "readers.csv").unlink()
    return str(here.json("draft", "daily", "--day", yesterday)["edition"])


def test_nothing_is_left_while_the_program_runs(site: Callable[[str], Site], port: int, tmp_path: Path) -> None:
    here = site(CONFIG.format(port=port))
    edition = sent_edition(here)
    running = here.start("run", "--no-web", "--no-schedule")
    try:
        counts = here.json("send", edition, "--approve", "--yes", "--wait")
        assert (counts["accepted"], counts["refused"]) == (2, 1)
        with sqlite3.connect(tmp_path / "newsletter.db") as database:
            (text,) = database.execute("SELECT text FROM newsletter_result WHERE kind = 'refused'").fetchone()
        database.close()
        assert text == "<…>: no mailbox … here; …"
        assert any("newsletter.db" in name for name in traces(tmp_path, "traceable"))
        here.run("subscribers", "forget", KARI, "--yes")
        assert traces(tmp_path, "traceable") == []
        (tmp_path / "again.csv").write_text(f"email\n{KARI}\n")
        report = here.json("subscribers", "import", "again.csv", "--newsletter", "daily")
        assert (report["added"], report["refused"][0]["reason"]) == (0, "the address is blocked (erased)")
    finally:
        running.terminate()
        output, _ = running.communicate(timeout=60)
    assert "traceable" not in output.lower()


def test_a_program_that_reads_meanwhile_only_delays_it(site: Callable[[str], Site], tmp_path: Path) -> None:
    """Another program blocks emptying the log; this is logged, and done with the next erasure."""
    here = site(CONFIG.format(port=9))
    for address in (KARI, "other@reader.example"):
        here.run("subscribers", "add", address, "--newsletter", "daily", "--consent", "by letter")
    reader = sqlite3.connect(tmp_path / "newsletter.db", isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM subscribers_subscriber").fetchone() == (2,)
    assert "could not be emptied" in here.run("subscribers", "forget", KARI, "--yes").stderr
    reader.execute("COMMIT")
    reader.close()
    assert "could not be emptied" not in here.run("subscribers", "forget", "other@reader.example", "--yes").stderr
    assert traces(tmp_path, "traceable", "other@") == []
