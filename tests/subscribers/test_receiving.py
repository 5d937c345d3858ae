"""Who receives an edition, and why others don't."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from django.db import connection

from newsletter import config
from newsletter.config import Newsletter
from subscribers.models import Subscription, Suppression
from tests.subscribers.make import AT, add_subscription

pytestmark = pytest.mark.django_db
State = Subscription.State


def kinaforum(where: str = "") -> Newsletter:
    return replace(config.current().newsletters["kinaforum"], where=where)


def receiving() -> list[str]:
    return sorted(s.subscriber.address for s in Subscription.objects.receiving(kinaforum(), AT))


def test_active_subscribers_receive_it() -> None:
    add_subscription()
    add_subscription("waits@reader.example", state=State.PENDING)
    add_subscription("left@reader.example", state=State.UNSUBSCRIBED)
    add_subscription("elsewhere@reader.example", newsletter="daily")
    assert receiving() == ["kari@reader.example"]


@pytest.mark.parametrize(("until", "gets"), [(None, 1), (date(2026, 2, 6), 1), (date(2026, 2, 7), 0)])
def test_a_paused_subscription_resumes_on_its_date(until: date | None, gets: int) -> None:
    Subscription.objects.filter(pk=add_subscription().pk).update(paused_until=until)
    assert len(receiving()) == gets


def test_the_date_is_in_the_newsletters_time_zone() -> None:
    Subscription.objects.filter(pk=add_subscription().pk).update(paused_until=date(2026, 2, 7))
    almost_midnight_utc = AT.replace(hour=23, minute=30)
    assert Subscription.objects.receiving(kinaforum(), almost_midnight_utc).count() == 1


@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_blocked_addresses_do_not_receive_it(reason: str) -> None:
    add_subscription()
    Suppression.objects.suppress("kari@reader.example", reason)
    assert receiving() == []


def test_blocked_domains_do_not_receive_it() -> None:
    add_subscription()
    add_subscription("ola@sub.reader.example")
    Suppression.objects.suppress_domain("reader.example", Suppression.Reason.BY_HAND)
    assert receiving() == ["ola@sub.reader.example"]


def test_a_chunk_can_be_checked_again() -> None:
    numbers = [add_subscription(f"{n}@reader.example").pk for n in "abc"]
    Suppression.objects.suppress("b@reader.example", Suppression.Reason.COMPLAINED)
    still = Subscription.objects.receiving(kinaforum(), AT).filter(pk__in=numbers[:2])
    assert list(still.values_list("pk", flat=True)) == numbers[:1]


def test_the_query_works_in_insert_select() -> None:
    number = add_subscription(tags=("film",)).pk
    chosen = Subscription.objects.receiving(kinaforum("tag = film"), AT).values("pk")
    sql, parameters = chosen.query.sql_with_params()
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE frozen (pk bigint)")
        cursor.execute(f"INSERT INTO frozen {sql}", parameters)
        cursor.execute("SELECT pk FROM frozen")
        assert cursor.fetchall() == [(number,)]
        cursor.execute("DROP TABLE frozen")


def test_excluded_subscribers_are_counted_by_reason() -> None:
    add_subscription()
    add_subscription("waits@reader.example", state=State.PENDING)
    add_subscription("left@reader.example", state=State.UNSUBSCRIBED)
    rests = add_subscription("rests@reader.example")
    Subscription.objects.filter(pk=rests.pk).update(paused_until=AT.date() + timedelta(days=9))
    add_subscription("shut@reader.example", tags=("film",))
    Suppression.objects.suppress("shut@reader.example", Suppression.Reason.BY_HAND)
    add_subscription("film@reader.example", tags=("film",))
    expected = {"pending": 1, "unsubscribed": 1, "paused": 1, "suppressed": 1, "filter": 1}
    assert Subscription.objects.excluded(kinaforum("tag = film"), AT) == expected
