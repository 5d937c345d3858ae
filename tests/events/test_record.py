"""Each event is recorded once, in the transaction in which it happens, without addresses."""

import pytest
from django.db import transaction
from django.utils import timezone

from newsletter import config
from newsletter.bounces import policy
from newsletter.editions import approval
from newsletter.events import record, webhooks
from newsletter.events.record import EventKind
from newsletter.models import Bounce, Delivery, Edition, LaterWork, RecordedEvent
from newsletter.sending import lifecycle
from subscribers import admin_actions, erasure, preferences
from subscribers.addresses import read_address
from subscribers.models import Subscription
from tests.web import make
from tests.web.make import NOW

pytestmark = pytest.mark.django_db


def kinds() -> list[str]:
    return list(RecordedEvent.objects.order_by("pk").values_list("kind", flat=True))


def reader() -> Subscription:
    """Someone who is subscribed."""
    admin_actions.add("kari@example.org", "kinaforum", consent="by telephone")
    return Subscription.objects.get()


def test_an_edition_is_drafted_approved_and_sent() -> None:
    from dataclasses import replace

    configuration = config.use(replace(config.current(), allow_local_links=True))
    draft = make.draft("Et hus ved havet")
    make.draft("Vinterlys")
    approved = approval.approve(configuration, draft, now=NOW)
    approval.queue(configuration, approved, now=NOW)
    lifecycle.begin_due(configuration, NOW)
    lifecycle.complete(["kinaforum"], NOW)
    assert kinds() == ["edition.drafted", "edition.approved", "edition.sent"]
    event = RecordedEvent.objects.latest("pk")
    assert (event.edition, event.data["deliveries"]["audience"]) == (f"kinaforum/{make.PERIOD}", 0)


def test_a_person_joins_changes_and_leaves() -> None:
    subscription = reader()
    admin_actions.add("kari@example.org", "kinaforum", consent="again")
    admin_actions.set_tags(subscription, ["film"])
    admin_actions.rename(subscription.subscriber, "Kari")
    preferences.pause(subscription, NOW.date())
    preferences.unsubscribe(subscription.pk, NOW)
    preferences.unsubscribe(subscription.pk, NOW)
    assert kinds() == ["subscriber.joined", *["subscriber.changed"] * 3, "subscriber.left"]
    assert "kari" not in str(list(RecordedEvent.objects.values())).lower()


def test_erasing_a_subscriber_records_that_they_left() -> None:
    reader()
    erasure.forget(read_address("kari@example.org"))
    assert kinds() == ["subscriber.joined", "subscriber.left"]


@pytest.mark.parametrize(
    ("kind", "event"), [(Bounce.Kind.HARD, "email.bounced"), (Bounce.Kind.COMPLAINT, "email.complained")]
)
def test_bounces_are_recorded(kind: Bounce.Kind, event: str) -> None:
    subscription, edition = reader(), make.draft("Et hus ved havet")
    Edition.objects.update(began_at=NOW)
    delivery = Delivery(edition=edition, number=1, subscription_id=subscription.pk)
    delivery.save(force_insert=True)
    bounce = Bounce.objects.create(edition=edition, number=1, kind=kind, status="5.1.1", mail="x", at=NOW)
    policy.apply(bounce, delivery, NOW)
    found = RecordedEvent.objects.get(kind=event)
    assert (found.subscription, found.data) == (subscription.pk, {"kind": kind, "status": "5.1.1"})


def test_an_event_that_is_rolled_back_is_not_delivered() -> None:
    webhooks.add(config.current(), "https://shop.example/hook", [], [], by="", now=NOW)
    with transaction.atomic():
        reader()
        transaction.set_rollback(True)
    assert kinds() == []
    assert not LaterWork.objects.exists()


@pytest.mark.parametrize(
    ("wanted", "newsletters", "count"),
    [([], [], 1), (["subscriber.joined"], ["kinaforum"], 1), (["edition.sent"], [], 0), ([], ["daily"], 0)],
)
def test_a_webhook_is_told_of_what_it_wants(wanted: list[str], newsletters: list[str], count: int) -> None:
    chosen = [EventKind(each) for each in wanted]
    webhooks.add(config.current(), "https://shop.example/hook", chosen, newsletters, by="", now=NOW)
    record.of_subscriptions(EventKind.SUBSCRIBER_JOINED, [reader().pk][:0], timezone.now())
    assert LaterWork.objects.count() == count
