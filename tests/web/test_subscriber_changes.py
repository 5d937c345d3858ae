"""An admin changes a subscriber's address, frequency and topics: history and links stay, and no needless email goes."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import lxml.html
import pytest
from django.test import Client

from newsletter import config
from newsletter.config.newsletters import Topic
from newsletter.models import Act
from subscribers import admin_actions, preferences, signup
from subscribers.addresses import read_address
from subscribers.models import Consent, EmailKind, Subscriber, Subscription, Suppression, TransactionalEmail
from subscribers.tokens import Purpose, link_token, timed_token

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 2, 6, 12, tzinfo=UTC)


@pytest.fixture
def kari() -> Subscriber:
    """A subscriber of kinaforum."""
    admin_actions.add("Kari@reader.example", "kinaforum", consent="test", name="Kari")
    return Subscriber.objects.get()


def _move(client: Client, who: Subscriber, address: str) -> str:
    """Change the address; return the page that follows."""
    return client.post(f"/desk/subscribers/{who.pk}/address/", {"new_address": address}, follow=True).content.decode()


def _pending(address: str = "ola@reader.example") -> Subscriber:
    """Somebody who was asked to confirm and hasn't."""
    admin_actions.add(address, "kinaforum", consent="asked at a fair", confirm_by_mail=True, cadence="day")
    return Subscriber.objects.get(key=address)


def test_an_address_is_changed_and_nobody_is_written_to(admin: Client, kari: Subscriber) -> None:
    before = Subscription.objects.get()
    token = link_token(before.pk)
    assert "Address changed. No email was sent." in _move(admin, kari, "Kari.Nordmann@reader.example")
    kari.refresh_from_db()
    assert (kari.address, kari.key) == ("Kari.Nordmann@reader.example", "kari.nordmann@reader.example")
    assert preferences.subscription_of(token) == before
    assert Consent.objects.get().subscription_id == before.pk
    assert not TransactionalEmail.objects.exists()


def test_the_log_has_the_change_and_no_address(admin: Client, kari: Subscriber) -> None:
    _move(admin, kari, "new@reader.example")
    act = Act.objects.latest("pk")
    assert act.what.code == "act.address-changed"
    assert act.about == f"subscriber {kari.pk}"
    assert (act.before, act.after) == (None, None)


def test_the_new_address_can_be_blocked_and_the_old_one_used_again(admin: Client, kari: Subscriber) -> None:
    for address in ("new@reader.example", "kari@reader.example", "new@reader.example"):
        assert "Address changed." in _move(admin, kari, address)
    assert admin_actions.suppress("new@reader.example")
    assert Subscription.objects.blocked().count() == 1
    assert admin_actions.add("kari@reader.example", "kinaforum", consent="test") == "added"


@pytest.mark.parametrize("typed", ["ola@reader.example", "OLA@reader.example"])
def test_the_address_of_another_subscriber_is_refused_and_stays_in_the_field(
    admin: Client, kari: Subscriber, typed: str
) -> None:
    admin_actions.add("ola@reader.example", "kinaforum", consent="test")
    body = _move(admin, kari, typed)
    assert f"{typed} is the address of another subscriber; unsubscribe one of the two." in body
    assert f'value="{typed}"' in body
    assert Subscriber.objects.get(pk=kari.pk).key == "kari@reader.example"


@pytest.mark.parametrize("blocked", ["new@blocked.example", "@blocked.example"])
def test_a_blocked_address_is_refused(admin: Client, kari: Subscriber, blocked: str) -> None:
    admin_actions.suppress(blocked)
    assert "new@blocked.example is blocked (by hand); unblock it before" in _move(admin, kari, "new@blocked.example")
    assert Subscriber.objects.get().key == "kari@reader.example"


@pytest.mark.parametrize("reason", [Suppression.Reason.COMPLAINED, Suppression.Reason.UNSUBSCRIBED, "by hand"])
def test_a_new_address_is_no_way_round_a_block(admin: Client, kari: Subscriber, reason: str) -> None:
    Suppression.objects.suppress(kari.key, reason)
    assert "is blocked" in _move(admin, kari, "new@reader.example")
    assert Subscriber.objects.get().key == "kari@reader.example"


def test_who_bounced_gets_the_newsletter_at_the_new_address(admin: Client, kari: Subscriber) -> None:
    Suppression.objects.suppress(kari.key, Suppression.Reason.BOUNCED)
    _move(admin, kari, "new@reader.example")
    newsletter = config.current().newsletters["kinaforum"]
    assert Subscription.objects.receiving(newsletter, NOW).count() == 1


def test_an_invalid_address_is_refused_with_what_is_wrong(admin: Client, kari: Subscriber) -> None:
    body = _move(admin, kari, "kari@reader")
    assert 'value="kari@reader"' in body
    assert "new-address-said" in body


def test_another_case_of_the_address_is_stored_without_an_email(admin: Client, kari: Subscriber) -> None:
    _move(admin, kari, "KARI@reader.example")
    assert Subscriber.objects.get().address == "KARI@reader.example"
    assert not TransactionalEmail.objects.exists()


