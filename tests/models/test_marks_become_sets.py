"""The upgrade from marks to sets: nobody gets a post again or loses one that was due, on SQLite and PostgreSQL."""

from datetime import timedelta
from pathlib import Path
from typing import Any

from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from pytest_django.plugin import DjangoDbBlocker

from tests.factories import NOW
from tests.models.test_migrations import ALIAS, BOTH, database

DAY = timedelta(days=1)


def migrate(*names: tuple[str, str]) -> Any:
    return MigrationExecutor(connections[ALIAS]).migrate(list(names)).apps


def old_database() -> Any:
    return migrate(("subscribers", "0010_earlier_keys"), ("newsletter", "0041_worker_frozen"))


def new_database() -> Any:
    return migrate(("newsletter", "0044_without_marks"), ("subscribers", "0012_without_marks"))


class Old:
    """A database of the version with marks."""

    def __init__(self, apps: Any) -> None:
        self.apps = apps
        source = self.rows("newsletter", "Source").create(newsletter="kinaforum", url="https://a.example/feed")
        self.source = source

    def rows(self, app: str, model: str) -> Any:
        return self.apps.get_model(app, model).objects.using(ALIAS)

    def post(self, name: str, number: int | None, **fields: Any) -> Any:
        times = {"first_seen": NOW, "changed_at": NOW, "published": NOW - DAY}
        post = self.rows("newsletter", "Post").create(
            newsletter="kinaforum", url=f"https://a.example/{name}", link_key=name, content_hash="", title=name,
            number=number, **{**times, **fields},
        )  # fmt: skip
        self.rows("newsletter", "Listing").create(source=self.source, uid=name, post=post, last_seen=NOW)
        return post

    def edition(self, period: str, posts: list[Any], **fields: Any) -> Any:
        times = dict.fromkeys(("since", "until", "created_at", "refreshed_at", "approved_at"), NOW)
        edition = self.rows("newsletter", "Edition").create(
            newsletter="kinaforum", period=period, **{**times, **fields}
        )
        for post in posts:
            self.rows("newsletter", "EditionPost").create(edition=edition, post=post, included=True)
        return edition

    def reader(self, name: str, **fields: Any) -> int:
        person = self.rows("subscribers", "Subscriber").create(address=name, key=name)
        usual = {"newsletter": "kinaforum", "state": "active", "starts": False}
        return int(self.rows("subscribers", "Subscription").create(subscriber=person, **{**usual, **fields}).pk)


def had(apps: Any) -> tuple[dict[str, str], dict[str, str | None]]:
    """Return the bases and the sets after the upgrade, None for that of the base."""
    rows = apps.get_model("subscribers", "Base").objects.using(ALIAS).select_related("offered")
    subscriptions = (
        apps.get_model("subscribers", "Subscription").objects.using(ALIAS).select_related("offered", "subscriber")
    )
    sets = {
        subscription.subscriber.key: subscription.offered.posts if subscription.offered else None
        for subscription in subscriptions
    }
    return {base.cadence: base.offered.posts for base in rows}, sets


@BOTH
def test_one_cadence(kind: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    """What editions had is the base; an approved edition and what no edition has are still due."""
    with database(kind, tmp_path, django_db_blocker):
        old = Old(old_database())
        first, second, third = old.post("a", 1), old.post("b", 2), old.post("c", None)
        old_post = old.post("old", None, was_there_before=True, published=NOW - 90 * DAY)
        letter = old.post("letter", None)
        old.edition("2026-W05", [first], state="sent", began_at=NOW, end=1)
        old.edition("2026-W06", [second], state="queued", end=2)
        old.edition("letter-2026-02-06", [letter], state="sending", began_at=NOW, standalone=True)
        old.reader("r")
        apps = new_database()
        posts = apps.get_model("newsletter", "Post").objects.using(ALIAS)
        ordinals = dict(posts.values_list("title", "ordinal"))
        assert ordinals == {"a": 1, "b": 2, "c": 3, "old": 4, "letter": 5}
        assert had(apps) == ({"week": "1,5"}, {"r": None})
        assert posts.get(pk=old_post.pk).refusal is not None
        assert posts.get(pk=third.pk).refusal is None
        queued = apps.get_model("newsletter", "Edition").objects.using(ALIAS).get(period="2026-W06")
        assert queued.candidates == [[2, second.pk, []]]


@BOTH
def test_several_cadences_in_mid_sending(kind: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    """Each mark becomes the posts up to it; in doubt, what an edition had for a person counts as offered."""
    with database(kind, tmp_path, django_db_blocker):
        old = Old(old_database())
        a, b, c, _d = (old.post(name, number) for number, name in enumerate("abcd", 1))
        old.rows("newsletter", "Numbering").create(newsletter="kinaforum", last=4, by_marks=True)
        old.edition("2026-W05", [a], state="sent", began_at=NOW, end=1, cadence="week")
        daily = old.edition("day-2026-02-06", [b, c], state="sending", began_at=NOW, end=3, cadence="day")
        old.reader("weekly", cadence="week", mark=1)
        old.reader("daily", cadence="day", mark=3)
        old.reader("moved", cadence="week", mark=3)
        old.reader("behind", cadence="day", mark=1)
        doubtful = old.reader("doubtful", cadence="day", mark=1)
        old.reader("new", cadence="day", starts=True)
        old.reader("left", cadence="day", mark=3, starts=True, state="unsubscribed")
        old.rows("newsletter", "Delivery").create(edition=daily, number=1, subscription_id=doubtful)
        apps = new_database()
        assert had(apps) == (
            {"week": "1", "day": "1:3"},
            {
                "weekly": None,
                "daily": None,
                "moved": "1:3",
                "behind": "1",
                "doubtful": "1:3",
                "new": None,
                "left": "1:3",
            },
        )


@BOTH
def test_posts_dated_ahead_and_numbered_anew(kind: str, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> None:
    """What a cadence passed over because it is dated ahead is still due there; what was sent stays sent, also under a
    number that is higher than the marks of those who got it.
    """
    with database(kind, tmp_path, django_db_blocker):
        old = Old(old_database())
        a, b = old.post("a", 1), old.post("b", 5)  # it had 2 when the newsletter had one cadence
        ahead, c = old.post("ahead", 3, published=NOW + DAY), old.post("c", 4)
        old.rows("newsletter", "Numbering").create(newsletter="kinaforum", last=5, by_marks=True)
        old.edition("2026-W05", [a, b], state="sent", began_at=NOW - DAY, end=2, cadence="day")
        weekly = old.edition("week-2026-W06", [ahead], state="sent", began_at=NOW, end=3, cadence="week")
        daily = old.edition("2026-02-06", [c], state="sent", began_at=NOW, end=4, cadence="day")
        reason = {"code": "post.in-the-future", "params": {}}
        old.rows("newsletter", "EditionPost").create(edition=daily, post=ahead, included=False, reason=reason)
        old.reader("daily", cadence="day", mark=4)
        old.reader("weekly", cadence="week", mark=3)
        moved = old.reader("moved", cadence="day", mark=4)
        old.rows("newsletter", "Delivery").create(edition=weekly, number=1, subscription_id=moved)
        apps = new_database()
        assert had(apps) == (
            {"week": "1:3", "day": "1:2,4"},
            {"daily": None, "weekly": None, "moved": "1:4"},
        )
