"""A blog's week becomes a mail that 25 readers get once: real processes, real sockets, only the commands."""

import csv
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Site
from tests.doubles.blog import BlogServer, Entry
from tests.doubles.mailbox import Mailbox
from tests.site_texts import with_kinaforum

pytestmark = pytest.mark.e2e

OSLO = ZoneInfo("Europe/Oslo")
EDITION = "kinaforum/2026-W06"
READERS = 25
CONFIG = with_kinaforum("""
[[newsletters.kinaforum.sources]]
url = "{blog}"
language = "en"
[collect]
allow_private_addresses = true
[delivery]
smtp = {{ host = "127.0.0.1", port = {port}, security = "none" }}
""")


def at(day: int, hour: int) -> datetime:
    return datetime(2026, 2, day, hour, tzinfo=OSLO)


POSTS = [
    *(Entry(f"friday-{n}", at(6, 8 + n)) for n in range(3)),
    *(Entry(f"wednesday-{n}", at(4, 8 + n)) for n in range(30)[:12]),
    Entry("sunday", at(8, 23)),
    Entry("monday-before", at(1, 12)),
    *(Entry(f"old-{n}", datetime(2026, 1, 1 + n, 12, tzinfo=OSLO)) for n in range(25)),
]


@pytest.fixture
def blog() -> Iterator[BlogServer]:
    with BlogServer(POSTS) as server:
        yield server


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as server:
        yield server


