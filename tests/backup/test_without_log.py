"""A database restored without its recovery log does not send posts again until an editor decides, judged by emails."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.test import Client

from newsletter import config
from newsletter.backup import replay
from newsletter.backup.archive import Manifest
from newsletter.collecting import ledger
from newsletter.config import SourceSettings
from newsletter.editions import draft, held_back
from newsletter.feeds import SourceReading
from newsletter.models import Edition, EditionPost, Post, Source
from newsletter.recovery import hold
from tests.factories import found, kinaforum
from tests.sending.emailed import Newsletter

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
REASON = "it may have been sent after the backup from which the database was restored"


@pytest.fixture
def paper(tmp_path: Path) -> Newsletter:
    """Return a newsletter without approval that was restored from a backup of yesterday, when it knew the post "known"
    and had sent "sent"; "unknown" was published since.
    """
    paper = Newsletter(MONDAY - timedelta(days=60))
    paper.configure("day", approval="none")
    paper.read()
    paper.now = MONDAY
    paper.subscribe("r")
    paper.publish("sent")
    paper.send()
    paper.publish("known")
    made_at, paper.now = paper.now, paper.now + timedelta(days=1)
    manifest = Manifest("none", made_at.isoformat(), "", "", "", "", [], [])
    replay.complete(manifest, config.current(), [tmp_path], paper.now)
    assert hold.confirm()
    paper.listed["unknown"] = found("unknown", paper.now - timedelta(hours=3))
    return paper


def test_what_may_have_gone_is_held_back_and_what_is_newer_goes(paper: Newsletter) -> None:
    paper.run(hours=24, step=6)
    paper.publish("new")
    paper.run(hours=30, step=3)
    assert paper.mailed["r"] == ["sent", "new"]
    edition = Edition.objects.get(entries__post__title="Post new", state="sent")
    held = edition.entries.filter(post__title__in=("Post known", "Post unknown"))
    assert [(entry.included, str(entry.reason)) for entry in held] == [(False, REASON)] * 2


@pytest.mark.parametrize("were_sent", [True, False])
def test_a_person_decides(paper: Newsletter, were_sent: bool) -> None:
    paper.run(hours=2)
    titles = [post.title for post in held_back.held_back("kinaforum")]
    assert titles == ["Post unknown", "Post known"]
    assert held_back.settle(kinaforum(), were_sent=were_sent, by="e@example.org", now=paper.now) == 2
    paper.publish("new")
    paper.run(hours=30, step=3)
    others = [] if were_sent else ["known", "unknown"]
    assert sorted(paper.mailed["r"]) == sorted(["new", "sent", *others])
    assert not held_back.held_back("kinaforum").exists()


def test_the_desk_lists_them_and_asks(paper: Newsletter, admin_client: Client) -> None:
    paper.read()
    asked = "2 posts may have been sent before the database was restored, and wait for your decision."
    assert asked in admin_client.get("/desk/").content.decode()
    page = admin_client.get("/desk/restored/").content.decode()
    assert "Post known" in page
    assert "Post unknown" in page
    admin_client.post("/desk/restored/", {"posts": "go"})
    assert not held_back.held_back("kinaforum").exists()
    assert "for your decision" not in admin_client.get("/desk/").content.decode()


def test_a_post_without_a_date_is_held_back_at_the_first_reading_only(paper: Newsletter) -> None:
    source = Source.objects.get()
    for name in ("first", "later"):
        post = found(name, None)
        ledger.store(
            source,
            SourceSettings(url=source.url),
            SourceReading(kind="feed", posts=(*paper.listed.values(), post)),
            paper.now,
        )
        paper.wait(hours=1)
    refusals = dict(Post.objects.values_list("title", "refusal"))
    assert (str(refusals["Post first"]), refusals["Post later"]) == (REASON, None)


def test_a_draft_of_the_backup_loses_them(tmp_path: Path) -> None:
    paper = Newsletter(MONDAY - timedelta(days=60))
    paper.configure("day")
    paper.read()
    paper.now = MONDAY
    paper.subscribe("r")
    paper.publish("known")
    made = draft.make(config.current(), kinaforum(), now=paper.now, read_sources=False)
    assert made.entries.filter(included=True).exists()
    manifest = Manifest("none", paper.now.isoformat(), "", "", "", "", [], [])
    replay.complete(manifest, config.current(), [tmp_path], paper.now + timedelta(hours=1))
    assert str(EditionPost.objects.get(edition=made).reason) == REASON
    assert not made.entries.filter(included=True).exists()
