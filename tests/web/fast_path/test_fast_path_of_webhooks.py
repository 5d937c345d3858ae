"""Calls of webhooks are answered on the fast path as by Django, and their events are stored first."""

from dataclasses import replace
from typing import Any

import pytest
from django.db import OperationalError

from newsletter import config
from newsletter.bounces import webhook_events
from newsletter.models import WebhookEvent
from newsletter.web import fast_path
from newsletter.web.hooks import amazon_ses
from newsletter.web.hooks.provider_views import ASKS_NOBODY
from tests.doubles import webhook_calls
from tests.doubles.providers import CALLS, DOUBLES, SIGNING
from tests.doubles.webhook_calls import FORM, Call, Happened
from tests.web.fast_path.test_fast_path import Answer, Site

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key is configured, and events are only stored."""
    delivery = replace(config.current().delivery, **{name: keys() for name, keys in SIGNING.items()})
    config.use(replace(config.current(), delivery=delivery))
    fetched = staticmethod(lambda _: webhook_calls.certificate())
    monkeypatch.setattr(amazon_ses.AmazonSesWebhook, "fetch_certificate", fetched)
    monkeypatch.setattr(webhook_events, "enqueue", lambda *_: None)


@pytest.fixture
def site() -> Site:
    return Site()


def reported(provider: str, number: int) -> Call:
    """Return a call about a delivery."""
    return CALLS[provider](Happened(DOUBLES[provider].kinds[0], f"id-{number}", f"r{number}@reader.example"))


def post(site: Site, provider: str, call: Call, *, django: bool = False, **headers: str) -> Answer:
    given = {name.lower().replace("-", "_"): value for name, value in call.headers.items()}
    given = {**given, "content_type": call.content_type, **headers}
    return site.post(f"/hooks/{provider}/", call.body, django=django, **given)


@pytest.mark.parametrize("provider", sorted(ASKS_NOBODY))
def test_a_call_is_answered_as_by_django_once_its_event_is_stored(site: Site, provider: str) -> None:
    call = reported(provider, 1)
    short = post(site, provider, call)
    assert (WebhookEvent.objects.get().message_id, site.passed_on) == ("id-1", int(call.content_type == FORM))
    django = post(site, provider, reported(provider, 2), django=True)
    assert short == django
    assert short[0] == 200
    assert set(WebhookEvent.objects.values_list("message_id", flat=True)) == {"id-1", "id-2"}


@pytest.mark.parametrize("provider", sorted(ASKS_NOBODY))
def test_a_call_without_its_proof_is_refused_as_by_django(site: Site, provider: str) -> None:
    call = reported(provider, 1).without_proof()
    short, django = post(site, provider, call), post(site, provider, call, django=True)
    assert (short, site.passed_on) == (django, int(call.content_type == FORM))
    assert short[0] in (401, 403)
    assert not WebhookEvent.objects.exists()


def test_a_repeated_call_is_stored_once(site: Site) -> None:
    assert [post(site, "postmark", reported("postmark", 1))[0] for _ in range(3)] == [200] * 3
    assert WebhookEvent.objects.count() == 1


def test_amazons_calls_are_left_to_django_since_a_certificate_may_have_to_be_fetched(site: Site) -> None:
    assert (post(site, "amazon_ses", reported("amazon_ses", 1))[0], site.passed_on) == (200, 1)
    assert WebhookEvent.objects.count() == 1


def test_a_large_call_is_left_to_django(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_path, "LARGEST_CALL", 10)
    site = Site()
    assert (post(site, "postmark", reported("postmark", 1))[0], site.passed_on) == (200, 1)


@pytest.mark.parametrize(
    ("provider", "host", "status"), [("nobody", "localhost", 404), ("postmark", "evil.example", 400)]
)
def test_unusual_requests_are_left_to_django(site: Site, provider: str, host: str, status: int) -> None:
    assert (post(site, provider, reported("postmark", 1), host=host)[0], site.passed_on) == (status, 1)


def test_a_call_that_can_t_be_stored_is_left_to_django(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    manager = type(WebhookEvent.objects)
    add, failing = manager.add, [OperationalError("database is locked")]

    def once_locked(*given: Any) -> None:
        if failing:
            raise failing.pop()
        add(*given)

    monkeypatch.setattr(manager, "add", once_locked)
    assert (post(site, "postmark", reported("postmark", 1))[0], site.passed_on) == (200, 1)
    assert WebhookEvent.objects.count() == 1
