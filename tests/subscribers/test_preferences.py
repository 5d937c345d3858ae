"""Actions of links: unsubscribe, pause, change data, erase."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from subscribers import admin_actions, erasure, personal_data, preferences, signup
from subscribers.addresses import read_address
from subscribers.forms import PersonForm
from subscribers.models import (
    Consent,
    EmailKind,
    Subscriber,
    Subscription,
    Suppression,
    TransactionalEmail,
    person_erased,
)
from subscribers.signup import ConfirmResult
from subscribers.tokens import TEST_NUMBER, Purpose, link_token, link_token_for_tests, read_link, timed_token
from tests.subscribers.conftest import Import
from tests.subscribers.make import AT, add_subscription, only_email, path

pytestmark = pytest.mark.django_db
State = Subscription.State


def test_unsubscribing_is_permanent_and_idempotent() -> None:
    subscription = add_subscription()
    assert preferences.unsubscribe(subscription.pk, AT)
    assert not preferences.unsubscribe(subscription.pk, AT + timedelta(days=1))
    subscription.refresh_from_db()
    assert (subscription.state, subscription.unsubscribed_at) == (State.UNSUBSCRIBED, AT)


def test_unsubscribing_deletes_open_requests() -> None:
    subscription = add_subscription(state=State.PENDING)
    Consent.objects.create(subscription=subscription, how=Consent.How.FORM)
    preferences.unsubscribe(subscription.pk, AT)
    assert not Consent.objects.exists()


def test_unsubscribing_from_everything_blocks_imports() -> None:
    subscription = add_subscription()
    add_subscription(newsletter="daily")
    preferences.unsubscribe_from_all(subscription.subscriber, AT)
    assert set(Subscription.objects.values_list("state", flat=True)) == {State.UNSUBSCRIBED}
    assert Suppression.objects.get().reason == Suppression.Reason.UNSUBSCRIBED


def test_only_active_subscriptions_can_be_paused() -> None:
    subscription = add_subscription(state=State.UNSUBSCRIBED)
    preferences.pause(subscription, date(2026, 3, 1))
    subscription.refresh_from_db()
    assert subscription.paused_until is None


def test_the_subscription_of_a_link() -> None:
    subscription = add_subscription()
    assert preferences.subscription_of(link_token(subscription.pk)) == subscription
    assert preferences.subscription_of(link_token_for_tests()) is None
    assert preferences.subscription_of("forged") is None
    assert read_link(link_token_for_tests()) == TEST_NUMBER


def test_profile_links_are_sent_rarely() -> None:
    subscription = add_subscription()
    for minute in range(100):
        preferences.send_profile_link(subscription, AT + timedelta(minutes=minute))
    assert TransactionalEmail.objects.count() == preferences.ME_A_DAY


def test_a_profile_link_works_for_an_hour() -> None:
    kari = add_subscription().subscriber
    assert preferences.profile_of(timed_token(Purpose.ME, kari.pk, 3_600)) == (ConfirmResult.DONE, kari)
    assert preferences.profile_of(timed_token(Purpose.ME, kari.pk, -1)) == (ConfirmResult.EXPIRED, None)
    assert preferences.profile_of(timed_token(Purpose.ME, 99, 60)) == (ConfirmResult.GONE, None)


def move_link() -> str:
    return path(only_email(kind=EmailKind.CHANGE).context["link"]).removeprefix("/confirm/")


def test_an_address_changes_when_the_new_one_confirms() -> None:
    kari = add_subscription().subscriber
    assert preferences.request_address_change(kari, read_address("kari@new.example"), AT)
    assert only_email().address == "kari@new.example"
    assert Subscriber.objects.get().address == "kari@reader.example"
    token = move_link()
    assert preferences.change_address(token, AT)[0] is ConfirmResult.DONE
    moved = Subscriber.objects.get()
    assert (moved.address, moved.domain) == ("kari@new.example", "new.example")
    assert moved.address_hash != kari.address_hash
    assert preferences.change_address(token, AT)[0] is ConfirmResult.USED


def test_an_older_file_adds_nobody_under_an_address_that_they_have_left(take: Import) -> None:
    file = "email\nkari@reader.example\n"
    take(file)
    kari = Subscriber.objects.get()
    preferences.move(kari, "kari@new.example", AT)
    assert [len(take(file).refused) for _ in range(2)] == [1, 1]
    erasure.forget(read_address("kari@new.example"))
    assert take(file).active == 0
    assert not Subscriber.objects.exists()


def test_an_address_that_was_left_can_be_used_again(take: Import) -> None:
    kari = add_subscription().subscriber
    for address in ("kari@new.example", "kari@reader.example"):
        kari.refresh_from_db()
        preferences.request_address_change(kari, read_address(address), AT)
        assert preferences.change_address(move_link(), AT)[0] is ConfirmResult.DONE
    assert not Suppression.objects.suppressed(["kari@reader.example"])
    assert admin_actions.add("kari@new.example", "kinaforum", consent="at the fair") == "added"
    assert not Suppression.objects.exists()


def test_a_block_of_an_address_stays_when_its_subscriber_moves() -> None:
    kari = add_subscription().subscriber
    Suppression.objects.suppress(kari.key, Suppression.Reason.COMPLAINED)
    preferences.move(kari, "kari@new.example", AT)
    assert Suppression.objects.get().reason == Suppression.Reason.COMPLAINED


def test_changing_the_address_ends_older_profile_links() -> None:
    kari = add_subscription().subscriber
    token = timed_token(Purpose.ME, kari.pk, 3_600)
    Subscriber.objects.update(moved_at=AT + timedelta(days=3_650))
    assert preferences.profile_of(token)[0] is ConfirmResult.EXPIRED


def test_an_address_of_another_person_is_refused() -> None:
    kari = add_subscription().subscriber
    add_subscription("ola@new.example")
    preferences.request_address_change(kari, read_address("Ola@new.example"), AT)
    assert preferences.change_address(move_link(), AT)[0] is ConfirmResult.TAKEN


def test_an_address_that_somebody_signs_up_with_meanwhile_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    kari = add_subscription().subscriber
    preferences.request_address_change(kari, read_address("ola@new.example"), AT)
    suppressed = Suppression.objects.suppressed

    def sign_up() -> None:
        if not Subscriber.objects.filter(key="ola@new.example").exists():
            add_subscription("ola@new.example")

    def unblocked(key: str, at: datetime) -> bool:
        sign_up()
        return signup.unblock(key, at)

    def signed_up(keys: Iterable[str]) -> dict[str, str]:
        sign_up()
        return suppressed(keys)

    monkeypatch.setattr(preferences, "unblock", unblocked)
    assert preferences.change_address(move_link(), AT)[0] is ConfirmResult.TAKEN
    monkeypatch.setattr(Suppression.objects, "suppressed", signed_up)
    with pytest.raises(admin_actions.ActionRefused, match=r"ola@new\.example"):
        admin_actions.change_address(kari, "ola@new.example", AT)
    kari.refresh_from_db()
    assert kari.key == "kari@reader.example"


def test_a_blocked_address_is_refused() -> None:
    kari = add_subscription().subscriber
    Suppression.objects.suppress("kari@new.example", Suppression.Reason.BY_HAND)
    preferences.request_address_change(kari, read_address("kari@new.example"), AT)
    assert preferences.change_address(move_link(), AT)[0] is ConfirmResult.REFUSED


def test_the_data_is_everything_stored(take: Import) -> None:
    take("email,tags,joined\nkari@reader.example,film,\nKari@reader.example,,no\n", consent="shop counter, 2024")
    person = Subscriber.objects.get()
    data = personal_data.personal_data_of(person)
    (subscription,) = data["subscriptions"]
    (consent,) = subscription["consents"]
    assert (data["address"], subscription["tags"], consent["text"]) == (
        "kari@reader.example",
        ["film"],
        "shop counter, 2024",
    )
    assert (subscription["imported"], data["refused_lines"][0]["line"]) == ("readers.csv", 3)
    of_the_program = {
        "id",
        "key",
        "domain",
        "address_hash",
        "domain_hash",
        "field_values",  # each is there under its own key
        "subscriber",
        "offered",
        "returns",
        "waited",
    }
    for row, exported in (
        (person, data),
        (Subscription.objects.get(), subscription),
        (Consent.objects.get(), {**consent, "subscription": ""}),
    ):
        assert {field.name for field in row._meta.fields} - of_the_program <= exported.keys()


def test_erasing_keeps_a_keyed_hash_and_sends_a_signal() -> None:
    subscription = add_subscription()
    told: list[dict[str, Any]] = []

    def listen(**of: Any) -> None:
        told.append({"subscriber": of["subscriber"], "address": of["address"]})

    person_erased.connect(listen)
    try:
        assert erasure.forget(read_address("KARI@reader.example"))
    finally:
        person_erased.disconnect(listen)
    assert told == [{"subscriber": subscription.subscriber_id, "address": "kari@reader.example"}]
    assert not Subscriber.objects.exists()
    assert not Subscription.objects.exists()
    assert Suppression.objects.suppressed(["kari@reader.example"]) == {"kari@reader.example": "erased"}


def test_unknown_addresses_can_be_erased_too() -> None:
    assert not erasure.forget(read_address("kari@reader.example"))
    assert Suppression.objects.get().reason == Suppression.Reason.ERASED


def test_people_who_unsubscribed_long_ago_are_erased() -> None:
    """But not people who unsubscribed recently, have another subscription, or are pending."""
    old = AT - erasure.KEEP_LEFT
    people: dict[str, dict[str, datetime | None]] = {
        "gone@reader.example": {"kinaforum": old, "daily": old},
        "lately@reader.example": {"kinaforum": AT, "daily": old},
        "reads@reader.example": {"kinaforum": None, "daily": old},
    }
    for address, states in people.items():
        for newsletter, left in states.items():
            subscription = add_subscription(address, newsletter, joined=old - timedelta(days=9))
            if left:
                preferences.unsubscribe(subscription.pk, left)
    add_subscription("waits@reader.example", state=State.PENDING, joined=old - timedelta(days=9))
    Subscriber.objects.update(created=old - timedelta(days=9))
    assert erasure.erase_former_subscribers(AT) == 0
    assert erasure.erase_former_subscribers(AT + timedelta(seconds=1)) == 1
    assert {s.key.partition("@")[0] for s in Subscriber.objects.all()} == {"lately", "reads", "waits"}
    assert Suppression.objects.suppressed(["gone@reader.example"]) == {"gone@reader.example": "unsubscribed"}


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("Kari\u200b\u202e  Nordmann\n", "Kari Nordmann"),
        ("\u0639\u0644\u06cc\u200c\u0631\u0636\u0627", "\u0639\u0644\u06cc\u200c\u0631\u0636\u0627"),
        ("\U0001f469\u200d\U0001f680", "\U0001f469\u200d\U0001f680"),
        ("\u200d", ""),
    ],
)
def test_a_name_keeps_joiners_and_loses_invisible_characters(written: str, kept: str) -> None:
    form = PersonForm({"name": written, "language": "en"})
    assert not form.errors
    assert form.cleaned_data["name"] == kept
