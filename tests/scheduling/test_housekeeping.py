"""Housekeeping removes what nobody needs any more, to the second, and nothing that a draft may still want."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from django.contrib.sessions.models import Session
from django.db import models

from newsletter import config, later
from newsletter.bounces import webhook_events
from newsletter.config import Config
from newsletter.domain.ordinals import Ordinals
from newsletter.messages import posts as messages
from newsletter.models import (
    Edition,
    EditionPost,
    Notice,
    Occurrence,
    Post,
    RecordedEvent,
    Source,
    SourceDay,
    State,
    WebhookEvent,
)
from newsletter.recovery import log
from newsletter.scheduling import housekeeping, old_deliveries, unused_images
from subscribers import erasure, preferences
from subscribers.models import Base, Consent, Hits, OfferedSet, Subscriber, Subscription, TransactionalEmail
from tests.conftest import Site
from tests.site_texts import with_daily
from tests.subscribers.make import add_subscription

NOW = datetime(2026, 2, 6, 12, 0, tzinfo=UTC)
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def in_a_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    """A test's transaction keeps the write-ahead log; the last test looks at that with the real program."""
    monkeypatch.setattr(erasure, "empty_write_ahead_log", lambda: None)


def tidied(model: type[models.Model], field: str, now: datetime = NOW) -> set[object]:
    """What is left of a model after housekeeping, by one of its fields."""
    housekeeping.tidy(config.current(), now)
    return set(model._default_manager.values_list(field, flat=True))


def post(title: str, first_seen: timedelta, changed: timedelta | None = None, **fields: str) -> Post:
    """A post that was first seen and last changed so long ago."""
    return Post.objects.create(
        newsletter="kinaforum",
        url=f"https://kinaforum.example/{title}",
        link_key=title,
        content_hash=title,
        title=title,
        first_seen=NOW - first_seen,
        changed_at=NOW - (first_seen if changed is None else changed),
        **{"html": "<p>text</p>", "summary": "summary", **fields},
    )


def listed(shown: Post, state: State, *, included: bool = True) -> None:
    """An edition in this state lists the post."""
    edition = Edition.objects.create(
        newsletter="kinaforum",
        period=f"2024-W{10 + Edition.objects.count()}",
        since=NOW - 407 * DAY,
        until=NOW - 400 * DAY,
        created_at=NOW - 400 * DAY,
        refreshed_at=NOW - 400 * DAY,
        state=state,
    )
    EditionPost.objects.create(
        edition=edition, post=shown, included=included, position=0, reason=messages.IN_THE_PERIOD()
    )


def with_texts() -> set[str]:
    """The titles of the posts that still have a text or a summary."""
    housekeeping.tidy(config.current(), NOW)
    return set(Post.objects.exclude(html="", summary="").values_list("title", flat=True))


@pytest.mark.django_db
def test_a_post_s_texts_are_erased_400_days_after_it_was_seen_and_changed() -> None:
    post("old", 400 * DAY + SECOND)
    post("young", 400 * DAY)
    post("changed", 900 * DAY, 400 * DAY)
    post("changed before it was seen", 400 * DAY, 900 * DAY)
    assert with_texts() == {"young", "changed", "changed before it was seen"}
    old = Post.objects.get(title="old")
    assert (old.html, old.summary, old.url) == ("", "", "https://kinaforum.example/old")
    assert Post.objects.get(title="young").html == "<p>text</p>"


@pytest.mark.django_db
def test_a_post_that_has_only_a_summary_is_erased_too() -> None:
    post("only a summary", 401 * DAY, html="")
    post("only a text", 401 * DAY, summary="")
    assert with_texts() == set()


@pytest.mark.django_db
@pytest.mark.parametrize("included", [True, False])
def test_a_draft_keeps_the_texts_of_every_post_it_lists(included: bool) -> None:
    post("unlisted", 500 * DAY)
    shown = post("listed", 500 * DAY)
    listed(shown, State.DRAFT, included=included)
    listed(shown, State.SENT)
    assert with_texts() == {"listed"}


@pytest.mark.django_db
@pytest.mark.parametrize("state", [state for state in State if state is not State.DRAFT])
def test_an_edition_that_is_no_draft_needs_no_texts(state: State) -> None:
    """From approval on it has its own copy."""
    listed(post("listed", 500 * DAY), state)
    assert with_texts() == set()


