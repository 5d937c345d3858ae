"""What links may do: leave, rest, choose; change who one is; be forgotten."""

from datetime import date, timedelta
from typing import Any

import pytest

from subscribers import preferences
from subscribers.addresses import read_address
from subscribers.forms import PersonForm
from subscribers.models import Consent, Letter, Subscriber, Subscription, Suppression, forgotten
from subscribers.signup import Result
from subscribers.tokens import Purpose, link_token, proof_token, timed_token
from tests.subscribers.make import AT, only_letter, path, subscription

pytestmark = pytest.mark.django_db
State = Subscription.State


def test_leaving_is_for_good_and_as_good_as_once() -> None:
    tie = subscription()
    assert preferences.leave(tie.pk, AT)
    assert not preferences.leave(tie.pk, AT + timedelta(days=1))
    tie.refresh_from_db()
    assert (tie.state, tie.unsubscribed_at) == (State.UNSUBSCRIBED, AT)


def test_leaving_ends_open_requests() -> None:
    tie = subscription(state=State.PENDING)
    Consent.objects.create(subscription=tie, how=Consent.How.FORM)
    preferences.leave(tie.pk, AT)
    assert not Consent.objects.exists()


def test_leaving_everything_keeps_imports_from_bringing_one_back() -> None:
    tie = subscription()
    subscription(newsletter="daily")
    preferences.leave_everything(tie.subscriber, AT)
    assert set(Subscription.objects.values_list("state", flat=True)) == {State.UNSUBSCRIBED}
    assert Suppression.objects.get().reason == Suppression.Reason.UNSUBSCRIBED


def test_only_the_active_rest() -> None:
    tie = subscription(state=State.UNSUBSCRIBED)
    preferences.pause(tie, date(2026, 3, 1))
    tie.refresh_from_db()
    assert tie.paused_until is None


def test_whose_link_it_is() -> None:
    tie = subscription()
    assert preferences.subscription_of(link_token(tie.pk)) == tie
    assert preferences.subscription_of(proof_token()) is None
    assert preferences.subscription_of("forged") is None
    assert preferences.is_proof(proof_token())


def test_a_link_to_ones_own_page_is_mailed_seldom() -> None:
    tie = subscription()
    for minute in range(100):
        preferences.ask_for_me(tie, AT + timedelta(minutes=minute))
    assert Letter.objects.count() == preferences.ME_A_DAY


def test_an_own_page_opens_for_an_hour() -> None:
    kari = subscription().subscriber
    assert preferences.person_of(timed_token(Purpose.ME, kari.pk, 3_600)) == (Result.DONE, kari)
    assert preferences.person_of(timed_token(Purpose.ME, kari.pk, -1)) == (Result.EXPIRED, None)
    assert preferences.person_of(timed_token(Purpose.ME, 99, 60)) == (Result.GONE, None)


def move_link() -> str:
    return path(only_letter(kind=Letter.Kind.CHANGE).context["link"]).removeprefix("/confirm/")


def test_an_address_changes_when_the_new_one_confirms() -> None:
    kari = subscription().subscriber
    assert preferences.ask_to_move(kari, read_address("kari@new.example"), AT)
    assert only_letter().address == "kari@new.example"
    assert Subscriber.objects.get().address == "kari@reader.example"
    token = move_link()
    assert preferences.move(token, AT)[0] is Result.DONE
    moved = Subscriber.objects.get()
    assert (moved.address, moved.domain) == ("kari@new.example", "new.example")
    assert moved.address_hash != kari.address_hash
    assert preferences.move(token, AT)[0] is Result.USED


def test_moving_ends_older_links_to_the_own_page() -> None:
    kari = subscription().subscriber
    token = timed_token(Purpose.ME, kari.pk, 3_600)
    Subscriber.objects.update(moved_at=AT + timedelta(days=3_650))
    assert preferences.person_of(token)[0] is Result.EXPIRED


def test_nobody_moves_onto_somebody_else() -> None:
    kari = subscription().subscriber
    subscription("ola@new.example")
    preferences.ask_to_move(kari, read_address("Ola@new.example"), AT)
    assert preferences.move(move_link(), AT)[0] is Result.TAKEN


def test_nobody_moves_onto_what_was_suppressed_by_hand() -> None:
    kari = subscription().subscriber
    Suppression.objects.suppress("kari@new.example", Suppression.Reason.BY_HAND)
    preferences.ask_to_move(kari, read_address("kari@new.example"), AT)
    assert preferences.move(move_link(), AT)[0] is Result.REFUSED


def test_the_data_are_all_that_is_kept() -> None:
    tie = subscription(tags=("film",))
    Consent.objects.create(subscription=tie, how=Consent.How.IMPORT, text="shop counter, 2024", at=AT, confirmed_at=AT)
    data = preferences.data_of(tie.subscriber)
    assert data["address"] == "kari@reader.example"
    assert data["subscriptions"][0]["tags"] == ["film"]
    assert data["subscriptions"][0]["consents"][0]["text"] == "shop counter, 2024"


def test_forgetting_leaves_a_keyed_hash_and_tells_the_others() -> None:
    tie = subscription()
    told: list[dict[str, Any]] = []

    def listen(**of: Any) -> None:
        told.append({"subscriber": of["subscriber"], "address": of["address"]})

    forgotten.connect(listen)
    try:
        assert preferences.forget(read_address("KARI@reader.example"))
    finally:
        forgotten.disconnect(listen)
    assert told == [{"subscriber": tie.subscriber_id, "address": "kari@reader.example"}]
    assert not Subscriber.objects.exists()
    assert not Subscription.objects.exists()
    assert Suppression.objects.suppressed(["kari@reader.example"]) == {"kari@reader.example": "erased"}


def test_who_was_never_here_can_be_kept_out_too() -> None:
    assert not preferences.forget(read_address("kari@reader.example"))
    assert Suppression.objects.get().reason == Suppression.Reason.ERASED


def test_who_left_long_ago_is_erased_and_stays_out() -> None:
    """But not who left lately, who still gets something, nor who is only pending."""
    old = AT - preferences.KEEP_LEFT
    for address, states in {
        "gone@reader.example": {"kinaforum": old, "daily": old},
        "lately@reader.example": {"kinaforum": AT, "daily": old},
        "reads@reader.example": {"kinaforum": None, "daily": old},
    }.items():
        for newsletter, left in states.items():
            tie = subscription(address, newsletter, joined=old - timedelta(days=9))
            if left:
                preferences.leave(tie.pk, left)
    subscription("waits@reader.example", state=State.PENDING, joined=old - timedelta(days=9))
    Subscriber.objects.update(created=old - timedelta(days=9))
    assert preferences.let_go(AT) == 0
    assert preferences.let_go(AT + timedelta(seconds=1)) == 1
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
def test_a_name_keeps_its_joiners_and_loses_what_is_not_seen(written: str, kept: str) -> None:
    form = PersonForm({"name": written, "language": "en"})
    assert not form.errors
    assert form.cleaned_data["name"] == kept
