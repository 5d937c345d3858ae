"""Readers who gave no sign for long are asked once, spread over weeks; who doesn't answer is listed, never ended."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from hypothesis import given, strategies as st

from newsletter import config
from newsletter.config import Newsletter
from subscribers import asking, preferences
from subscribers.models import Subscription, Suppression, TransactionalEmail
from subscribers.tokens import link_token
from subscribers.transactional import compose
from tests.subscribers.make import add_subscription

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 6, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def newsletter(ask_again: str = "24 months") -> Newsletter:
    """Let the newsletter ask again; return it as it is in force."""
    found = config.current()
    changed = replace(found.newsletters["kinaforum"], ask_again=ask_again)
    config.use(replace(found, newsletters={**found.newsletters, "kinaforum": changed}))
    return changed


def reader(number: int = 1, days: int = 800) -> Subscription:
    """A subscriber who confirmed so many days ago, and gave no sign since."""
    subscription = add_subscription(f"r{number}@reader.example")
    at = NOW - days * DAY
    Subscription.objects.filter(pk=subscription.pk).update(created=at, joined=at, heard_at=at)
    return subscription


def asked(at: datetime = NOW) -> int:
    return asking.ask_due(config.current(), at)


def test_nobody_is_asked_by_default() -> None:
    reader()
    assert asked() == 0


def test_a_silent_subscriber_is_asked_once() -> None:
    newsletter()
    subscription = reader()
    assert [asked(NOW + days * DAY) for days in (0, 1, 40, 400)] == [1, 0, 0, 0]
    assert TransactionalEmail.objects.get().subscription == subscription


@pytest.mark.parametrize("sign", ["pause", "cadence", "profile", "recent"])
def test_an_active_subscriber_is_not_asked(sign: str) -> None:
    newsletter()
    subscription = reader(days=30 if sign == "recent" else 800)
    if sign == "pause":
        preferences.pause(subscription, None)
    elif sign == "cadence":
        preferences.choose_cadence(subscription, "")
    elif sign == "profile":
        preferences.update_profile(subscription.subscriber, {"name": "Ola", "language": "nb"})
    assert asked() == 0


@pytest.mark.parametrize("state", ["left", "paused", "blocked", "pending"])
def test_a_subscriber_who_receives_nothing_is_not_asked(state: str) -> None:
    newsletter()
    subscription = reader()
    if state == "left":
        preferences.unsubscribe(subscription.pk, NOW)
    elif state == "paused":
        Subscription.objects.update(paused_until=(NOW + 30 * DAY).date())
    elif state == "blocked":
        Suppression.objects.suppress(subscription.subscriber.key, Suppression.Reason.BOUNCED)
    else:
        Subscription.objects.update(state=Subscription.State.PENDING)
    assert asked() == 0


def test_imported_subscribers_count_from_the_import() -> None:
    newsletter()
    subscription = reader(days=30)
    Subscription.objects.filter(pk=subscription.pk).update(joined=NOW - 3000 * DAY, heard_at=None)
    assert asked() == 0


def test_asking_is_spread_over_weeks() -> None:
    newsletter()
    for number in range(300):
        reader(number)
    days = Counter({day: asked(NOW + day * DAY + timedelta(hours=day % 3)) for day in range(60)})
    assert days.total() == 300
    assert max(days.values()) <= 11
    assert len([day for day in days if days[day]]) >= 28


def test_asking_again_on_a_day_asks_nobody_more() -> None:
    newsletter()
    for number in range(15):
        reader(number)
    assert [asked(NOW + timedelta(minutes=minutes)) for minutes in (0, 1, 60)] == [10, 0, 0]


def test_the_link_answers_only_with_the_button(client: Client) -> None:
    newsletter()
    subscription = reader()
    asked()
    address = f"/still/{link_token(subscription.pk)}"
    before = Subscription.objects.get().heard_at
    assert client.get(address).status_code == 200
    assert Subscription.objects.get().heard_at == before
    assert client.post(address).status_code == 200
    assert Subscription.objects.filter(heard_at__gt=before).exists()
    assert not asking.unanswered(newsletter(), NOW + 31 * DAY).exists()


def test_a_subscriber_who_does_not_answer_is_listed_and_stays_subscribed() -> None:
    newsletter()
    subscription = reader()
    asked()
    assert not asking.unanswered(newsletter(), NOW + 29 * DAY).exists()
    assert list(asking.unanswered(newsletter(), NOW + 31 * DAY)) == [subscription]
    assert Subscription.objects.get().state == Subscription.State.ACTIVE


def test_a_subscriber_who_answered_is_asked_again_after_the_same_time() -> None:
    newsletter()
    subscription = reader()
    asked()
    asking.heard([subscription.pk], NOW + DAY)
    assert asked(NOW + 700 * DAY) == 0
    assert asked(NOW + 735 * DAY) == 1


@pytest.mark.parametrize("happened", ["left", "heard"])
def test_the_question_is_not_sent_to_who_left_or_answered_meanwhile(happened: str) -> None:
    newsletter()
    subscription = reader()
    asked()
    if happened == "left":
        preferences.unsubscribe(subscription.pk, NOW)
    else:
        asking.heard([subscription.pk], NOW)
    assert (
        compose(config.current(), TransactionalEmail.objects.select_related("subscriber", "subscription").get()) is None
    )


def test_the_question_is_in_the_subscribers_language() -> None:
    newsletter()
    subscription = reader()
    subscription.subscriber.language = "de"
    subscription.subscriber.save()
    asked()
    composed = compose(config.current(), TransactionalEmail.objects.select_related("subscriber", "subscription").get())
    assert composed is not None
    assert composed.context["subject"] == "Möchten Sie Kinaforum weiterhin erhalten?"
    assert composed.context["link"].endswith(f"/still/{link_token(subscription.pk)}")


def test_the_page_of_a_test_email_changes_nothing(client: Client) -> None:
    assert b"test" in client.post(f"/still/{link_token(0)}").content
    assert client.get("/still/nothing").status_code == 404


@given(st.datetimes(datetime(1990, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC)), st.integers(6, 120))
def test_months_before_is_the_same_day_or_the_last_of_the_month(at: datetime, months: int) -> None:
    before = asking.months_before(at, months)
    assert (at.year * 12 + at.month) - (before.year * 12 + before.month) == months
    assert before.day == at.day or (before + DAY).day == 1
