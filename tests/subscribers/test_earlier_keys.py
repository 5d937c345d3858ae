"""Blocked and erased addresses are recognized under every later secret key, without the earlier ones."""

import pytest
from pytest_django import Settings

from subscribers import tokens
from subscribers.models import EarlierKey, Suppression
from subscribers.tokens import Purpose, WrongSecretKey

pytestmark = pytest.mark.django_db

KEYS = tuple(f"key number {number}, which is long enough for a key" for number in range(3))
ERASED, OTHER = "erased@reader.example", "someone@elsewhere.example"


def start(settings: Settings, key: str, *previous: str, lost: tuple[str, ...] = ()) -> None:
    """Start with these keys."""
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEYS_LOST = key, list(previous), list(lost)
    tokens.check_key()


@pytest.fixture(autouse=True)
def blocked(settings: Settings) -> None:
    """An erased address and a blocked domain, under the first key."""
    start(settings, KEYS[0])
    Suppression.objects.suppress(ERASED, Suppression.Reason.ERASED)
    Suppression.objects.suppress_domain("elsewhere.example", Suppression.Reason.BY_HAND)


def recognized() -> dict[str, str]:
    """The blocked ones among three addresses, with the reasons."""
    return Suppression.objects.suppressed([ERASED, OTHER, "new@reader.example"])


@pytest.mark.parametrize("changes", [1, 2])
def test_they_are_recognized_when_no_earlier_key_is_listed(changes: int, settings: Settings) -> None:
    for number in range(changes):
        start(settings, KEYS[number + 1], KEYS[number])
    start(settings, KEYS[changes])
    assert recognized() == {ERASED: "erased", OTHER: "by hand"}
    assert [row.reason for row in Suppression.objects.covering(ERASED)] == ["erased"]


def test_blocking_again_finds_the_row_of_the_dropped_key(settings: Settings) -> None:
    start(settings, KEYS[1], KEYS[0])
    start(settings, KEYS[1])
    assert not Suppression.objects.suppress(ERASED, Suppression.Reason.COMPLAINED)
    assert Suppression.objects.get(reason="complained").key_id == tokens.fingerprint()


def test_their_rows_are_renewed_when_the_address_is_seen(settings: Settings) -> None:
    """SQL compares the hashes of subscribers with those of the present key only."""
    start(settings, KEYS[1], KEYS[0])
    start(settings, KEYS[1])
    Suppression.objects.rekey(OTHER)
    assert Suppression.objects.get(kind="domain").key_id == tokens.fingerprint()


def test_a_missing_key_stops_the_start(settings: Settings) -> None:
    start(settings, KEYS[1], KEYS[0])
    EarlierKey.objects.all().delete()
    with pytest.raises(WrongSecretKey, match="list that key again"):
        start(settings, KEYS[1])
    start(settings, KEYS[1], KEYS[0])
    start(settings, KEYS[1])
    assert recognized() == {ERASED: "erased", OTHER: "by hand"}


def test_a_lost_key_is_given_up_by_its_fingerprint(settings: Settings) -> None:
    first = tokens.fingerprint()
    start(settings, KEYS[1], KEYS[0])
    EarlierKey.objects.all().delete()
    with pytest.raises(WrongSecretKey, match=first):
        start(settings, KEYS[1], lost=("another",))
    start(settings, KEYS[1], lost=(first,))
    assert recognized() == {}


def test_the_keys_are_stored_encrypted_and_change_nothing_later(settings: Settings) -> None:
    start(settings, KEYS[1], KEYS[0])
    row = EarlierKey.objects.get()
    for purpose in (Purpose.ADDRESS, Purpose.DOMAIN):
        assert row.key(purpose) == tokens.key(purpose, KEYS[0])
        assert tokens.key(purpose, KEYS[0]) not in bytes(row.encrypted)
    start(settings, KEYS[1], KEYS[0])
    assert bytes(EarlierKey.objects.get().encrypted) == bytes(row.encrypted)
    settings.SECRET_KEY = KEYS[2]
    assert EarlierKey.objects.get().keys() == b""