def test_who_has_not_confirmed_is_asked_at_the_new_address_and_the_old_link_ends(admin: Client) -> None:
    ola = _pending()
    old = timed_token(Purpose.CONFIRM, Consent.objects.get().pk, int(datetime.now(UTC).timestamp()) + 3600)
    assert "A new link to confirm has been sent to it." in _move(admin, ola, "ola.nordmann@reader.example")
    (email,) = TransactionalEmail.objects.all()
    (consent,) = Consent.objects.all()
    assert email.payload["consent"] == consent.pk
    assert (consent.text, consent.cadence, consent.confirmed_at) == ("asked at a fair", "day", None)
    assert signup.confirm(config.current(), old, datetime.now(UTC)) == (signup.ConfirmResult.GONE, None)


def test_who_was_imported_without_an_email_gets_none(admin: Client) -> None:
    subscriber = Subscriber.objects.named("ola@reader.example", "ola@reader.example")
    subscription = Subscription.objects.create(subscriber=subscriber, newsletter="kinaforum")
    Consent.objects.create(subscription=subscription, how=Consent.How.IMPORT, at=NOW)
    assert "No email was sent." in _move(admin, subscriber, "new@reader.example")
    assert Consent.objects.count() == 1
    assert not TransactionalEmail.objects.exists()


def test_a_change_that_the_person_asked_for_before_no_longer_works(admin: Client, kari: Subscriber) -> None:
    preferences.request_address_change(kari, read_address("other@reader.example"), NOW)
    _move(admin, kari, "new@reader.example")
    assert not TransactionalEmail.objects.filter(kind=EmailKind.CHANGE).exists()


def test_editors_may_not_change_addresses(client: Client, editor: Client, kari: Subscriber) -> None:
    assert editor.post(f"/desk/subscribers/{kari.pk}/address/", {"new_address": "a@b.example"}).status_code == 403
    assert Subscriber.objects.get().key == "kari@reader.example"


TOPICS = {"film": Topic(title="Films", words=("film",)), "trade": Topic(title="Trade", words=("trade",))}


def _with_choices(topics: Mapping[str, Topic] = TOPICS) -> None:
    shared = config.current()
    changed = replace(shared.newsletters["kinaforum"], cadences=("week", "day"), topics=topics)
    config.use(replace(shared, newsletters={**shared.newsletters, "kinaforum": changed}))


def test_frequency_and_topics_are_changed_and_logged(admin: Client, kari: Subscriber) -> None:
    _with_choices()
    body = admin.get(f"/desk/subscribers/{kari.pk}/").content.decode()
    assert '<option value="week" selected>Weekly</option>' in body
    fields = {"act": "choose", "newsletter": "kinaforum", "cadence": "day", "topics": ["film"]}
    assert admin.post(f"/desk/subscribers/{kari.pk}/act/", fields).status_code == 302
    subscription = Subscription.objects.get()
    assert (subscription.cadence, subscription.topics) == ("day", "film")
    logged = [(act.what.code, act.after) for act in Act.objects.order_by("-pk")[:2]]
    assert logged == [
        ("act.topics-changed", {"kinaforum": ["film"]}),
        ("act.cadence-changed", {"kinaforum": "day"}),
    ]


def test_a_topic_that_is_not_shown_stays_as_it_was_picked(admin: Client, kari: Subscriber) -> None:
    _with_choices()
    Subscription.objects.update(topics="books,film")
    fields = {"act": "choose", "newsletter": "kinaforum", "cadence": "week", "topics": ["film"]}
    admin.post(f"/desk/subscribers/{kari.pk}/act/", fields)
    assert (Subscription.objects.get().topics, Act.objects.count()) == ("books,film", 0)
    admin.post(f"/desk/subscribers/{kari.pk}/act/", {**fields, "topics": ["trade"]})
    assert Subscription.objects.get().topics == "books,trade"


def test_a_page_from_before_topics_were_configured_leaves_them(admin: Client, kari: Subscriber) -> None:
    _with_choices(topics={})
    Subscription.objects.update(topics="film")
    page = lxml.html.fromstring(admin.get(f"/desk/subscribers/{kari.pk}/").content)
    fields = next(dict(form.form_values()) for form in page.forms if "cadence" in form.fields)
    _with_choices()
    admin.post(f"/desk/subscribers/{kari.pk}/act/", {**fields, "act": "choose", "cadence": "day"})
    assert (Subscription.objects.get().cadence, Subscription.objects.get().topics) == ("day", "film")


def test_saving_the_same_choices_changes_nothing(admin: Client, kari: Subscriber) -> None:
    _with_choices()
    count = Act.objects.count()
    admin.post(f"/desk/subscribers/{kari.pk}/act/", {"act": "choose", "newsletter": "kinaforum", "cadence": "week"})
    assert Act.objects.count() == count
    assert Subscription.objects.get().cadence == ""


def test_a_newsletter_without_choices_shows_none(admin: Client, kari: Subscriber) -> None:
    assert 'value="choose"' not in admin.get(f"/desk/subscribers/{kari.pk}/").content.decode()