@pytest.mark.django_db
def test_sessions_end() -> None:
    for key, end in (("over", NOW - SECOND), ("ending", NOW), ("open", NOW + SECOND)):
        Session.objects.create(session_key=key, session_data="", expire_date=end)
    assert tidied(Session, "session_key") == {"ending", "open"}


@pytest.mark.django_db
def test_notices_and_occurrences_are_kept_for_90_days() -> None:
    limit = NOW - 90 * DAY
    for name, at in (("old", limit - SECOND), ("young", limit)):
        Notice.objects.create(newsletter="kinaforum", kind="draft", text=name, at=at)
        Occurrence.objects.create(newsletter="kinaforum", act=name, due_at=limit - DAY, done_at=at)
    Occurrence.objects.create(newsletter="kinaforum", act="undone", due_at=limit - DAY)
    assert tidied(Notice, "text") == {"young"}
    assert set(Occurrence.objects.values_list("act", flat=True)) == {"young", "undone"}


@pytest.mark.django_db
def test_readings_of_sources_are_counted_for_90_days() -> None:
    source = Source.objects.create(newsletter="kinaforum", url="https://kinaforum.example/")
    days = [(NOW - age * DAY).date() for age in (90, 91)]
    SourceDay.objects.bulk_create(SourceDay(source=source, day=day) for day in days)
    assert tidied(SourceDay, "day") == {days[0]}


@pytest.mark.django_db
def test_events_of_email_services_are_kept_as_long_as_they_can_have_an_effect() -> None:
    for key, age in (("kept", webhook_events.KEEP), ("old", webhook_events.KEEP + SECOND)):
        WebhookEvent.objects.create(provider="postmark", key=key, kind="delivered", received_at=NOW - age)
    assert tidied(WebhookEvent, "key") == {"kept"}


@pytest.mark.django_db
def test_events_for_webhooks_are_kept_for_a_month() -> None:
    for key, age in (("kept", later.KEEP), ("old", later.KEEP + SECOND)):
        RecordedEvent.objects.create(key=key, at=NOW - age)
    assert tidied(RecordedEvent, "key") == {"kept"}


@pytest.mark.django_db
def test_images_old_deliveries_and_the_recovery_log_have_their_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """What each of them deletes is tested where it is done."""
    called: list[tuple[str, datetime]] = []
    for module, name in ((unused_images, "remove"), (old_deliveries, "roll_up"), (log, "remove_before")):

        def act(configuration: Config, moment: datetime, where: str = module.__name__) -> None:
            called.append((where, moment))

        monkeypatch.setattr(module, name, act)
    housekeeping.tidy(config.current(), NOW)
    assert called == [
        ("newsletter.scheduling.old_deliveries", NOW),
        ("newsletter.scheduling.unused_images", NOW),
        ("newsletter.recovery.log", NOW - housekeeping.KEEP_RECOVERY_LOG),
    ]


