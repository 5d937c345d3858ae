"""A reader picks topics on the preferences page."""

import re
from datetime import timedelta

import pytest
from django.test import Client

from newsletter import config
from newsletter.config import Topic
from subscribers import personal_data, preferences, signup
from subscribers.forms import embedded_form
from subscribers.models import Consent, Subscription
from subscribers.tokens import Purpose, link_token, timed_token
from tests.factories import NOW, configured
from tests.subscribers.make import add_subscription

pytestmark = pytest.mark.django_db
TOPICS = {"film": Topic(title="Film & TV", categories=("Film",)), "books": Topic(categories=("Books",))}


@pytest.fixture
def subscription() -> Subscription:
    configured(topics=TOPICS)
    return add_subscription()


def _picked(client: Client, subscription: Subscription, *topics: str) -> str:
    answer = client.post(
        f"/p/{link_token(subscription.pk)}", {"do": "save", "choices": "kinaforum", "topic-kinaforum": topics}
    )
    assert answer.status_code == 200
    subscription.refresh_from_db()
    return answer.text


def test_the_page_offers_the_topics_with_none_picked(client: Client, subscription: Subscription) -> None:
    shown = client.get(f"/p/{link_token(subscription.pk)}").text
    assert [word in shown for word in ("Which topics?", "Film &amp; TV", "books")] == [True] * 3
    assert 'type="checkbox"' in shown
    assert "checked" not in shown


def test_without_topics_there_is_no_question(client: Client) -> None:
    configured(topics={})
    assert "Which topics?" not in client.get(f"/p/{link_token(add_subscription().pk)}").text


def test_picks_are_stored_shown_and_can_be_taken_back(client: Client, subscription: Subscription) -> None:
    shown = _picked(client, subscription, "film", "books")
    assert subscription.topics == "books,film"
    assert "Saved. You get posts about: Film &amp; TV, books." in shown
    assert shown.count("checked") == 2
    assert "Saved. You get all posts." in _picked(client, subscription)
    assert subscription.topics == ""


def test_names_that_are_no_topics_are_ignored(client: Client, subscription: Subscription) -> None:
    _picked(client, subscription, "film", "other", "a,b")
    assert subscription.topics == "film"


def _saved(client: Client, subscription: Subscription, *topics: str, **changed: object) -> str:
    """The topics after the page was opened, perhaps the configuration changed, and the page saved."""
    shown = client.get(f"/p/{link_token(subscription.pk)}").text
    offered = re.findall(r'name="offered-kinaforum" value="(\w*)"', shown)
    if changed:
        configured(**changed)
    fields = {"do": "save", "choices": "kinaforum", "topic-kinaforum": topics, "offered-kinaforum": offered}
    fields["cadence-kinaforum"] = "week"
    assert client.post(f"/p/{link_token(subscription.pk)}", fields).status_code == 200
    subscription.refresh_from_db()
    return subscription.topics


def test_a_topic_that_the_page_does_not_show_stays_as_it_was_picked(client: Client, subscription: Subscription) -> None:
    preferences.choose_topics(subscription, ["film", "books"], NOW)
    configured(topics={"film": TOPICS["film"], "news": Topic(categories=("News",))})
    assert _saved(client, subscription, "film") == "books,film"
    assert not subscription.topic_changes.exclude(before="").exists()
    assert _saved(client, subscription, "news") == "books,news"
    assert "You get posts about: Film &amp; TV. " in _picked(client, subscription, "film")
    assert subscription.topics == "books,film"
    assert _saved(client, subscription) == ""


def test_a_page_that_was_opened_before_a_topic_came_back_leaves_it(client: Client, subscription: Subscription) -> None:
    preferences.choose_topics(subscription, ["film", "books"], NOW)
    configured(topics={"film": TOPICS["film"]})
    assert _saved(client, subscription, "film", topics=TOPICS) == "books,film"
    assert _saved(client, subscription, "film") == "film"
    configured(topics={}, cadences=("week", "day"))
    assert _saved(client, subscription, topics=TOPICS) == "film"


def test_who_picked_only_a_topic_that_is_gone_gets_it_when_it_is_back(
    client: Client, subscription: Subscription
) -> None:
    preferences.choose_topics(subscription, ["books"], NOW)
    configured(topics={"film": TOPICS["film"]})
    assert _saved(client, subscription) == "books"
    assert _saved(client, subscription, "film") == "books,film"


