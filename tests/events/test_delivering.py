"""Webhooks are told by signed requests over real sockets, again after failures, and never on private networks."""

import base64
import hmac
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from newsletter import config, later
from newsletter.events import delivering, signed_post, webhooks
from newsletter.events.signed_post import new_secret, signature
from newsletter.later import attempts
from newsletter.models import EventWebhook, LaterWork, RecordedEvent
from newsletter.scheduling import housekeeping
from subscribers import admin_actions, erasure
from subscribers.addresses import read_address
from tests.events.receiver import EventReceiver, receiving
from tests.web.make import NOW

pytestmark = pytest.mark.django_db


def told(url: str) -> LaterWork:
    """A delivery to a webhook at this address."""
    webhooks.add(config.current(), url, [], [], by="", now=NOW)
    admin_actions.add("kari@example.org", "kinaforum", consent="by telephone")
    return LaterWork.objects.get()


def run_due(now: datetime) -> None:
    """Tell the webhooks what is due."""
    later.run_due(config.current(), now, delivering.tell)


def attempt(delivery: LaterWork) -> LaterWork:
    """Attempt a delivery, as if it were due, and return it as it is afterwards."""
    LaterWork.objects.filter(pk=delivery.pk).update(due=NOW)
    run_due(timezone.now())
    delivery.refresh_from_db()
    return delivery


def state(delivery: LaterWork) -> str:
    """What became of a delivery."""
    return "delivered" if delivery.done_at else "failed" if delivery.gave_up_at else "pending"


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
    assert given["webhook-id"] == f"msg_{RecordedEvent.objects.get().key}"
    assert state(delivery) == "delivered"


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
    erasure.forget(read_address("kari@example.org"))
    attempt(delivery)
    assert b"kari" not in receiver.got[0][1]


def test_it_is_attempted_again_with_the_same_id() -> None:
    with receiving(500, 204) as receiver:
        delivery = attempt(told(receiver.url))
        assert (state(delivery), delivery.payload["status"], delivery.attempts) == ("pending", 500, 1)
        assert delivery.due > timezone.now()
        assert state(attempt(delivery)) == "delivered"
    (first, _), (second, _) = receiver.got
    assert first["webhook-id"] == second["webhook-id"]


def test_after_the_last_attempt_it_has_failed_and_can_be_replayed() -> None:
    with receiving(503) as receiver:
        delivery = told(receiver.url)
        pauses = []
        while state(delivery) == "pending":
            before = timezone.now()
            attempt(delivery)
            pauses.append(delivery.due - before)
        assert len(receiver.got) == len(delivering.PAUSES) + 1
        assert all(pause >= wanted for pause, wanted in zip(pauses, delivering.PAUSES, strict=False))
        receiver.answers[:] = [200]
        later.retry(LaterWork.objects.all(), NOW)
        assert state(attempt(delivery)) == "delivered"


@pytest.mark.parametrize("status", [200, 410, 503])
def test_an_event_replayed_during_an_attempt_is_due_at_once(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    send = signed_post.send

    def replayed_meanwhile(*arguments: Any, **named: Any) -> tuple[int | None, str]:
        answer = send(*arguments, **named)
        later.retry(LaterWork.objects.all(), NOW)
        return answer

    monkeypatch.setattr(signed_post, "send", replayed_meanwhile)
    with receiving(status) as receiver:
        delivery = attempt(told(receiver.url))
    assert (delivery.due, delivery.attempts, state(delivery)) == (NOW, 0, "pending")
    assert (EventWebhook.objects.get().stopped_at is not None) == (status == 410)


def test_it_is_not_attempted_before_it_is_due_nor_twice_at_once(receiver: EventReceiver) -> None:
    delivery = told(receiver.url)
    LaterWork.objects.update(due=timezone.now() + timedelta(hours=1))
    run_due(timezone.now())
    assert receiver.got == []
    attempt(delivery)
    run_due(timezone.now())
    assert len(receiver.got) == 1


def test_an_address_that_is_gone_is_told_nothing_more() -> None:
    with receiving(410) as receiver:
        assert state(attempt(told(receiver.url))) == "failed"
        admin_actions.add("ola@example.org", "kinaforum", consent="by telephone")
    assert EventWebhook.objects.get().stopped_at is not None
    assert LaterWork.objects.count() == 1
    assert RecordedEvent.objects.count() == 2


def test_a_redirect_is_not_followed() -> None:
    with receiving(302) as receiver:
        assert attempt(told(receiver.url)).payload["status"] == 302
    assert len(receiver.got) == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "2130706433", "[::1]", "0.0.0.0"])
def test_a_private_address_is_never_connected_to(receiver: EventReceiver, host: str) -> None:
    strict = replace(config.current().collect, allow_private_addresses=False)
    config.use(replace(config.current(), collect=strict))
    delivery = attempt(told(receiver.url.replace("127.0.0.1", host)))
    assert receiver.got == []
    assert "is not a public address" in str(delivery.problem)


def test_a_connection_that_is_refused_is_attempted_again() -> None:
    with receiving(204) as receiver:
        url = receiver.url
    delivery = attempt(told(url))
    assert (state(delivery), str(delivery.problem)) == ("pending", "ConnectionRefusedError")


def test_due_deliveries_are_handed_out(receiver: EventReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    delivery, tasks = told(receiver.url), []
    monkeypatch.setattr(attempts, "enqueue_all", lambda task, arguments: tasks.append((task.lane, arguments)))
    later.hand_out(config.current(), timezone.now())
    number = str(delivery.pk)
    assert tasks == [(f"webhook {EventWebhook.objects.get().pk}", {number: {"work": number}})]


def test_events_are_deleted_after_a_month(receiver: EventReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    attempt(told(receiver.url))
    monkeypatch.setattr(erasure, "empty_write_ahead_log", lambda: None)
    housekeeping.tidy_database(config.current(), timezone.now() + later.KEEP + timedelta(minutes=1))
    assert not RecordedEvent.objects.exists()
    assert not LaterWork.objects.exists()


@pytest.mark.parametrize("url", ["", "shop.example", "ftp://shop.example/", "https://", "http://[", "https://a b/"])
def test_an_invalid_url_is_refused(url: str) -> None:
    with pytest.raises(webhooks.WebhookProblem):
        webhooks.add(config.current(), url, [], [], by="", now=NOW)
