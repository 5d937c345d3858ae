"""Links and hashes: genuine ones hold, under old keys too; nothing else does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from subscribers import tokens
from subscribers.models import Fingerprint, Subscriber, Suppression
from subscribers.models.housekeeping import LEAST_NUMBER
from subscribers.tokens import Purpose
from tests.subscribers.make import subscription


@given(st.integers(0, 2**48 - 1))
def test_a_link_says_its_number(number: int) -> None:
    token = tokens.link_token(number)
    assert tokens.read_link(token) == number
    assert len(token) == 28
    assert token.replace("-", "").replace("_", "").isalnum()


@given(st.integers(0, 2**40), st.integers(0, 27), st.characters(codec="utf-8"))
def test_a_link_with_one_character_changed_is_forged(number: int, at: int, other: str) -> None:
    token = tokens.link_token(number)
    changed = token[:at] + other + token[at + 1 :]
    assert changed == token or tokens.read_link(changed) is None


@given(st.text(max_size=60))
def test_any_text_is_no_link(text: str) -> None:
    assert tokens.read_link(text) is None
    assert tokens.read_timed(Purpose.ME, text) is None


@pytest.mark.parametrize("made", [Purpose.CONFIRM, Purpose.ME, Purpose.CHANGE])
@pytest.mark.parametrize("read", [Purpose.CONFIRM, Purpose.ME, Purpose.CHANGE])
def test_a_token_is_good_for_its_purpose_only(made: Purpose, read: Purpose) -> None:
    said = tokens.read_timed(read, tokens.timed_token(made, 7, 60))
    assert (said is not None) == (made == read)


def test_a_token_that_ended_says_so() -> None:
    said = tokens.read_timed(Purpose.ME, tokens.timed_token(Purpose.ME, 7, -1))
    assert said is not None
    assert said.expired


def test_an_old_link_holds_under_a_new_key(settings: Settings) -> None:
    token = tokens.link_token(7)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert tokens.read_link(token) == 7


def test_a_link_under_a_foreign_key_is_forged(settings: Settings) -> None:
    token = tokens.link_token(7)
    settings.SECRET_KEY = "another"
    assert tokens.read_link(token) is None


def test_a_proof_acts_on_nobody() -> None:
    assert tokens.read_link(tokens.proof_token()) == tokens.PROOF


@pytest.mark.django_db
def test_a_first_start_notes_the_key(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tokens.check_key()
    assert Fingerprint.objects.get().value == tokens.fingerprint()
    with django_assert_num_queries(1):
        tokens.check_key()


@pytest.mark.django_db
def test_a_link_of_a_database_that_was_lost_is_nobodys() -> None:
    """Under the same key, the first of one database is not the first of another."""
    links = []
    for _ in range(2):
        tokens.check_key()
        links.append(tokens.link_token(subscription().pk))
        Fingerprint.objects.all().delete()
        Subscriber.objects.all().delete()
    assert len(set(links)) == 2
    assert all((tokens.read_link(link) or 0) > LEAST_NUMBER for link in links)


@pytest.mark.django_db
def test_a_database_that_holds_people_counts_on() -> None:
    before = subscription().pk
    tokens.check_key()
    assert subscription(newsletter="daily").pk == before + 1


@pytest.mark.django_db
def test_a_foreign_key_stops_with_a_sentence(settings: Settings) -> None:
    tokens.check_key()
    settings.SECRET_KEY = "another"
    with pytest.raises(tokens.ForeignKey, match=r"site\.secret_key: .* name it in site\.secret_key_previous"):
        tokens.check_key()


@pytest.mark.django_db
def test_a_new_key_takes_everybody_along(settings: Settings) -> None:
    tokens.check_key()
    kari = subscription().subscriber
    Suppression.objects.suppress("kari@reader.example", Suppression.Reason.BOUNCED)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    tokens.check_key()
    now = Subscriber.objects.get(pk=kari.pk)
    assert now.address_hash != kari.address_hash
    assert Suppression.objects.get().hash == now.address_hash
    assert Fingerprint.objects.get().value == tokens.fingerprint()


@pytest.mark.django_db
def test_somebody_unknown_stays_suppressed_under_a_new_key(settings: Settings) -> None:
    Suppression.objects.suppress("kari@reader.example", Suppression.Reason.ERASED)
    Suppression.objects.suppress_domain("shut.example", Suppression.Reason.BY_HAND)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    found = Suppression.objects.suppressed(["kari@reader.example", "ola@shut.example", "per@reader.example"])
    assert found == {"kari@reader.example": "erased", "ola@shut.example": "by hand"}
