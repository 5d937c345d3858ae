"""What an editor does for people, one at a time."""

import pytest

from subscribers import byhand
from subscribers.addresses import AddressProblem
from subscribers.models import Consent, Subscription, Suppression
from tests.subscribers.make import only_letter, subscription

pytestmark = pytest.mark.django_db
State = Subscription.State


def test_adding_notes_the_consent() -> None:
    assert byhand.add("Kari@reader.example", "kinaforum", consent="by telephone", name="Kari") == "added"
    given = Consent.objects.get()
    assert (given.how, given.text, given.confirmed_at is not None) == ("by hand", "by telephone", True)
    assert byhand.add("kari@reader.example", "kinaforum") == "unchanged"


def test_adding_can_ask_first() -> None:
    byhand.add("kari@reader.example", "kinaforum", confirm_by_mail=True)
    assert Subscription.objects.get().state == State.PENDING
    assert only_letter().template == "confirm"


@pytest.mark.parametrize("reason", Suppression.Reason.values)
def test_adding_does_not_bring_back_the_suppressed(reason: str) -> None:
    Suppression.objects.suppress("kari@reader.example", reason)
    with pytest.raises(byhand.Refused, match=rf"is suppressed \({reason}\)"):
        byhand.add("kari@reader.example", "kinaforum")


def test_adding_does_not_bring_back_who_left() -> None:
    subscription(state=State.UNSUBSCRIBED)
    with pytest.raises(byhand.Refused, match="has left kinaforum; ask them"):
        byhand.add("kari@reader.example", "kinaforum")


def test_showing() -> None:
    subscription()
    assert byhand.show("KARI@reader.example")["subscriptions"][0]["newsletter"] == "kinaforum"
    Suppression.objects.suppress("ola@reader.example", Suppression.Reason.ERASED)
    assert byhand.show("ola@reader.example")["suppressions"][0]["reason"] == "erased"
    with pytest.raises(byhand.Refused, match="is nobody here"):
        byhand.show("per@reader.example")


def test_removing_from_one_and_from_all() -> None:
    subscription()
    subscription(newsletter="daily")
    assert byhand.remove("kari@reader.example", "daily") == 1
    assert not Suppression.objects.exists()
    assert byhand.remove("kari@reader.example") == 1
    assert Suppression.objects.get().reason == "unsubscribed"
    with pytest.raises(byhand.Refused, match="is nobody here"):
        byhand.remove("ola@reader.example")


def test_suppressing_and_lifting() -> None:
    assert byhand.suppress("kari@reader.example", "bounced")
    assert not byhand.suppress("Kari@reader.example", "by hand", "asked by letter")
    assert Suppression.objects.get().reason == "by hand"
    assert not byhand.suppress("kari@reader.example", "unsubscribed")
    assert Suppression.objects.get().reason == "by hand"
    assert byhand.suppress("@Reader.example")
    assert byhand.lift("kari@reader.example") == 1
    assert byhand.lift("@reader.example") == 1


@pytest.mark.parametrize("text", ["kari", "@", "@nothing", ""])
def test_what_is_no_address_is_told(text: str) -> None:
    with pytest.raises(AddressProblem, match=r"is no mail address"):
        byhand.suppress(text)


def test_an_unknown_reason_is_told() -> None:
    with pytest.raises(byhand.Refused, match="'tired' is no reason; write one of unsubscribed, bounced"):
        byhand.suppress("kari@reader.example", "tired")
