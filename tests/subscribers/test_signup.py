"""Signing up: confirmation, limits, uniform responses, and unblocking."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client

from newsletter import config
from subscribers import admin_actions, signup, subscription_requests, transactional
from subscribers.addresses import read_address
from subscribers.models import Consent, EmailKind, Subscriber, Subscription, Suppression, TransactionalEmail
from subscribers.protection import sign_up_limits as limits
from subscribers.protection.sign_up_limits import Request, RequestAnswer
from subscribers.requests import network_of
from subscribers.signup import ConfirmResult
from subscribers.tokens import Purpose, timed_token
from tests import settings
from tests.subscribers.make import AT, add_subscription, only_email, path

pytestmark = pytest.mark.django_db
State = Subscription.State


def ask(address: str = "kari@reader.example", at: datetime = AT, **changes: Any) -> bool:
    request = {
        "newsletter": "kinaforum",
        "language": "nn",
        "consent": "Yes",
        "network": "192.0.2.7",
        "page": "https://blog.example/",
    }
    wanted = Request(address=read_address(address), at=at, **{**request, **changes})
    return subscription_requests.request_subscription(wanted) is RequestAnswer.ACCEPTED


def confirm(at: datetime = AT) -> ConfirmResult:
    link = only_email(kind=EmailKind.CONFIRM).context["link"]
    return signup.confirm(config.current(), path(link).removeprefix("/confirm/"), at)[0]


def test_a_request_only_stores_a_letter() -> None:
    assert ask()
    subscription = Subscription.objects.get()
    assert subscription.state == State.PENDING
    email = only_email()
    assert (email.template, email.address, email.language) == ("confirm", "kari@reader.example", "nn")


def test_a_form_may_ask_a_new_subscriber_for_their_name(client: Client) -> None:
    client.post(
        "/n/kinaforum/subscribe", {"address": "kari@reader.example", "name": " Kari\n\x00Nordmann " + "x" * 200}
    )
    body = {"address": "ola@reader.example", "name": "Ola"}
    client.post("/n/kinaforum/subscribe", body, content_type="application/json")
    client.post("/n/daily/subscribe", {"address": "ola@reader.example", "name": "Somebody else"})
    names = dict(Subscriber.objects.values_list("key", "name"))
    assert names["kari@reader.example"].startswith("Kari Nordmann xxx")
    assert (len(names["kari@reader.example"]), names["ola@reader.example"]) == (100, "Ola")


def test_confirming_makes_it_active_with_consent() -> None:
    ask("Kari@Reader.example")
    assert confirm(AT + timedelta(hours=1)) is ConfirmResult.DONE
    subscription, given = Subscription.objects.get(), Consent.objects.get()
    assert (subscription.state, subscription.joined, subscription.subscriber.address) == (
        State.ACTIVE,
        AT + timedelta(hours=1),
        "Kari@reader.example",
    )
    assert (given.how, given.wording, given.language) == ("form", subscription_requests.WORDING, "nn")
    assert (given.network, given.page) == ("192.0.2.7", "https://blog.example/")
    assert (given.at, given.confirmed_at) == (AT, AT + timedelta(hours=1))
    assert given.text == "Yes"


def test_a_link_works_once_even_after_unsubscribing() -> None:
    ask()
    token = path(only_email().context["link"]).removeprefix("/confirm/")
    assert signup.confirm(config.current(), token, AT)[0] is ConfirmResult.DONE
    Subscription.objects.update(state=State.UNSUBSCRIBED)
    assert signup.confirm(config.current(), token, AT)[0] is ConfirmResult.USED
    assert Subscription.objects.get().state == State.UNSUBSCRIBED


def test_a_link_expires() -> None:
    ask()
    token = timed_token(Purpose.CONFIRM, Consent.objects.get().pk, -1)
    assert signup.confirm(config.current(), token, AT)[0] is ConfirmResult.EXPIRED
    assert Subscription.objects.get().state == State.PENDING


def test_repeated_requests_store_one_letter() -> None:
    for number in range(200):
        assert ask(network=f"192.0.{number}.7", at=AT + timedelta(seconds=number))
    assert TransactionalEmail.objects.count() == 1
    assert Consent.objects.count() == 1


def test_a_confirmation_can_be_requested_again_later() -> None:
    ask()
    ask(at=AT + timedelta(hours=7))
    assert TransactionalEmail.objects.count() == 2


def test_people_who_do_not_confirm_are_not_emailed_again() -> None:
    """Asked for by somebody else every seven hours for a month, a person gets no more than ten mails."""
    month = datetime.fromtimestamp(
        AT.timestamp() // subscription_requests.MONTH.total_seconds() * subscription_requests.MONTH.total_seconds(), UTC
    )
    for hour in range(0, 24 * 30, 7):
        assert ask(at=month + timedelta(hours=hour))
    assert TransactionalEmail.objects.count() == subscription_requests.LETTERS_A_MONTH
    assert ask(at=month + subscription_requests.MONTH)
    assert TransactionalEmail.objects.count() == subscription_requests.LETTERS_A_MONTH + 1


def test_requests_of_one_network_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "PER_NETWORK", 20)
    answers = [ask(f"k{n}@reader.example") for n in range(limits.PER_NETWORK + 1)]
    assert answers == [True] * limits.PER_NETWORK + [False]
    assert Subscriber.objects.count() == limits.PER_NETWORK
    assert ask("other@reader.example", network="198.51.100.1")
    assert ask("later@reader.example", at=AT + timedelta(hours=1))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/56"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("192.0.2.7:51234", "192.0.2.0/24"),
        ("[2001:db8:1:2::3]:443", "2001:db8:1::/56"),
        ("", ""),
    ],
)
def test_the_network_is_that_of_a_household(address: str, network: str) -> None:
    assert network_of(address) == network


def test_existing_subscribers_are_told_so_and_nothing_changes() -> None:
    subscription = add_subscription()
    ask()
    assert only_email().template == "already"
    assert Subscription.objects.get().joined == subscription.joined


def test_people_who_unsubscribed_can_subscribe_again() -> None:
    add_subscription(state=State.UNSUBSCRIBED)
    ask()
    assert Subscription.objects.get().state == State.UNSUBSCRIBED
    assert confirm() is ConfirmResult.DONE
    assert Subscription.objects.get().state == State.ACTIVE


@pytest.mark.parametrize("reason", Suppression.UNBLOCKED_BY_CONFIRMING)
def test_confirming_unblocks(reason: str) -> None:
    Suppression.objects.suppress("kari@reader.example", reason)
    ask()
    assert confirm() is ConfirmResult.DONE
    assert not Suppression.objects.exists()
    assert Subscription.objects.receiving(config.current().newsletters["kinaforum"], AT).count() == 1


@pytest.mark.parametrize("reason", [Suppression.Reason.COMPLAINED, Suppression.Reason.BY_HAND])
def test_complaints_and_manual_blocks_remain_until_an_editor_ends_them(client: Client, reason: str) -> None:
    Suppression.objects.suppress("kari@reader.example", reason)
    assert ask()
    assert transactional.compose(config.current(), TransactionalEmail.objects.get()) is None
    link = f"/confirm/{timed_token(Purpose.CONFIRM, Consent.objects.get().pk, 60)}?lang=en"
    for _attempt in range(2):
        answer = client.post(link)
        assert answer.status_code == 403
        assert "Once it is unblocked, you can use this link again." in answer.text
    assert Subscription.objects.get().state == State.PENDING
    admin_actions.unblock("kari@reader.example")
    assert client.post(link).status_code == 200
    assert Subscription.objects.get().state == State.ACTIVE


def test_a_bounce_is_unblocked_once_a_month() -> None:
    for expected in (ConfirmResult.DONE, None):
        Suppression.objects.suppress("kari@reader.example", Suppression.Reason.BOUNCED)
        Subscription.objects.update(state=State.UNSUBSCRIBED)
        TransactionalEmail.objects.all().delete()
        ask()
        may = transactional.can_be_unblocked("kari@reader.example", AT)
        assert may is (expected is not None)
        if may:
            token = timed_token(Purpose.CONFIRM, Consent.objects.get(confirmed_at=None).pk, 60)
            assert signup.confirm(config.current(), token, AT)[0] is expected


def test_a_welcome_is_sent_if_configured() -> None:
    text = settings.TEXT.replace('title = "Kinaforum"', 'title = "Kinaforum"\nwelcome = true')
    config.use(config.parse(text, settings.FOLDER / "config.toml"))
    ask()
    confirm()
    assert only_email(kind=EmailKind.WELCOME).template == "welcome"


def test_only_unconfirmed_requests_are_deleted() -> None:
    ask()
    add_subscription("active@reader.example", joined=AT - timedelta(days=900))
    Subscriber.objects.update(created=AT)
    signup.delete_expired(AT + timedelta(days=29))
    assert Subscription.objects.count() == 2
    signup.delete_expired(AT + timedelta(days=31))
    assert [s.subscriber.address for s in Subscription.objects.all()] == ["active@reader.example"]
    assert Subscriber.objects.count() == 1