def test_copies_of_the_database_are_deleted_after_30_days(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(unused_images, "remove", lambda *_: None)
    kept = {
        "newsletter.db",
        "newsletter.db-wal",
        "config.toml",
        "newsletter.db.before-my-change",
        "newsletter.db.before",
    }
    copies = {"newsletter.db.before-0038", "newsletter.db.replaced-20260105T120000-wal", "newsletter.db.restoring"}
    for name in kept | copies:
        (tmp_path / name).touch()
    configuration, now = replace(config.current(), file=tmp_path / "config.toml"), datetime.now(UTC)
    for days, left in ((29, kept | copies), (31, kept)):
        housekeeping.tidy_folders(configuration, now + days * DAY)
        assert {path.name for path in tmp_path.iterdir() if path.is_file()} == left


@pytest.mark.django_db
def test_letters_are_kept_for_30_days_after_they_were_sent_or_given_up() -> None:
    subscription, limit = add_subscription(joined=NOW), NOW - 30 * DAY
    for name, fields in {
        "sent": {"sent_at": limit - SECOND},
        "just sent": {"sent_at": limit},
        "given up": {"gave_up_at": limit - SECOND},
        "just given up": {"gave_up_at": limit},
        "waiting": {},
    }.items():
        TransactionalEmail.objects.create(
            kind="me",
            subscriber=subscription.subscriber,
            newsletter="kinaforum",
            problem=name,
            created=limit - DAY,
            **fields,
        )
    assert tidied(TransactionalEmail, "problem") == {"just sent", "just given up", "waiting"}


@pytest.mark.django_db
def test_unconfirmed_requests_are_kept_for_30_days() -> None:
    limit = NOW - 30 * DAY
    pending, states = Subscription.State.PENDING, Subscription.State

    def asked(name: str, created: datetime, at: datetime, how: str = "form", state: str = pending) -> None:
        subscription = add_subscription(f"{name}@reader.example", state=state, joined=created)
        Subscriber.objects.filter(pk=subscription.subscriber_id).update(created=created)
        Consent.objects.create(subscription=subscription, how=how, at=at)

    asked("old", limit - SECOND, limit - SECOND)
    asked("young", limit, limit - SECOND)
    asked("again", limit - DAY, limit)
    asked("imported", limit - DAY, limit - DAY, how="import")
    asked("active", limit - DAY, limit - DAY, state=states.ACTIVE)
    asked("left", limit - DAY, limit - DAY, state=states.UNSUBSCRIBED)
    kept = {f"{name}@reader.example" for name in ("young", "again", "imported", "active", "left")}
    assert tidied(Subscriber, "key") == kept


@pytest.mark.django_db
def test_a_subscriber_without_subscriptions_is_kept_for_30_days() -> None:
    for name, ago in (("old", 30 * DAY + SECOND), ("young", 30 * DAY)):
        made = Subscriber.objects.named(f"{name}@reader.example", f"{name}@reader.example")
        Subscriber.objects.filter(pk=made.pk).update(created=NOW - ago)
    assert tidied(Subscriber, "key") == {"young@reader.example"}


@pytest.mark.django_db
def test_sets_of_posts_are_deleted_that_no_subscription_and_no_base_has() -> None:
    def key(newsletter: str, *ordinals: int) -> int:
        return OfferedSet.objects.key_of(newsletter, Ordinals.of(ordinals))

    subscription = add_subscription(joined=NOW - DAY)
    states = dict(enumerate(Subscription.State.values, start=1))
    for number, state in states.items():
        Subscription.objects.filter(pk=subscription.pk).update(state=state, offered=key("kinaforum", number))
        assert tidied(OfferedSet, "posts") == {str(number)}
    for cadence, ordinal, is_on in (("day", 8, True), ("week", 9, False)):
        Base.objects.create(newsletter="daily", cadence=cadence, offered_id=key("daily", ordinal), is_on=is_on)
    key("daily", 8, 9)
    key("daily", *states)
    key("no longer configured", 1)
    assert tidied(OfferedSet, "posts") == {str(max(states)), "8", "9"}


@pytest.mark.django_db
def test_subscribers_who_left_three_years_ago_are_erased() -> None:
    subscription = add_subscription(joined=NOW - 2000 * DAY)
    Subscriber.objects.update(created=NOW - 2000 * DAY)
    preferences.unsubscribe(subscription.pk, NOW - 3 * 366 * DAY)
    assert tidied(Subscriber, "key", NOW) == {"kari@reader.example"}
    assert tidied(Subscriber, "key", NOW + SECOND) == set()


@pytest.mark.django_db
def test_counts_are_forgotten_when_their_window_ends() -> None:
    hour = timedelta(hours=1)
    begins = NOW - hour  # a whole hour
    Hits.objects.increment(begins, hour, "network")
    housekeeping.tidy(config.current(), NOW - SECOND)
    assert Hits.objects.counts(NOW - SECOND, hour, "network") == [1]
    housekeeping.tidy(config.current(), NOW)
    assert not Hits.objects.exists()


SCRIPT = """
from datetime import UTC, datetime
from pathlib import Path
from newsletter import config, later
from newsletter.scheduling import housekeeping
log = Path("newsletter.db-wal")
housekeeping.Notice.objects.create(newsletter="daily", kind="draft", text="new", at=datetime.now(UTC))
before = log.stat().st_size
housekeeping.tidy(config.current(), datetime.now(UTC))
print(before > 0, log.stat().st_size)
"""


@pytest.mark.e2e
def test_erased_texts_do_not_stay_in_the_write_ahead_log(site: Callable[[str], Site], tmp_path: Path) -> None:
    text = with_daily("""
[[newsletters.daily.sources]]
url = "http://127.0.0.1:9/daily"
""")
    here = site(text)
    assert here.run("manage", "shell", "-v", "0", "-c", SCRIPT).stdout.split() == ["True", "0"]
