"""Joining: proof, limits, the same answer for everybody, and what confirming lifts."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from newsletter import config
from subscribers import letters, signup
from subscribers.addresses import read_address
from subscribers.models import Consent, Letter, Subscriber, Subscription, Suppression
from subscribers.signup import Request, Result
from subscribers.tokens import Purpose, timed_token
from tests import settings
from tests.subscribers.make import AT, only_letter, path, subscription

pytestmark = pytest.mark.django_db
State = Subscription.State


def ask(address: str = "kari@reader.example", at: datetime = AT, **changes: Any) -> bool:
    request = {"newsletter": "kinaforum", "language": "nn", "network": "192.0.2.7", "page": "https://blog.example/"}
    return signup.ask(Request(address=read_address(address), at=at, **{**request, **changes}))


def confirm(at: datetime = AT) -> Result:
    link = only_letter(kind=Letter.Kind.CONFIRM).context["link"]
    return signup.confirm(path(link).removeprefix("/confirm/"), at)[0]


def test_a_request_is_only_a_letter() -> None:
    assert ask()
    tie = Subscription.objects.get()
    assert tie.state == State.PENDING
    letter = only_letter()
    assert (letter.template, letter.address, letter.language) == ("confirm", "kari@reader.example", "nb")


def test_confirming_makes_it_active_with_consent() -> None:
    ask("Kari@Reader.example")
    assert confirm(AT + timedelta(hours=1)) is Result.DONE
    tie, given = Subscription.objects.get(), Consent.objects.get()
    assert (tie.state, tie.joined, tie.subscriber.address) == (
        State.ACTIVE,
        AT + timedelta(hours=1),
        "Kari@reader.example",
    )
    assert (given.how, given.wording, given.language) == ("form", signup.WORDING, "nn")
    assert (given.network, given.page) == ("192.0.2.7", "https://blog.example/")
    assert (given.at, given.confirmed_at) == (AT, AT + timedelta(hours=1))
    assert "Kinaforum" in given.text


def test_a_link_works_once_even_for_who_left_since() -> None:
    ask()
    token = path(only_letter().context["link"]).removeprefix("/confirm/")
    assert signup.confirm(token, AT)[0] is Result.DONE
    Subscription.objects.update(state=State.UNSUBSCRIBED)
    assert signup.confirm(token, AT)[0] is Result.USED
    assert Subscription.objects.get().state == State.UNSUBSCRIBED


def test_a_link_ends() -> None:
    ask()
    token = timed_token(Purpose.CONFIRM, Consent.objects.get().pk, -1)
    assert signup.confirm(token, AT)[0] is Result.EXPIRED
    assert Subscription.objects.get().state == State.PENDING


def test_a_flood_for_one_address_writes_one_letter() -> None:
    for number in range(200):
        assert ask(network=f"192.0.{number}.7", at=AT + timedelta(seconds=number))
    assert Letter.objects.count() == 1
    assert Consent.objects.count() == 1


def test_whoever_lost_the_mail_may_ask_again_later() -> None:
    ask()
    ask(at=AT + timedelta(hours=7))
    assert Letter.objects.count() == 2


def test_who_does_not_answer_is_left_in_peace() -> None:
    """Asked for by somebody else every seven hours for a month, a person gets no more than ten mails."""
    month = datetime.fromtimestamp(AT.timestamp() // signup.MONTH.total_seconds() * signup.MONTH.total_seconds(), UTC)
    for hour in range(0, 24 * 30, 7):
        assert ask(at=month + timedelta(hours=hour))
    assert Letter.objects.count() == signup.LETTERS_A_MONTH
    assert ask(at=month + signup.MONTH)
    assert Letter.objects.count() == signup.LETTERS_A_MONTH + 1


def test_one_network_is_heard_so_often_an_hour() -> None:
    answers = [ask(f"k{n}@reader.example") for n in range(signup.PER_NETWORK + 1)]
    assert answers == [True] * signup.PER_NETWORK + [False]
    assert Subscriber.objects.count() == signup.PER_NETWORK
    assert ask("other@reader.example", network="198.51.100.1")
    assert ask("later@reader.example", at=AT + timedelta(hours=1))


def test_one_domain_is_heard_so_often_an_hour(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signup, "PER_DOMAIN", 2)
    assert [ask(f"k{n}@reader.example", network=f"192.0.{n}.1") for n in range(3)] == [True, True, False]
    assert ask("k@elsewhere.example", network="192.0.9.1")


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
def test_a_network_is_what_one_household_holds(address: str, network: str) -> None:
    assert signup.network_of(address) == network


def test_who_has_it_is_told_so_and_nothing_changes() -> None:
    tie = subscription()
    ask()
    assert only_letter().template == "already"
    assert Subscription.objects.get().joined == tie.joined


def test_who_left_can_come_back_with_proof() -> None:
    subscription(state=State.UNSUBSCRIBED)
    ask()
    assert Subscription.objects.get().state == State.UNSUBSCRIBED
    assert confirm() is Result.DONE
    assert Subscription.objects.get().state == State.ACTIVE


@pytest.mark.parametrize("reason", Suppression.LIFTED_BY_CONFIRMING)
def test_confirming_lifts(reason: str) -> None:
    Suppression.objects.suppress("kari@reader.example", reason)
    ask()
    assert confirm() is Result.DONE
    assert not Suppression.objects.exists()
    assert Subscription.objects.receiving("kinaforum", AT).count() == 1


@pytest.mark.parametrize("reason", [Suppression.Reason.COMPLAINED, Suppression.Reason.BY_HAND])
def test_complaints_and_what_was_done_by_hand_stay(reason: str) -> None:
    Suppression.objects.suppress("kari@reader.example", reason)
    assert ask()
    assert letters.compose(Letter.objects.get()) is None
    token = timed_token(Purpose.CONFIRM, Consent.objects.get().pk, 60)
    assert signup.confirm(token, AT)[0] is Result.REFUSED
    assert Subscription.objects.get().state == State.PENDING


def test_a_bounce_is_lifted_once_a_month() -> None:
    for expected in (Result.DONE, None):
        Suppression.objects.suppress("kari@reader.example", Suppression.Reason.BOUNCED)
        Subscription.objects.update(state=State.UNSUBSCRIBED)
        Letter.objects.all().delete()
        ask()
        may = letters.may_be_lifted("kari@reader.example", AT)
        assert may is (expected is not None)
        if may:
            token = timed_token(Purpose.CONFIRM, Consent.objects.get(confirmed_at=None).pk, 60)
            assert signup.confirm(token, AT)[0] is expected


def test_a_welcome_is_written_where_wanted() -> None:
    text = settings.TEXT.replace('title = "Kinaforum"', 'title = "Kinaforum"\nwelcome = true')
    config.use(config.parse(text, settings.FOLDER / "config.toml"))
    ask()
    confirm()
    assert only_letter(kind=Letter.Kind.WELCOME).template == "welcome"


def test_tidying_drops_only_what_nobody_confirmed() -> None:
    ask()
    subscription("active@reader.example", joined=AT - timedelta(days=900))
    Subscriber.objects.update(created=AT)
    signup.tidy(AT + timedelta(days=29))
    assert Subscription.objects.count() == 2
    signup.tidy(AT + timedelta(days=31))
    assert [s.subscriber.address for s in Subscription.objects.all()] == ["active@reader.example"]
    assert Subscriber.objects.count() == 1
