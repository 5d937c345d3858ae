"""Whichever button of a page is pressed, what else was chosen or typed on it is saved or still there."""

from dataclasses import replace

import pytest
from django.test import Client

from newsletter import config
from newsletter.config import Topic
from subscribers import preferences
from subscribers.models import EmailKind, Subscription, TransactionalEmail
from subscribers.tokens import link_token
from tests.subscribers.make import AT, add_subscription, only_email, path

pytestmark = pytest.mark.django_db


@pytest.fixture
def subscription() -> Subscription:
    """A subscription to a newsletter with frequencies and topics, beside one to another newsletter with topics."""
    given = config.current()
    topics = {"film": Topic(title="Film", words=("film",)), "trade": Topic(title="Trade", words=("trade",))}
    newsletters = {
        "kinaforum": replace(given.newsletters["kinaforum"], cadences=("week", "day"), topics=topics),
        "daily": replace(given.newsletters["daily"], topics=topics),
    }
    config.use(replace(given, newsletters=newsletters))
    add_subscription(newsletter="daily")
    return add_subscription()


def chosen(client: Client, subscription: Subscription, button: str, **fields: str) -> str:
    """Press a button after choosing a frequency, and topics of both newsletters; return the page."""
    data: dict[str, object] = {
        "choices": ["kinaforum", "daily"],
        "cadence-kinaforum": "day",
        "topic-kinaforum": ["film"],
        "topic-daily": ["trade"],
        "do": button,
        **fields,
    }
    return client.post(f"/p/{link_token(subscription.pk)}", data).text


def test_one_button_saves_the_frequency_and_the_topics_of_all_newsletters(
    client: Client, subscription: Subscription
) -> None:
    text = chosen(client, subscription, "save")
    subscription.refresh_from_db()
    assert (subscription.cadence, subscription.topics.split(",")) == ("day", ["film"])
    assert Subscription.objects.get(newsletter="daily").topics.split(",") == ["trade"]
    assert "Saved." in text or "Lagret." in text


@pytest.mark.parametrize("button", ["pause kinaforum", "pause daily", "me", "leave daily"])
def test_other_buttons_keep_what_was_chosen_on_the_page(
    client: Client, subscription: Subscription, button: str
) -> None:
    text = chosen(client, subscription, button, **{"until-daily": "2001-01-01"})
    assert 'id="day-kinaforum" type="radio" name="cadence-kinaforum" value="day" checked' in text
    assert 'name="topic-kinaforum" value="film" checked' in text
    assert 'name="topic-kinaforum" value="trade" checked' not in text
    if button != "leave daily":
        assert 'name="topic-daily" value="trade" checked' in text
        assert 'value="2001-01-01"' in text
    subscription.refresh_from_db()
    assert subscription.cadence == ""


def test_the_newsletter_whose_link_was_followed_is_the_first(client: Client, subscription: Subscription) -> None:
    daily = subscription.subscriber.subscriptions.get(newsletter="daily")
    for each, order in ((subscription, ["kinaforum", "daily"]), (daily, ["daily", "kinaforum"])):
        text = client.get(f"/p/{link_token(each.pk)}").text
        assert sorted(order, key=lambda name: text.index(f'id="n-{name}"')) == order


def profile(subscription: Subscription) -> str:
    """The path of the profile page."""
    preferences.send_profile_link(subscription, AT)
    return path(only_email(kind=EmailKind.ME).context["link"])


@pytest.mark.parametrize("button", ["save", "move"])
def test_the_profile_s_buttons_save_all_that_was_typed(client: Client, subscription: Subscription, button: str) -> None:
    typed = {"name": "Kari", "language": "en", "address": "new@reader.example", "do": button}
    client.post(profile(subscription), typed)
    subscription.subscriber.refresh_from_db()
    assert subscription.subscriber.name == "Kari"
    assert TransactionalEmail.objects.filter(kind=EmailKind.CHANGE).count() == 1


def test_a_mistake_in_one_field_of_the_profile_loses_no_other(client: Client, subscription: Subscription) -> None:
    typed = {"name": "x" * 101, "language": "sv", "address": "new@reader", "do": "save"}
    text = client.post(profile(subscription), typed).text
    assert "x" * 101 in text
    assert 'value="new@reader"' in text
    assert 'value="sv" lang="sv" selected' in text


def test_the_box_for_deleting_does_nothing_with_another_button(client: Client, subscription: Subscription) -> None:
    client.post(profile(subscription), {"name": "Kari", "language": "en", "sure": "yes", "do": "save"})
    assert Subscription.objects.count() == 2


@pytest.mark.parametrize("page", ["preferences", "profile"])
def test_all_fields_are_in_one_form(client: Client, subscription: Subscription, page: str) -> None:
    text = client.get(f"/p/{link_token(subscription.pk)}" if page == "preferences" else profile(subscription)).text
    assert text.count('<form method="post"') == 1
