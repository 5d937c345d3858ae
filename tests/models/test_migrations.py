"""Migrations keep what is in the database, with SQLite and with PostgreSQL."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import ConnectionHandler
from pytest_django.plugin import DjangoDbBlocker

from newsletter.messages import bounces, editions, history, posts, schedule, sending, sources
from newsletter.messages.general import ABOUT, TEXT
from newsletter.models import Edition, Tally
from newsletter.settings import _database
from tests.doubles import postgresql
from tests.factories import DUE, NOW

ALIAS = "migrated"


@contextmanager
def empty_database(url: str, blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make the database at `url` available as ALIAS."""
    connections.databases[ALIAS] = ConnectionHandler({"default": _database(url)}).settings["default"]
    try:
        with blocker.unblock():
            yield
            connections[ALIAS].close()
    finally:
        del connections[ALIAS]
        del connections.databases[ALIAS]


def migrate(name: str) -> Any:
    """Migrate to the migration, and return the models as they were then."""
    return MigrationExecutor(connections[ALIAS]).migrate([("newsletter", name)]).apps


BOTH = pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])


@contextmanager
def database(kind: str, folder: Path, blocker: DjangoDbBlocker) -> Iterator[None]:
    """Make an empty database of this kind available as ALIAS."""
    sqlite = nullcontext(f"sqlite:///{folder / 'newsletter.db'}")
    with postgresql.running() if kind == "postgresql" else sqlite as url, empty_database(url, blocker):
        yield


