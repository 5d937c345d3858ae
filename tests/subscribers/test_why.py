"""The preferences page says why a person gets a newsletter, and nothing about who they are."""

import pytest
from django.test import Client

from subscribers.models import Consent, Subscription
from subscribers.tokens import link_token
from tests.subscribers.make import AT, add_subscription

pytestmark = pytest.mark.django_db
WHY = "Why do I get this?"


def _page(client: Client, subscription: Subscription) -> str:
    return client.get(f"/p/{link_token(subscription.pk)}").text


@pytest.mark.parametrize(
    ("how", "said"),
    [
        (Consent.How.FORM, "You asked for it with a sign-up form on 6 February 2026, and confirmed it by email."),
        (Consent.How.IMPORT, "The publisher added your address on 6 February 2026, and recorded that you had agreed."),
        (Consent.How.BY_HAND, "The publisher added your address on 6 February 2026, and recorded that you had agreed."),
    ],
)
def test_the_page_says_when_and_how_a_person_agreed(client: Client, how: str, said: str) -> None:
    subscription = add_subscription()
    private = {"page": "https://private.example/kari", "network": "192.0.2.7", "text": "At the meeting in Oslo"}
    Consent.objects.create(subscription=subscription, how=how, at=AT, confirmed_at=AT, **private)
    shown = _page(client, subscription)
    assert WHY in shown
    assert said in shown
    assert not any(value in shown for value in private.values())


def test_a_request_that_was_not_confirmed_is_no_reason(client: Client) -> None:
    subscription = add_subscription()
    Consent.objects.create(subscription=subscription, how=Consent.How.FORM, at=AT)
    assert WHY not in _page(client, subscription)


def test_no_reason_is_given_for_an_unsubscribed_address(client: Client) -> None:
    subscription = add_subscription(state=Subscription.State.UNSUBSCRIBED)
    Consent.objects.create(subscription=subscription, how=Consent.How.FORM, at=AT, confirmed_at=AT)
    assert WHY not in _page(client, subscription)


def test_each_newsletter_has_its_own_reason(client: Client) -> None:
    subscription, other = add_subscription(), add_subscription(newsletter="daily")
    Consent.objects.create(subscription=subscription, how=Consent.How.FORM, at=AT, confirmed_at=AT)
    Consent.objects.create(subscription=other, how=Consent.How.IMPORT, at=AT, confirmed_at=AT)
    shown = _page(client, subscription)
    assert "You asked for it" in shown
    assert "The publisher added your address" in shown
