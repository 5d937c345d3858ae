"""A reader chooses how often a newsletter comes: when signing up, and on the preferences page."""

import pytest
from django.test import Client

from newsletter import config
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers import bases
from subscribers import preferences, signup
from subscribers.forms import embedded_form
from subscribers.models import Base, Consent, OfferedSet, Subscription
from subscribers.tokens import Purpose, link_token, timed_token
from tests.factories import NOW, configured
from tests.subscribers.make import add_subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    configured(cadences=("week", "day", "month"))
    return add_subscription()


def _chosen(client: Client, subscription: Subscription, cadence: str) -> tuple[int, str]:
    answer = client.post(
        f"/p/{link_token(subscription.pk)}", {"do": "save", "choices": "kinaforum", "cadence-kinaforum": cadence}
    )
    return answer.status_code, answer.text


def test_the_page_offers_what_the_newsletter_has_and_shows_the_present_choice(
    client: Client, subscription: Subscription
) -> None:
    shown = client.get(f"/p/{link_token(subscription.pk)}").text
    assert [word in shown for word in ("How often?", "Every day", "Every week", "Every month")] == [True] * 4
    assert 'value="week" checked' in shown


def test_without_a_choice_there_is_no_question(client: Client) -> None:
    configured(cadences=())
    assert "How often?" not in client.get(f"/p/{link_token(add_subscription().pk)}").text


def test_a_choice_is_stored_and_the_page_says_when_it_takes_effect(client: Client, subscription: Subscription) -> None:
    status, shown = _chosen(client, subscription, "day")
    subscription.refresh_from_db()
    assert (status, subscription.cadence) == (200, "day")
    assert "Saved. The next email comes around" in shown
    assert 'value="day" checked' in shown


@pytest.mark.parametrize("cadence", ["", "hour", "post"])
def test_another_word_changes_nothing_and_says_what_to_do(
    client: Client, subscription: Subscription, cadence: str
) -> None:
    status, shown = _chosen(client, subscription, cadence)
    subscription.refresh_from_db()
    assert (status, subscription.cadence) == (400, "")
    assert "Please choose how often you want this newsletter." in shown


def test_a_cadence_that_is_no_longer_offered_counts_as_the_default(client: Client, subscription: Subscription) -> None:
    Subscription.objects.update(cadence="day")
    configured(cadences=("week", "month"))
    assert 'value="week" checked' in client.get(f"/p/{link_token(subscription.pk)}").text


def _asked(client: Client, **fields: str) -> Consent:
    client.post("/n/kinaforum/subscribe", {"address": "kari@reader.example", **fields})
    return Consent.objects.get()


def test_the_sign_up_form_asks_how_often(client: Client) -> None:
    configured(cadences=("week", "post"))
    shown = client.get("/n/kinaforum/subscribe?lang=en").text
    assert [word in shown for word in ("How often?", "Every post", "Every week")] == [True] * 3
    assert 'value="week" checked' in shown
    assert "Every day" not in shown


def test_without_a_choice_the_form_does_not_ask(client: Client) -> None:
    assert "How often?" not in client.get("/n/kinaforum/subscribe?lang=en").text


def test_the_choice_counts_when_it_is_confirmed(client: Client) -> None:
    configured(cadences=("week", "day"))
    asked = _asked(client, cadence="day")
    assert Subscription.objects.get().cadence == ""
    token = timed_token(Purpose.CONFIRM, asked.pk, 3600)
    signup.confirm(config.current(), token, asked.at)
    assert Subscription.objects.get().cadence == "day"


@pytest.mark.parametrize("cadence", ["month", "", "x" * 900])
def test_a_form_that_is_older_than_the_choice_still_subscribes(client: Client, cadence: str) -> None:
    configured(cadences=("week", "day"))
    assert _asked(client, cadence=cadence).cadence == ""


def test_the_choice_stays_when_the_address_is_wrong(client: Client) -> None:
    configured(cadences=("week", "day"))
    assert 'value="day" checked' in client.post("/n/kinaforum/subscribe", {"address": "kari", "cadence": "day"}).text


def test_the_form_for_other_websites_asks_too() -> None:
    configured(cadences=("week", "day"), language="en")
    form = embedded_form(config.current().newsletters["kinaforum"], "https://news.example.org")
    assert '<option value="day">Every day</option><option value="week" selected>Every week</option>' in form


def base(cadence: str, posts: str, *, default: bool = False) -> Base:
    key = OfferedSet.objects.key_of("kinaforum", Ordinals.parse(posts))
    return Base.objects.create(newsletter="kinaforum", cadence=cadence, offered_id=key, is_default=default)


def test_a_choice_changes_nothing_of_what_was_offered(subscription: Subscription) -> None:
    configured(cadences=("week", "day"))
    base("week", "1:4", default=True)
    base("day", "1:7")
    preferences.choose_cadence(subscription, "day")
    subscription.refresh_from_db()
    assert (subscription.cadence, str(subscription.offered)) == ("day", "1:4")


def test_who_comes_back_has_the_base_in_addition(subscription: Subscription) -> None:
    configured(cadences=("week", "day"))
    kept = OfferedSet.objects.key_of("kinaforum", Ordinals.parse("1:2,9"))
    Subscription.objects.update(offered=kept)
    base("week", "1:4", default=True)
    base("day", "1:7")
    preferences.unsubscribe(subscription.pk, NOW)
    subscription.refresh_from_db()
    assert subscription.returns
    Subscription.objects.update(state=Subscription.State.ACTIVE)
    bases.update(config.current().newsletters["kinaforum"], NOW)
    subscription.refresh_from_db()
    assert (subscription.returns, str(subscription.offered)) == (False, "1:4,9")
    preferences.choose_cadence(subscription, "day")
    subscription.refresh_from_db()
    assert str(subscription.offered) == "1:4,9"
