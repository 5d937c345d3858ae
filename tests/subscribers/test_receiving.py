"""Who gets an edition, and why others do not."""

from datetime import date, timedelta

import pytest
from django.db import connection

from subscribers.models import Subscription, Suppression
from tests.subscribers.make import AT, subscription

pytestmark = pytest.mark.django_db
State = Subscription.State


def receiving() -> list[str]:
    return sorted(s.subscriber.address for s in Subscription.objects.receiving("kinaforum", AT))


def test_the_active_get_it() -> None:
    subscription()
    subscription("waits@reader.example", state=State.PENDING)
    subscription("left@reader.example", state=State.UNSUBSCRIBED)
    subscription("elsewhere@reader.example", newsletter="daily")
    assert receiving() == ["kari@reader.example"]


@pytest.mark.parametrize(("until", "gets"), [(None, 1), (date(2026, 2, 6), 1), (date(2026, 2, 7), 0)])
def test_who_rests_gets_it_again_on_the_day(until: date | None, gets: int) -> None:
    Subscription.objects.filter(pk=subscription().pk).update(paused_until=until)
    assert len(receiving()) == gets


def test_the_day_is_that_of_the_newsletter() -> None:
    Subscription.objects.filter(pk=subscription().pk).update(paused_until=date(2026, 2, 7))
    almost_midnight_utc = AT.replace(hour=23, minute=30)
    assert Subscription.objects.receiving("kinaforum", almost_midnight_utc).count() == 1


@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_the_suppressed_do_not(reason: str) -> None:
    subscription()
    Suppression.objects.suppress("kari@reader.example", reason)
    assert receiving() == []


def test_a_whole_domain_does_not() -> None:
    subscription()
    subscription("ola@sub.reader.example")
    Suppression.objects.suppress_domain("reader.example", Suppression.Reason.BY_HAND)
    assert receiving() == ["ola@sub.reader.example"]


def test_a_chunk_can_be_checked_again() -> None:
    numbers = [subscription(f"{n}@reader.example").pk for n in "abc"]
    Suppression.objects.suppress("b@reader.example", Suppression.Reason.COMPLAINED)
    still = Subscription.objects.receiving("kinaforum", AT).filter(pk__in=numbers[:2])
    assert list(still.values_list("pk", flat=True)) == numbers[:1]


def test_it_does_for_insert_select() -> None:
    number = subscription(tags=("film",)).pk
    chosen = Subscription.objects.receiving("kinaforum", AT, "tag = film").values("pk")
    sql, parameters = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE frozen (pk bigint)")
        cursor.execute(f"INSERT INTO frozen {sql}", parameters)
        cursor.execute("SELECT pk FROM frozen")
        assert cursor.fetchall() == [(number,)]
        cursor.execute("DROP TABLE frozen")


def test_the_others_are_counted_with_the_reason() -> None:
    subscription()
    subscription("waits@reader.example", state=State.PENDING)
    subscription("left@reader.example", state=State.UNSUBSCRIBED)
    rests = subscription("rests@reader.example")
    Subscription.objects.filter(pk=rests.pk).update(paused_until=AT.date() + timedelta(days=9))
    subscription("shut@reader.example", tags=("film",))
    Suppression.objects.suppress("shut@reader.example", Suppression.Reason.BY_HAND)
    subscription("film@reader.example", tags=("film",))
    expected = {"pending": 1, "unsubscribed": 1, "paused": 1, "suppressed": 1, "filter": 1}
    assert Subscription.objects.excluded("kinaforum", AT, "tag = film") == expected