@pytest.fixture
def kinaforum(site: Callable[[str], Site], blog: BlogServer, mailbox: Mailbox) -> Site:
    """A site whose only source is the blog's address, with 25 readers."""
    made = site(CONFIG.format(blog=blog.url + "/", port=mailbox.port))
    with (made.folder / "readers.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["email", "name"])
        rows.writerows([f"reader{n}@example.org", f"Reader {n}"] for n in range(READERS))
    counts = made.json("subscribers", "import", "readers.csv", "--newsletter", "kinaforum", "--consent", "a form, 2026")
    assert counts["added"] == READERS
    return made


def test_from_a_blogs_address_to_25_subscribers(kinaforum: Site, mailbox: Mailbox, blog: BlogServer) -> None:
    drafted = kinaforum.json("draft", "kinaforum", "--week", "2026-W06")
    assert (drafted["edition"], drafted["state"], drafted["revision"]) == (EDITION, "draft", 1)
    assert drafted["days"] == [
        {"day": "2026-02-08", "heading": "søndag 8. februar 2026", "posts": 1},
        {"day": "2026-02-06", "heading": "fredag 6. februar 2026", "posts": 3},
        {"day": "2026-02-04", "heading": "onsdag 4. februar 2026", "posts": 12},
    ]
    first = drafted["posts"][0]
    assert (first["title"], first["source"], first["reason"]) == (
        "On sunday",
        blog.url + "/",
        "published in this period",
    )
    assert first["published"] == "2026-02-08T23:00:00+01:00"
    outside = {p["title"]: p["reason"] for p in drafted["posts"] if not p["included"]}
    assert outside["On monday-before"] == "older than your newsletter"

    written = kinaforum.json("preview", EDITION, "--out", "seen")
    html = (kinaforum.folder / written["files"]["html"]).read_text(encoding="utf-8")
    assert [finding for finding in written["lint"] if finding["level"] == "error"] == []
    assert written["bytes"]["html"] == len(html.encode()) < 102_000
    assert html.count('lang="en"') >= 16
    assert '<html lang="nb"' in html

    done = kinaforum.json("send", EDITION, "--approve", "--yes", "--wait")
    assert (done["state"], done["audience"], done["accepted"], done["pending"]) == ("sent", READERS, READERS, 0)
    _look_at_mails(mailbox)

    again = kinaforum.run("send", EDITION, "--approve", "--yes", "--wait")
    assert "is already sent" in again.stdout + again.stderr
    assert len(mailbox.mails) == READERS


def _look_at_mails(mailbox: Mailbox) -> None:
    mails = mailbox.mails
    assert len(mails) == len(set(mailbox.recipients)) == READERS
    for header in ("To", "Message-ID", "List-Unsubscribe"):
        assert len({str(mail[header]) for mail in mails}) == READERS, header
    for mail in mails:
        text, html = mail.iter_parts()
        assert (text.get_content_type(), html.get_content_type()) == ("text/plain", "text/html")
        assert "On sunday" in str(mail["Subject"])
        assert "fredag 6. februar 2026" in text.get_content()
        assert "Postboks 1, 0001 Oslo" in html.get_content()


def test_the_next_draft_holds_only_what_is_new(kinaforum: Site, blog: BlogServer) -> None:
    kinaforum.json("draft", "kinaforum", "--week", "2026-W06")
    kinaforum.run("send", EDITION, "--approve", "--yes", "--wait")
    blog.posts += [Entry("tuesday-after", at(10, 9)), Entry("late", at(7, 9))]
    drafted = kinaforum.json("draft", "kinaforum", "--week", "2026-W07")
    reasons = {p["title"]: (p["included"], p["reason"]) for p in drafted["posts"]}
    assert reasons["On tuesday-after"] == (True, "published in this period")
    assert [title for title, (included, _reason) in reasons.items() if included] == ["On tuesday-after"]
    # The newsletter was set up long after these weeks: what they do not ask for is older than it.
    assert not reasons.get("On late", (False, ""))[0]


def test_an_editor_s_changes_by_commands_are_kept_by_a_refresh(kinaforum: Site, blog: BlogServer) -> None:
    drafted = kinaforum.json("draft", "kinaforum", "--week", "2026-W06")
    numbers = {p["title"]: p["id"] for p in drafted["posts"]}
    Path(kinaforum.folder / "hello.md").write_text("Hello *everybody*.", encoding="utf-8")
    kinaforum.run("edit", EDITION, "--subject", "My subject", "--greeting", "hello.md",
                  "--leave-out", numbers["On sunday"], "--pin", numbers["On wednesday-3"],
                  "--include", numbers["On monday-before"])  # fmt: skip
    blog.posts.append(Entry("friday-9", at(6, 20)))
    blog.posts.remove(next(p for p in blog.posts if p.slug == "wednesday-0"))
    refreshed = kinaforum.json("draft", "kinaforum", "--week", "2026-W06")
    shown = {p["title"]: p for p in refreshed["posts"]}
    assert refreshed["subject"] == "My subject"
    assert shown["On sunday"]["reason"] == "removed by an editor"
    assert shown["On monday-before"]["reason"] == "added by an editor"
    assert shown["On friday-9"]["included"]
    assert shown["On wednesday-0"]["reason"] == "no longer at its source"
    wednesday = [p["title"] for p in refreshed["posts"] if p["included"] and p["day"] == "2026-02-04"]
    assert wednesday[0] == "On wednesday-3"
    assert "<em>everybody</em>" in _html(kinaforum)


def _html(site: Site) -> str:
    written: dict[str, Any] = site.json("preview", EDITION)
    return Path(site.folder, written["files"]["html"]).read_text(encoding="utf-8")


def test_an_approval_of_another_revision_is_refused_with_the_difference(kinaforum: Site, blog: BlogServer) -> None:
    kinaforum.json("draft", "kinaforum", "--week", "2026-W06")
    blog.posts.append(Entry("friday-9", at(6, 20)))
    kinaforum.json("draft", "kinaforum", "--week", "2026-W06")
    refused = kinaforum.run("approve", EDITION, "--revision", "1", status=1)
    assert refused.stderr == (
        f"{EDITION} changed after you opened it: you saw revision 1, and revision 2 is the latest; "
        "added “On friday-9”, published in this period\n"
    )
    approved = kinaforum.json("approve", EDITION, "--revision", "2")
    assert approved["state"] == "approved"
    assert kinaforum.json("reopen", EDITION)["state"] == "draft"
    assert kinaforum.json("cancel", EDITION)["state"] == "cancelled"