@BOTH
def test_renaming_the_table_of_approved_content_keeps_its_rows(
    kind: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> None:
    with database(kind, tmp_path, django_db_blocker):
        before = migrate("0006_machine")
        times = dict.fromkeys(("since", "until", "created_at", "refreshed_at"), NOW)
        editions = before.get_model("newsletter", "Edition").objects.using(ALIAS)
        edition = editions.create(newsletter="kinaforum", period="2026-W06", state="approved", **times)
        texts = {"subject": "The week", "preheader": "", "html": "<p>ø</p>", "text": "ø", "segments": b"\0\1"}
        values = {
            **texts,
            "placeholders": [["x-0-toZ", "to", "html", ""]],
            "headers": {"site_url": "https://a.example"},
        }
        before.get_model("newsletter", "Frozen").objects.using(ALIAS).create(edition=edition, revision=3, **values)

        after = migrate("0007_rename_frozen_to_approvedcontent")

        kept = after.get_model("newsletter", "ApprovedContent").objects.using(ALIAS).get(edition__pk=edition.pk)
        assert kept.revision == 3
        kept.segments = bytes(kept.segments)  # PostgreSQL's driver gives a memoryview
        assert {name: getattr(kept, name) for name in values} == values


EDITION_SENTENCES = {
    "": None,
    "nobody has approved it yet": editions.NOT_APPROVED(),
    "its time was 2026-02-06 17:00Z and nothing ran then; send it by hand": editions.TIME_PASSED(at=DUE),
    "not read since the last edition: https://a.example/, 2026-02-06 18:00: https://b.example/x; "
    "what it has is missing until it answers": editions.SOURCES_NOT_READ(
        count=2,
        sources=(
            editions.SOURCE_NOT_READ(url="https://a.example/"),
            editions.SOURCE_LAST_READ(url="https://b.example/x", at=DUE),
        ),
    ),
    "no posts, and minimum_posts is 2; what there is waits for the next": editions.TOO_FEW_POSTS(count=0, minimum=2),
    "replaced by kinaforum/2026-W07, which has its posts": editions.REPLACED(edition="kinaforum/2026-W07"),
    "its posts are in kinaforum/2026-W07": editions.POSTS_ELSEWHERE(edition="kinaforum/2026-W07"),
    "its posts are in kinaforum/2026-W07; use what was written here elsewhere, or cancel it": editions.TEXT_LEFT(
        edition="kinaforum/2026-W07"
    ),
    "cancelled before its first mail": editions.CANCELLED_UNSENT(),
    "the edition was cancelled": sending.CANCELLED(),
    "paused by hand": sending.PAUSED_BY_HAND(),
    "by kari@example.org": sending.PAUSED_BY(who="kari@example.org"),
    "the mail server refused the login: 535 no; really; check delivery.smtp.user and password": sending.LOGIN_REFUSED(
        reply="535 no; really"
    ),
    "11 of the last 200 replies hold something against us, the latest: 554 5.7.1 spam; "
    "find out why before you resume": sending.TOO_MANY_REFUSALS(refused=11, tried=200, reply="554 5.7.1 spam"),
    "site.url is http://localhost:8000: readers could not follow a mail's links there; "
    "give it a public https address in config.toml": editions.LINKS_LOCAL(url="http://localhost:8000"),
    "something that no version said\nin two lines": TEXT(words="something that no version said\nin two lines"),
}
POST_SENTENCES = {
    "": None,
    "in the window": posts.IN_THE_PERIOD(),
    "already in kinaforum/2026-W05": posts.ALREADY_IN(edition="kinaforum/2026-W05"),
    "too late (in kinaforum/2026-W05)": posts.DECIDED_BEFORE(reason=posts.TOO_LATE(), edition="kinaforum/2026-W05"),
    "over the maximum": posts.OVER_THE_MAXIMUM(),
}
ACT_SENTENCES = {
    "made": history.MADE(),
    "left out post 1": history.POST_REMOVED(title="Post 1"),
    "rewrote post 99": history.POST_REWRITTEN(title="99"),
    "back to revision 4": history.BACK(number=4),
    "set greeting, subject": history.TEXTS_CHANGED(fields=(history.GREETING(), history.SUBJECT())),
    "approved: kinaforum/2026-W07": history.POSTS_RELEASED(edition="kinaforum/2026-W07"),
    "added “A «note»”": history.POST_WRITTEN(title="A «note»"),
    "sent the unknown ones again": history.UNKNOWN_RESENT(),
    "suppression lifted": history.UNBLOCKED(),
}


def _fill(before: Any) -> None:
    """Rows as the version before wrote them."""

    def rows(model: str) -> Any:
        return before.get_model("newsletter", model).objects.using(ALIAS)

    times = dict.fromkeys(("since", "until", "created_at", "refreshed_at"), NOW)
    held = {"newsletter": "kinaforum", "first_seen": NOW, "changed_at": NOW}
    listed = [rows("Post").create(pk=n, title=f"Post {n}", url=f"https://a.example/{n}", **held) for n in range(1, 6)]
    for number, sentence in enumerate(EDITION_SENTENCES):
        edition = rows("Edition").create(
            newsletter="kinaforum", period=f"2026-{number}", waiting=sentence, reason=sentence, **times
        )
    for post, sentence in zip(listed, POST_SENTENCES, strict=True):
        rows("EditionPost").create(edition=edition, post=post, included=True, reason=sentence)
    shown = {str(n): {"included": True, "reason": s} for n, s in enumerate(POST_SENTENCES)}
    for number, what in enumerate(ACT_SENTENCES):
        rows("Revision").create(
            edition=edition, number=number, at=NOW, what=what, snapshot={"subject": "S", "posts": shown}
        )
        rows("Act").create(at=NOW, what=what, about="x", before={"posts": shown}, after={"reason": "paused by hand"})
    long_ago = datetime.fromtimestamp(0, UTC)
    occurrence = {"newsletter": "", "due_at": long_ago, "done_at": NOW}
    refused = "the bounce mailbox at imap.example.org:993 has no folder 'In'; look at bounces.imap.folder"
    rows("Occurrence").create(act="bounces", outcome=refused, **occurrence)
    rows("Occurrence").create(act="set aside", outcome="3", **occurrence)
    rows("Occurrence").create(newsletter="kinaforum", act="send", due_at=DUE, outcome="kinaforum/2026-W06 is queued")
    rows("Occurrence").create(newsletter="kinaforum", act="draft", due_at=DUE)
    text = "kinaforum/2026-W06 waits: nobody has approved it yet"
    rows("Notice").create(newsletter="kinaforum", kind="waiting", text=text, at=NOW)


@BOTH
def test_sentences_become_messages(kind: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    with database(kind, tmp_path, django_db_blocker):
        _fill(migrate("0008_bounce_proven"))
        after = migrate("0009_messages")

        def column(model: str, *fields: str) -> list[Any]:
            rows = after.get_model("newsletter", model).objects.using(ALIAS).order_by("pk")
            return list(rows.values_list(*fields, flat=len(fields) == 1))

        assert column("Edition", "waiting", "reason") == [(m, m) for m in EDITION_SENTENCES.values()]
        assert column("EditionPost", "reason") == list(POST_SENTENCES.values())
        assert column("Revision", "what") == column("Act", "what") == list(ACT_SENTENCES.values())
        reasons = [m.to_json() if m else None for m in POST_SENTENCES.values()]
        for snapshot in (*column("Revision", "snapshot"), *column("Act", "before")):
            assert [post["reason"] for post in snapshot["posts"].values()] == reasons
        assert column("Act", "after")[0] == {"reason": sending.PAUSED_BY_HAND().to_json()}
        assert column("Occurrence", "act", "outcome") == [
            ("send", schedule.QUEUED(edition="kinaforum/2026-W06")),
            ("draft", None),
        ]
        assert column("BounceMailbox", "tried_at", "problem", "set_aside") == [
            (NOW, bounces.NO_FOLDER(where="imap.example.org:993", folder="In"), 3)
        ]
        assert column("Notice", "text") == [
            schedule.WAITING(edition="kinaforum/2026-W06", reason=editions.NOT_APPROVED())
        ]


@BOTH
def test_problems_of_sources_become_messages(kind: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    url = "https://a.example/"
    sentences = {
        "": None,
        f"{url}: is not there (404); check the address": ABOUT(subject=url, message=sources.NOT_FOUND()),
        f"{url}: the connection failed (a (b)); it is tried again with the next collecting": ABOUT(
            subject=url, message=sources.CONNECTION_FAILED(cause="a (b)")
        ),
        f"{url}: something else": TEXT(words=f"{url}: something else"),
    }
    with database(kind, tmp_path, django_db_blocker):
        before = migrate("0010_help_texts").get_model("newsletter", "Source").objects.using(ALIAS)
        for number, sentence in enumerate(sentences):
            before.create(newsletter=f"n{number}", url=url, problem=sentence, notes=[s for s in sentences if s])
        after = migrate("0011_source_messages").get_model("newsletter", "Source").objects.using(ALIAS)
        found = list(after.order_by("pk").values_list("problem", "notes"))
        notes = [m for m in sentences.values() if m]
        assert found == [(m, notes) for m in sentences.values()]


@BOTH
def test_posts_of_approved_editions_get_numbers(kind: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    with database(kind, tmp_path, django_db_blocker):
        before = migrate("0028_api_tokens")

        def rows(model: str) -> Any:
            return before.get_model("newsletter", model).objects.using(ALIAS)

        seen = {"newsletter": "kinaforum", "first_seen": NOW, "changed_at": NOW}
        posts = [rows("Post").create(url=u, link_key=u, title=u, published=NOW, **seen) for u in "abcd"]
        times = {"since": NOW, "created_at": NOW, "refreshed_at": NOW, "newsletter": "kinaforum"}
        for period, state, included in (
            ("2", "draft", 3),
            ("1", "sent", 1),
            ("0", "cancelled", 2),
            ("9", "approved", 0),
        ):
            edition = rows("Edition").create(
                period=period, state=state, until=DUE.replace(month=int(period) + 2), **times
            )
            rows("EditionPost").create(edition=edition, post=posts[included], included=True)
        after = migrate("0029_cadences")
        numbers = after.get_model("newsletter", "Post").objects.using(ALIAS).order_by("url")
        assert list(numbers.values_list("number", flat=True)) == [2, 1, None, None]
        ends = after.get_model("newsletter", "Edition").objects.using(ALIAS).order_by("period")
        assert list(ends.values_list("period", "end")) == [("0", None), ("1", 1), ("2", None), ("9", 2)]
        numbering = after.get_model("newsletter", "Numbering").objects.using(ALIAS).get()
        assert (numbering.last, numbering.by_marks) == (2, False)


@pytest.mark.django_db
def test_only_editions_that_somebody_received_stay_public() -> None:
    times = dict.fromkeys(("since", "until", "created_at", "refreshed_at"), NOW)

    def edition(period: str, **fields: Any) -> Edition:
        return Edition.objects.create(newsletter="kinaforum", period=period, **times, **fields)

    edition("unsent")
    Tally.objects.create(edition=edition("cancelled", began_at=NOW), at=NOW, skipped=3)
    Tally.objects.create(edition=edition("sent", began_at=NOW), at=NOW, accepted=2, refused=1)
    edition("old", began_at=NOW, rolled_up_at=DUE)
    migration = import_module("newsletter.models.migrations.0040_published")
    migration.publish(apps, SimpleNamespace(connection=connection))
    public = dict(Edition.objects.exclude(published_at=None).values_list("period", "published_at"))
    assert public == {"sent": NOW, "old": NOW}