def test_the_page_says_that_the_topics_are_why_only_some_posts_come(client: Client, subscription: Subscription) -> None:
    _picked(client, subscription, "film")
    shown = client.get(f"/p/{link_token(subscription.pk)}").text
    assert "You picked topics, so you get only posts about: Film &amp; TV." in shown


def test_an_edition_that_was_approved_before_a_change_counts_with_the_earlier_picks(subscription: Subscription) -> None:
    for hours, topics in ((1, ["film"]), (3, ["books"]), (5, [])):
        preferences.choose_topics(subscription, topics, NOW + timedelta(hours=hours))
    found = [Subscription.objects.with_picks(NOW + timedelta(hours=at)).get().picks for at in (0, 2, 4, 6)]
    assert found == ["", "film", "books", ""]


def test_a_choice_that_is_not_one_changes_nothing(subscription: Subscription) -> None:
    preferences.choose_topics(subscription, [], NOW)
    assert not subscription.topic_changes.exists()


def test_a_subscriber_who_returns_has_the_newly_chosen_topics(subscription: Subscription) -> None:
    preferences.choose_topics(subscription, ["film"], NOW)
    preferences.unsubscribe(subscription.pk, NOW)
    preferences.choose_topics(subscription, ["books"], NOW)
    assert Subscription.objects.with_picks(NOW - timedelta(hours=1)).get().picks == "books"


def test_a_persons_data_has_the_topics(subscription: Subscription) -> None:
    preferences.choose_topics(subscription, ["film"], NOW)
    found = personal_data.personal_data_of(subscription.subscriber)["subscriptions"][0]
    assert (found["topics"], found["earlier_topics"]) == (["film"], [{"until": NOW.isoformat(), "topics": []}])


def _signed_up(client: Client, **fields: object) -> Subscription:
    """The subscription after a sign-up with the form, confirmed with the link."""
    answer = client.post("/n/kinaforum/subscribe", {"address": "ola@reader.example", **fields})
    assert answer.status_code == 202
    return _confirmed()


def _confirmed() -> Subscription:
    consent = Consent.objects.get(subscription__subscriber__key="ola@reader.example", confirmed_at=None)
    token = timed_token(Purpose.CONFIRM, consent.pk, 3_600)
    result, subscription = signup.confirm(config.current(), token, NOW)
    assert (result, subscription is not None) == (signup.ConfirmResult.DONE, True)
    return Subscription.objects.get(subscriber__key="ola@reader.example")


def test_topics_that_are_picked_at_sign_up_count_once_they_are_confirmed(
    client: Client, subscription: Subscription
) -> None:
    shown = client.get("/n/kinaforum/subscribe?lang=en").text
    assert [word in shown for word in ("Which topics?", "Film &amp; TV", "Pick none")] == [True] * 3
    assert _signed_up(client, topic=["film", "no such"]).topics == "film"


def test_a_second_sign_up_leaves_a_topic_that_the_form_does_not_show(client: Client) -> None:
    configured(topics=TOPICS)
    ola = add_subscription("ola@reader.example")
    preferences.choose_topics(ola, ["film", "books"], NOW)
    configured(topics={"film": TOPICS["film"], "news": Topic(categories=("News",))})
    assert _signed_up(client, topic=["news"]).topics == "books,news"


def test_who_comes_back_by_a_button_without_choices_has_the_earlier_ones(client: Client) -> None:
    configured(topics=TOPICS, cadences=("week", "day"))
    ola = add_subscription("ola@reader.example")
    preferences.choose_topics(ola, ["film"], NOW)
    preferences.choose_cadence(ola, "day")
    preferences.unsubscribe(ola.pk, NOW)
    client.post(f"/p/{link_token(ola.pk)}", {"do": "join kinaforum"})
    back = _confirmed()
    assert (back.topics, back.cadence) == ("film", "day")


def test_without_a_pick_at_sign_up_all_posts_come(client: Client, subscription: Subscription) -> None:
    assert _signed_up(client).topics == ""


def test_topics_can_be_picked_in_json(client: Client, subscription: Subscription) -> None:
    body = {"address": "ola@reader.example", "topic": ["books", 7]}
    assert client.post("/n/kinaforum/subscribe", body, content_type="application/json").status_code == 202
    assert Consent.objects.get(confirmed_at=None).topics == "books"


def test_the_form_for_other_websites_has_the_topics(subscription: Subscription) -> None:
    form = embedded_form(config.current().newsletters["kinaforum"], "https://brev.example")
    assert form.count('name="topic"') == 2
    assert "Film &amp; TV" in form
