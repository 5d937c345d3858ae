"""Webhooks are told by signed requests over real sockets, again after failures, and never on private networks."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from newsletter import background, config
from newsletter.events import delivering, webhooks
from newsletter.events.signed_post import new_secret, signature
from newsletter.models import EventWebhook, RecordedEvent, WebhookDelivery, WebhookDeliveryState
from newsletter.scheduling import housekeeping
from subscribers import admin_actions, preferences
from subscribers.addresses import read_address
from tests.events.receiver import EventReceiver, receiving
from tests.web.make import NOW

pytestmark = pytest.mark.django_db


def told(url: str) -> WebhookDelivery:
    """A delivery to a webhook at this address."""
    webhooks.add(config.current(), url, [], [], by="", now=NOW)
    admin_actions.add("kari@example.org", "kinaforum", consent="by telephone")
    return WebhookDelivery.objects.get()


def attempt(delivery: WebhookDelivery) -> WebhookDelivery:
    """Attempt a delivery, as if it were due, and return it as it is afterwards."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(due=NOW)
    delivering.DELIVER.run(config.current(), delivery=str(delivery.pk))
    delivery.refresh_from_db()
    return delivery


@pytest.fixture
def receiver() -> Iterator[EventReceiver]:
    """A program that accepts what it is told."""
    with receiving(204) as found:
        yield found


def test_it_is_signed_as_the_standard_says(receiver: EventReceiver) -> None:
    delivery = attempt(told(receiver.url))
    given, body = receiver.got[0]
    secret = base64.b64decode(EventWebhook.objects.get().secret.removeprefix("whsec_"))
    signed = f"{given['webhook-id']}.{given['webhook-timestamp']}.".encode() + body
    digest = base64.b64encode(hmac.digest(secret, signed, "sha256")).decode()
    assert given["webhook-signature"] == f"v1,{digest}"
    assert given["webhook-id"] == f"msg_{delivery.event.key}"
    assert delivery.state == WebhookDeliveryState.DELIVERED


def test_the_example_of_the_standard() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    found = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", b'{"test": 2432232314}', 1614265330)
    assert found["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_secrets_differ() -> None:
    assert new_secret() != new_secret()


def test_the_body_says_what_happened(receiver: EventReceiver) -> None:
    attempt(told(receiver.url))
    document = json.loads(receiver.got[0][1])
    assert document["type"] == "subscriber.joined"
    assert document["data"]["address"] == "kari@example.org"
    assert document["data"]["newsletter"] == "kinaforum"


def test_events_of_an_erased_subscriber_have_only_a_number(receiver: EventReceiver) -> None:
    delivery = told(receiver.url)
    preferences.forget(read_address("kari@example.org"))
    attempt(delivery)
    assert b"kari" not in receiver.got[0][1]


def test_it_is_attempted_again_with_the_same_id() -> None:
    with receiving(500, 204) as receiver:
        delivery = attempt(told(receiver.url))
        assert (delivery.state, delivery.status, delivery.attempts) == (WebhookDeliveryState.PENDING, 500, 1)
        assert delivery.due > timezone.now()
        assert attempt(delivery).state == WebhookDeliveryState.DELIVERED
    (first, _), (second, _) = receiver.got
    assert first["webhook-id"] == second["webhook-id"]


def test_after_the_last_attempt_it_has_failed_and_can_be_replayed() -> None:
    with receiving(503) as receiver:
        delivery = told(receiver.url)
        pauses = []
        while delivery.state == WebhookDeliveryState.PENDING:
            before = timezone.now()
            attempt(delivery)
            pauses.append(delivery.due - before)
        assert len(receiver.got) == len(delivering.PAUSES) + 1
        assert all(pause >= wanted for pause, wanted in zip(pauses, delivering.PAUSES, strict=False))
        receiver.answers[:] = [200]
        delivering.replay(delivery, NOW)
        assert attempt(delivery).state == WebhookDeliveryState.DELIVERED


@pytest.mark.parametrize("status", [200, 410, 503])
def test_an_event_replayed_during_an_attempt_is_due_at_once(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    post = delivering._post

    def replayed_meanwhile(configuration: config.Config, row: WebhookDelivery) -> tuple[int | None, str]:
        answer = post(configuration, row)
        delivering.replay(row, NOW)
        return answer

    monkeypatch.setattr(delivering, "_post", replayed_meanwhile)
    with receiving(status) as receiver:
        delivery = attempt(told(receiver.url))
    assert (delivery.due, delivery.attempts, delivery.status) == (NOW, 0, None)
    stopped = EventWebhook.objects.get().stopped_at is not None
    state = WebhookDeliveryState.FAILED if status == 410 else WebhookDeliveryState.PENDING
    assert (delivery.state, stopped) == (state, status == 410)


def test_it_is_not_attempted_before_it_is_due_nor_twice_at_once(receiver: EventReceiver) -> None:
    delivery = told(receiver.url)
    WebhookDelivery.objects.update(due=timezone.now() + timedelta(hours=1))
    delivering.DELIVER.run(config.current(), delivery=str(delivery.pk))
    assert receiver.got == []
    attempt(delivery)
    delivering.DELIVER.run(config.current(), delivery=str(delivery.pk))
    assert len(receiver.got) == 1


def test_an_address_that_is_gone_is_told_nothing_more() -> None:
    with receiving(410) as receiver:
        assert attempt(told(receiver.url)).state == WebhookDeliveryState.FAILED
        admin_actions.add("ola@example.org", "kinaforum", consent="by telephone")
    assert EventWebhook.objects.get().stopped_at is not None
    assert WebhookDelivery.objects.count() == 1
    assert RecordedEvent.objects.count() == 2


def test_a_redirect_is_not_followed() -> None:
    with receiving(302) as receiver:
        assert attempt(told(receiver.url)).status == 302
    assert len(receiver.got) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "0.0.0.0"])
def test_a_private_address_is_never_connected_to(receiver: EventReceiver, host: str) -> None:
    strict = replace(config.current().collect, allow_private_addresses=False)
    config.use(replace(config.current(), collect=strict))
    delivery = attempt(told(receiver.url.replace("127.0.0.1", host)))
    assert receiver.got == []
    assert "is not a public address" in delivery.problem


def test_a_connection_that_is_refused_is_attempted_again() -> None:
    with receiving(204) as receiver:
        url = receiver.url
    delivery = attempt(told(url))
    assert (delivery.state, delivery.status, delivery.problem) == (
        WebhookDeliveryState.PENDING, None, "ConnectionRefusedError",
    )  # fmt: skip


def test_due_deliveries_are_handed_out(receiver: EventReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery, found = told(receiver.url), []
    monkeypatch.setattr(background, "enqueue", lambda task, key, **given: found.append((task.lane, given)))
    delivering.hand_out(config.current(), timezone.now())
    assert found == [(f"webhook {delivery.webhook_id}", {"delivery": str(delivery.pk)})]


def test_events_are_deleted_after_a_month(receiver: EventReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    told(receiver.url)
    monkeypatch.setattr(preferences, "empty_write_ahead_log", lambda: None)
    housekeeping.tidy_database(config.current(), timezone.now() + delivering.KEEP + timedelta(minutes=1))
    assert not RecordedEvent.objects.exists()
    assert not WebhookDelivery.objects.exists()


@pytest.mark.parametrize("url", ["", "shop.example", "ftp://shop.example/", "https://", "http://[", "https://a b/"])
def test_an_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(webhooks.WebhookProblem):
        webhooks.add(config.current(), url, [], [], by="", now=NOW)
