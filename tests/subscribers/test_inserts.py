"""Rows that are inserted without the ORM are those that it would have stored."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from django.db import IntegrityError, models

from newsletter.events.record import EventKind
from newsletter.models import RecordedEvent
from subscribers.models import Consent, EmailKind, Subscriber, Subscription, TransactionalEmail
from subscribers.models.inserts import insert_all, insert_numbered
from tests.subscribers.make import AT, add_subscription

pytestmark = pytest.mark.django_db

FIELDS = ("key", "address", "domain", "address_hash", "domain_hash", "name", "created")
LATER = datetime(2026, 3, 1, 7, 30, 15, 123456, tzinfo=UTC)


def subscriber(key: str) -> Subscriber:
    return Subscriber(key=key, address=key.title(), name="Ænå", created=AT, **Subscriber.hashed(key))


def subscription(owner: int) -> Subscription:
    return Subscription(
        subscriber_id=owner,
        newsletter="kinaforum",
        state=Subscription.State.ACTIVE,
        paused_until=date(2026, 4, 1),
        tags=("oslo", "film"),
        created=AT,
        joined=LATER,
        topics="culture",
        offered_id=7,
        returns=True,
        welcome_from=LATER,
    )


def consent(subscription: int) -> Consent:
    return Consent(subscription_id=subscription, how=Consent.How.FORM, text="Yes: % %s", at=LATER, network="192.0.2.0")


def transactional_email(subscription: int) -> TransactionalEmail:
    owner = Subscriber.objects.order_by("pk").values_list("pk", flat=True)[0]
    return TransactionalEmail(
        kind=EmailKind.CONFIRM,
        subscriber_id=owner,
        subscription_id=subscription,
        payload={"consent": 3, "æ": "å"},
        due=AT,
    )


def event(subscription: int) -> RecordedEvent:
    return RecordedEvent(
        key=f"key-{subscription}", kind=EventKind.SUBSCRIBER_LEFT, newsletter="a", subscription=subscription, at=AT
    )


@pytest.mark.parametrize("make", [subscription, consent, transactional_email, event])
def test_a_row_is_stored_as_by_the_orm(make: Callable[[int], models.Model]) -> None:
    one, other = add_subscription("kari@reader.example", "first"), add_subscription("ola@reader.example", "first")
    numbers = (one.subscriber_id, other.subscriber_id) if make is subscription else (one.pk, other.pk)
    by_orm, by_hand = (make(number) for number in numbers)
    if isinstance(by_orm, TransactionalEmail):
        by_hand.created = by_orm.created  # type: ignore[attr-defined]
    type(by_orm)._default_manager.bulk_create([by_orm])
    insert_all([by_hand])
    first, second = type(by_orm)._default_manager.order_by("-pk").values()[:2]
    differing = {"id", "key", "subscriber_id" if make is subscription else "subscription_id", "subscription"}
    assert {k: v for k, v in first.items() if k not in differing} == {
        k: v for k, v in second.items() if k not in differing
    }
    assert first["id"] != second["id"]


def test_a_person_is_stored_as_by_the_orm() -> None:
    Subscriber.objects.bulk_create([subscriber("kari@reader.example")])
    insert_all([subscriber("ola@reader.example")])
    first, second = Subscriber.objects.order_by("pk").values("name", "language", "created", "moved_at", "domain")
    assert first == second


def test_nothing_is_nothing() -> None:
    insert_all(iter(()))
    assert not Subscriber.objects.exists()


def test_a_stored_row_stays_as_it_is() -> None:
    insert_all([subscriber("kari@reader.example")])
    changed, new = subscriber("kari@reader.example"), subscriber("ola@reader.example")
    changed.name = "Somebody else"
    insert_all([changed, new], unless_stored=True)
    assert list(Subscriber.objects.order_by("pk").values_list("key", "name")) == [
        ("kari@reader.example", "Ænå"),
        ("ola@reader.example", "Ænå"),
    ]


def test_a_repetition_is_an_error_where_none_is_expected() -> None:
    insert_all([subscriber("kari@reader.example")])
    with pytest.raises(IntegrityError):
        insert_all([subscriber("kari@reader.example")])


def test_numbered_rows_know_their_keys_and_leave_the_next_ones_free() -> None:
    first = Subscriber.objects.create(**{f: getattr(subscriber("a@reader.example"), f) for f in FIELDS})
    people = [subscriber("b@reader.example"), subscriber("c@reader.example")]
    insert_numbered(people)
    last = Subscriber.objects.create(**{f: getattr(subscriber("d@reader.example"), f) for f in FIELDS})
    keys = dict(Subscriber.objects.values_list("key", "pk"))
    assert [keys[each.key] for each in people] == [each.pk for each in people]
    assert len({first.pk, *(each.pk for each in people), last.pk}) == 4
    subscriptions = [subscription(each.pk) for each in people]
    insert_numbered(subscriptions)
    by_orm = subscription(last.pk)
    by_orm.save()
    plain = [each.name for each in Subscription._meta.concrete_fields if each.name not in ("id", "subscriber")]
    stored = [Subscription.objects.filter(pk=each.pk).values(*plain).get() for each in (*subscriptions, by_orm)]
    assert stored[0] == stored[1] == stored[2]
