"""Tokens and hashes: valid ones are accepted, also with previous keys, and nothing else."""

import time

import pytest
from hypothesis import given, strategies as st
from pytest_django import DjangoAssertNumQueries, Settings

from subscribers import tokens
from subscribers.models import Fingerprint, Subscriber, Suppression
from subscribers.models.housekeeping import LEAST_NUMBER
from subscribers.tokens import Purpose
from tests.subscribers.make import add_subscription


@given(st.integers(0, 2**48 - 1))
def test_a_link_contains_the_primary_key(number: int) -> None:
    token = tokens.link_token(number)
    assert tokens.read_link(token) == number
    assert len(token) == 28
    assert token.replace("-", "").replace("_", "").isalnum()


@given(st.integers(0, 2**40), st.integers(0, 27), st.characters(codec="utf-8"))
def test_a_link_with_one_character_changed_is_invalid(number: int, at: int, other: str) -> None:
    token = tokens.link_token(number)
    changed = token[:at] + other + token[at + 1 :]
    assert changed == token or tokens.read_link(changed) is None


@given(
    st.sampled_from(Purpose),
    st.integers(0, 2**40),
    st.integers(0, 36),
    st.integers(0, 2),
    st.text("Aa1_-", max_size=2),
)
def test_an_edited_timed_token_is_invalid(purpose: Purpose, number: int, at: int, left_out: int, put_in: str) -> None:
    token = tokens.timed_token(purpose, number, 60)
    edited = token[:at] + put_in + token[at + left_out :]
    assert edited == token or tokens.read_timed(purpose, edited) is None


@pytest.mark.parametrize("damage", ["{}.", "{})", "{}>", "{}*", '{}"', "{}&amp;x=1", "{} ", "\u200b{}", "{}=", "{}…"])
def test_what_email_programs_add_to_a_link_is_left_out(damage: str) -> None:
    token = tokens.link_token(7)
    assert tokens.read_link(damage.format(token)) == 7


@pytest.mark.parametrize("inserted", ["\r\n", "=\r\n", "\r\n ", "\u00ad", "\u200b"])
def test_what_email_programs_insert_into_a_link_is_left_out(inserted: str) -> None:
    token = tokens.link_token(7)
    assert tokens.read_link(f"{token[:11]}{inserted}{token[11:]}") == 7


@given(st.text(max_size=60))
def test_other_text_is_not_a_link(text: str) -> None:
    assert tokens.read_link(text) is None
    assert tokens.read_timed(Purpose.ME, text) is None


def test_links_and_hashes_of_earlier_versions_stay_valid(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SECRET_KEY = "a key that never changes, so that the values below stay the same"
    monkeypatch.setattr(time, "time", lambda: 1_770_000_000.0)
    assert tokens.link_token(123456) == "AAAAAeJAVwJTS6gEXHFU1TeCH0i9"
    assert tokens.timed_token(Purpose.ME, 7, 3600) == "AAAAAAAHAABpgByQZk_vLqiPcoSdxfkdPYdc"
    assert tokens.keyed_hash(Purpose.ADDRESS, "kari@reader.example") == "ffd87f65cdfab2c13680f35ccffdeeb6"
    assert tokens.fingerprint() == "73648b62246219eb490a272969962459"


@pytest.mark.parametrize("made", [Purpose.CONFIRM, Purpose.ME, Purpose.CHANGE])
@pytest.mark.parametrize("read", [Purpose.CONFIRM, Purpose.ME, Purpose.CHANGE])
def test_a_token_is_valid_for_its_purpose_only(made: Purpose, read: Purpose) -> None:
    said = tokens.read_timed(read, tokens.timed_token(made, 7, 60))
    assert (said is not None) == (made == read)


def test_an_expired_token_says_so() -> None:
    said = tokens.read_timed(Purpose.ME, tokens.timed_token(Purpose.ME, 7, -1))
    assert said is not None
    assert said.expired


def test_old_links_are_valid_with_a_new_key(settings: Settings) -> None:
    token = tokens.link_token(7)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert tokens.read_link(token) == 7


def test_a_link_with_another_key_is_invalid(settings: Settings) -> None:
    token = tokens.link_token(7)
    settings.SECRET_KEY = "another"
    assert tokens.read_link(token) is None


def test_test_emails_belong_to_no_subscription() -> None:
    assert tokens.read_link(tokens.link_token_for_tests()) == tokens.TEST_NUMBER


@pytest.mark.django_db
def test_the_first_start_stores_the_fingerprint(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    tokens.check_key()
    assert Fingerprint.objects.get().value == tokens.fingerprint()
    with django_assert_num_queries(4):
        tokens.check_key()


@pytest.mark.django_db
def test_a_link_of_a_lost_database_matches_nobody() -> None:
    """Under the same key, the first of one database is not the first of another."""
    links = []
    for _ in range(2):
        tokens.check_key()
        links.append(tokens.link_token(add_subscription().pk))
        Fingerprint.objects.all().delete()
        Subscriber.objects.all().delete()
    assert len(set(links)) == 2
    assert all((tokens.read_link(link) or 0) > LEAST_NUMBER for link in links)


@pytest.mark.django_db
def test_an_existing_database_keeps_its_numbering() -> None:
    before = add_subscription().pk
    tokens.check_key()
    assert add_subscription(newsletter="daily").pk == before + 1


@pytest.mark.django_db
def test_another_secret_key_is_an_error(settings: Settings) -> None:
    tokens.check_key()
    settings.SECRET_KEY = "another"
    with pytest.raises(tokens.WrongSecretKey, match=r"site\.secret_key: .* add it to site\.secret_key_previous"):
        tokens.check_key()


@pytest.mark.django_db
def test_a_new_key_recomputes_all_hashes(settings: Settings) -> None:
    tokens.check_key()
    kari = add_subscription().subscriber
    Suppression.objects.suppress("kari@reader.example", Suppression.Reason.BOUNCED)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    tokens.check_key()
    now = Subscriber.objects.get(pk=kari.pk)
    assert now.address_hash != kari.address_hash
    assert Suppression.objects.get().hash == now.address_hash
    assert Fingerprint.objects.get().value == tokens.fingerprint()


@pytest.mark.django_db
def test_suppressions_of_unknown_people_are_valid_with_a_new_key(settings: Settings) -> None:
    Suppression.objects.suppress("kari@reader.example", Suppression.Reason.ERASED)
    Suppression.objects.suppress_domain("shut.example", Suppression.Reason.BY_HAND)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    found = Suppression.objects.suppressed(["kari@reader.example", "ola@shut.example", "per@reader.example"])
    assert found == {"kari@reader.example": "erased", "ola@shut.example": "by hand"}
