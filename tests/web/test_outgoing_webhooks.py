"""The pages of webhooks and of what they were told."""

import pytest
from django.test import Client

from newsletter import config
from newsletter.events import webhooks
from newsletter.messages.delivery import ALERT_ANSWERED
from newsletter.models import Act, EventWebhook, LaterWork
from subscribers import admin_actions
from tests.web.make import NOW

AGAIN = "Send failed events again"
FORM = {"url": "https://shop.example/hook", "kinds": ["subscriber.joined"], "newsletters": ["kinaforum"]}


@pytest.fixture
def failed(db: None) -> LaterWork:
    """A delivery that has failed."""
    webhooks.add(config.current(), "https://shop.example/hook", [], [], by="", now=NOW)
    admin_actions.add("kari@example.org", "kinaforum", consent="by telephone")
    LaterWork.objects.update(gave_up_at=NOW, attempts=10, problem=ALERT_ANSWERED(status="500"))
    return LaterWork.objects.get()


def test_a_webhook_is_added_and_its_secret_shown(admin: Client) -> None:
    page = admin.post("/desk/webhooks/", FORM, follow=True).content.decode()
    row = EventWebhook.objects.get()
    assert (row.kinds, row.newsletters) == (["subscriber.joined"], ["kinaforum"])
    assert row.secret in page
    assert '<details class="card" open><summary>Secret' in page
    assert AGAIN not in page, "nothing has failed"
    listed = admin.get("/desk/webhooks/").content.decode()
    assert "https://shop.example/hook" in listed
    assert "No events yet" in listed
    assert "All delivered" not in listed
    assert "Someone subscribed (subscriber.joined)" in listed


def test_an_address_that_is_none_is_refused_and_kept(admin: Client) -> None:
    answer = admin.post("/desk/webhooks/", {**FORM, "url": "shop"})
    assert answer.status_code == 422
    assert 'value="shop"' in answer.content.decode()
    assert not EventWebhook.objects.exists()


def test_the_log_shows_what_failed(admin: Client, failed: LaterWork) -> None:
    page = admin.get(f"/desk/webhooks/{failed.payload['webhook']}/").content.decode()
    assert "subscriber.joined" in page
    assert "500" in page
    assert AGAIN in page
    assert "1 failed" in admin.get("/desk/webhooks/").content.decode()


@pytest.mark.parametrize("act", ["replay", "replay-failed"])
def test_a_failed_delivery_is_sent_again(admin: Client, failed: LaterWork, act: str) -> None:
    admin.post(f"/desk/webhooks/{failed.payload['webhook']}/act/", {"act": act, "delivery": failed.pk})
    failed.refresh_from_db()
    assert (failed.gave_up_at, failed.attempts) == (None, 0)


def test_a_webhook_is_removed_with_its_log(admin: Client, failed: LaterWork) -> None:
    admin.post(f"/desk/webhooks/{failed.payload['webhook']}/act/", {"act": "remove"})
    assert not LaterWork.objects.exists()
    assert Act.objects.latest("pk").what.code == "act.webhook-removed"
