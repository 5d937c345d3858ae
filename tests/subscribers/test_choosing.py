"""A reader chooses on the preferences page how often a newsletter comes."""

import pytest
from django.test import Client

from subscribers import preferences
from subscribers.models import Subscription
from subscribers.tokens import link_token
from tests.factories import NOW, configured
from tests.subscribers.make import subscription

pytestmark = pytest.mark.django_db


@pytest.fixture
def tie() -> Subscription:
    configured(cadences=("week", "day", "month"))
    return subscription()


def _chosen(client: Client, tie: Subscription, cadence: str) -> tuple[int, str]:
    answer = client.post(f"/p/{link_token(tie.pk)}", {"do": "cadence", "newsletter": "kinaforum", "cadence": cadence})
    return answer.status_code, answer.text


def test_the_page_offers_what_the_newsletter_has_and_shows_the_present_choice(
    client: Client, tie: Subscription
) -> None:
    shown = client.get(f"/p/{link_token(tie.pk)}").text
    assert [word in shown for word in ("How often?", "Every day", "Every week", "Every month")] == [True] * 4
    assert 'value="week" checked' in shown


def test_without_a_choice_there_is_no_question(client: Client) -> None:
    configured(cadences=())
    assert "How often?" not in client.get(f"/p/{link_token(subscription().pk)}").text


def test_a_choice_is_stored_and_the_page_says_when_it_takes_effect(client: Client, tie: Subscription) -> None:
    status, shown = _chosen(client, tie, "day")
    tie.refresh_from_db()
    assert (status, tie.cadence) == (200, "day")
    assert "Saved. The next email comes around" in shown
    assert 'value="day" checked' in shown


@pytest.mark.parametrize("cadence", ["", "hour", "post"])
def test_another_word_changes_nothing_and_says_what_to_do(client: Client, tie: Subscription, cadence: str) -> None:
    status, shown = _chosen(client, tie, cadence)
    tie.refresh_from_db()
    assert (status, tie.cadence) == (400, "")
    assert "Please choose how often you want this newsletter." in shown


def test_one_that_is_no_longer_offered_counts_as_the_default(client: Client, tie: Subscription) -> None:
    Subscription.objects.update(cadence="day")
    configured(cadences=("week", "month"))
    assert 'value="week" checked' in client.get(f"/p/{link_token(tie.pk)}").text


def test_who_leaves_starts_again_when_they_return(tie: Subscription) -> None:
    Subscription.objects.update(starts=False, mark=7)
    preferences.unsubscribe(tie.pk, NOW)
    tie.refresh_from_db()
    assert (tie.starts, tie.mark) == (True, 7)
