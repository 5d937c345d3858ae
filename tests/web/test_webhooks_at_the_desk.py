"""Pages of the desk about webhooks: addresses, keys, and when the last event came."""

import base64
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest
from django.test import Client

from newsletter import config
from newsletter.models import WebhookEvent
from newsletter.web.hooks.provider_views import WEBHOOKS
from tests.doubles.providers import DOUBLES
from tests.web.webhook_reports import accepted, posted, report

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("webhook_keys")]


@pytest.mark.parametrize("provider", WEBHOOKS)
def test_the_desk_shows_what_to_enter_and_when_the_last_event_came(provider: str, admin: Client) -> None:
    config.use(replace(config.current(), delivery=replace(config.current().delivery, provider=provider)))
    before = admin.get("/desk/settings/webhooks/").content.decode()
    accepted()
    posted(provider, report(provider, DOUBLES[provider].kinds[0]))
    WebhookEvent.objects.update(received_at=datetime.now(UTC) - timedelta(minutes=2))
    after = admin.get("/desk/settings/webhooks/").content.decode()
    assert f"localhost:8000/hooks/{provider}/" in after
    assert "No events yet" in before
    assert "Last event 2 minutes ago" in after


def test_the_address_at_the_desk_is_accepted(admin: Client) -> None:
    config.use(replace(config.current(), delivery=replace(config.current().delivery, provider="brevo")))
    page = admin.get("/desk/settings/webhooks/").content.decode()
    (credentials,) = re.findall(r"http://([^@]+)@localhost:8000/hooks/brevo/", page)
    basic = base64.b64encode(unquote(credentials).encode()).decode()
    call = replace(report("brevo", "hard"), headers={"Authorization": f"Basic {basic}"})
    assert posted("brevo", call) == 200


def test_the_desk_says_where_a_missing_key_is_entered(admin: Client) -> None:
    config.use(replace(config.current(), delivery=config.DeliverySettings(provider="resend")))
    page = admin.get("/desk/settings/webhooks/").content.decode()
    assert "Resend signs its calls" in page
    assert 'href="/desk/settings/site/providers/"' in page


@pytest.mark.parametrize(("provider", "said"), [("smtp", "has no webhooks"), ("scaleway", "receive webhooks from")])
def test_the_desk_says_which_provider_has_no_webhooks(provider: str, said: str, admin: Client) -> None:
    config.use(replace(config.current(), delivery=replace(config.current().delivery, provider=provider)))
    assert said in admin.get("/desk/settings/webhooks/").content.decode()
