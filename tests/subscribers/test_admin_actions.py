"""An editor's actions on one subscriber."""

import pytest

from subscribers import admin_actions
from subscribers.addresses import AddressProblem
from subscribers.models import Consent, Subscription, Suppression
from tests.subscribers.make import add_subscription, only_email

pytestmark = pytest.mark.django_db
State = Subscription.State


def test_adding_stores_the_consent() -> None:
    assert admin_actions.add("Kari@reader.example", "kinaforum", consent="by telephone", name="Kari") == "added"
    given = Consent.objects.get()
    assert (given.how, given.text, given.confirmed_at is not None) == ("by hand", "by telephone", True)
    assert admin_actions.add("kari@reader.example", "kinaforum") == "unchanged"


def test_adding_can_require_confirmation() -> None:
    admin_actions.add("kari@reader.example", "kinaforum", confirm_by_mail=True)
    assert Subscription.objects.get().state == State.PENDING
    assert only_email().template == "confirm"


@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_adding_refuses_blocked_addresses(reason: str) -> None:
    Suppression.objects.suppress("kari@reader.example", reason)
    with pytest.raises(admin_actions.ActionRefused, match=rf"is blocked \({reason}\)"):
        admin_actions.add("kari@reader.example", "kinaforum")


def test_adding_refuses_people_who_unsubscribed() -> None:
    add_subscription(state=State.UNSUBSCRIBED)
    with pytest.raises(admin_actions.ActionRefused, match="has unsubscribed from kinaforum; ask them"):
        admin_actions.add("kari@reader.example", "kinaforum")


def test_showing() -> None:
    add_subscription()
    assert admin_actions.show("KARI@reader.example")["subscriptions"][0]["newsletter"] == "kinaforum"
    Suppression.objects.suppress("ola@reader.example", Suppression.Reason.ERASED)
    assert admin_actions.show("ola@reader.example")["suppressions"][0]["reason"] == "erased"
    with pytest.raises(admin_actions.ActionRefused, match="is not a subscriber"):
        admin_actions.show("per@reader.example")


def test_removing_from_one_and_from_all() -> None:
    add_subscription()
    add_subscription(newsletter="daily")
    assert admin_actions.remove("kari@reader.example", "daily") == 1
    assert not Suppression.objects.exists()
    assert admin_actions.remove("kari@reader.example") == 1
    assert Suppression.objects.get().reason == "unsubscribed"
    with pytest.raises(admin_actions.ActionRefused, match="is not a subscriber"):
        admin_actions.remove("ola@reader.example")


def test_blocking_and_unblocking() -> None:
    assert admin_actions.suppress("kari@reader.example", "bounced")
    assert not admin_actions.suppress("Kari@reader.example", "by hand", "asked by letter")
    assert Suppression.objects.get().reason == "by hand"
    assert not admin_actions.suppress("kari@reader.example", "unsubscribed")
    assert Suppression.objects.get().reason == "by hand"
    assert admin_actions.suppress("@Reader.example")
    assert admin_actions.unblock("kari@reader.example") == 1
    assert admin_actions.unblock("@reader.example") == 1


@pytest.mark.parametrize("text", ["kari", "@", "@nothing", ""])
def test_an_invalid_address_is_named_in_the_error(text: str) -> None:
    with pytest.raises(AddressProblem, match=r"is not an email address"):
        admin_actions.suppress(text)


def test_an_unknown_reason_is_refused() -> None:
    with pytest.raises(admin_actions.ActionRefused, match="'tired' is not a reason; use one of unsubscribed, bounced"):
        admin_actions.suppress("kari@reader.example", "tired")
