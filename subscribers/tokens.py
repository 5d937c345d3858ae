"""Links that only we can have written, and keyed hashes that stand for addresses.

Everything is an HMAC-SHA256 under a key derived from the secret key for one purpose, so that a token of one purpose
is worth nothing for another. What was made under a key of `secret_key_previous` holds on.
"""

import hmac
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from django.apps import apps
from django.conf import settings

PROOF = 0
"""The number that the links of a proof carry: no subscription has it, so that they act on nobody."""

NUMBER, EXPIRES, MAC = 6, 6, 15  # octets; their sums are multiples of three, so that base64 needs no padding


class ForeignKey(Exception):
    """The database was written under another secret key; the message says what to do."""


class Purpose(StrEnum):
    """What a token or a hash is for."""

    LINK = "link"
    CONFIRM = "confirm"
    ME = "me"
    CHANGE = "change"
    ADDRESS = "address"
    DOMAIN = "domain"
    LIMIT = "limit"
    FINGERPRINT = "fingerprint"


@dataclass(frozen=True, slots=True)
class Timed:
    """What a genuine token with an end says: its number, and when it ends in seconds since the epoch."""

    number: int
    expires: int

    @property
    def expired(self) -> bool:
        """Whether its time is over."""
        return time.time() >= self.expires


def secrets() -> tuple[str, ...]:
    """The secret key in force, then the previous ones."""
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=256)
def _key(secret: str, purpose: Purpose) -> bytes:
    return hmac.digest(secret.encode(), f"newsletter {purpose}".encode(), "sha256")


def link_token(subscription: int) -> str:
    """What the links of this subscription's mails carry: 28 characters of [A-Za-z0-9_-], good for ever."""
    return link_tokens()(subscription)


def link_tokens() -> Callable[[int], str]:
    """`link_token` for many, with the key in force now."""
    key = _key(settings.SECRET_KEY, Purpose.LINK)

    def token(subscription: int) -> str:
        number = subscription.to_bytes(NUMBER, "big")
        return urlsafe_b64encode(number + hmac.digest(key, number, "sha256")[:MAC]).decode()

    return token


def proof_token() -> str:
    """What the links of a proof carry."""
    return link_token(PROOF)


def read_link(token: str) -> int | None:
    """The number of the subscription (PROOF for a proof); None for what we did not write."""
    octets = _opened(token, Purpose.LINK, NUMBER)
    return None if octets is None else int.from_bytes(octets, "big")


def timed_token(purpose: Purpose, number: int, seconds: int) -> str:
    """A token for `number` that is good for so many seconds: 36 characters of [A-Za-z0-9_-]."""
    expires = int(time.time()) + seconds
    octets = number.to_bytes(NUMBER, "big") + expires.to_bytes(EXPIRES, "big")
    mac = hmac.digest(_key(settings.SECRET_KEY, purpose), octets, "sha256")[:MAC]
    return urlsafe_b64encode(octets + mac).decode()


def read_timed(purpose: Purpose, token: str) -> Timed | None:
    """What a token says, expired or not; None for what we did not write for this purpose."""
    octets = _opened(token, purpose, NUMBER + EXPIRES)
    if octets is None:
        return None
    return Timed(int.from_bytes(octets[:NUMBER], "big"), int.from_bytes(octets[NUMBER:], "big"))


def _opened(token: str, purpose: Purpose, length: int) -> bytes | None:
    """The octets that the token vouches for; its one spelling only, under any of the keys."""
    if len(token) != (length + MAC) // 3 * 4 or not token.isascii():
        return None
    try:
        octets = urlsafe_b64decode(token)
    except ValueError:
        return None
    said, mac = octets[:length], octets[length:]
    if urlsafe_b64encode(octets).decode() != token:
        return None
    for secret in secrets():
        if hmac.compare_digest(hmac.digest(_key(secret, purpose), said, "sha256")[:MAC], mac):
            return said
    return None


def keyed_hash(purpose: Purpose, text: str, secret: str | None = None) -> str:
    """What stands for an address or a domain: 32 hexadecimal digits, under the key in force unless told."""
    key = _key(settings.SECRET_KEY if secret is None else secret, purpose)
    return hmac.digest(key, text.encode(), "sha256")[:16].hex()


def hashes(purpose: Purpose, text: str) -> list[str]:
    """`keyed_hash` under the key in force, then under each previous one."""
    return [keyed_hash(purpose, text, secret) for secret in secrets()]


def fingerprint(secret: str | None = None) -> str:
    """What the database knows of a secret key, by which it tells it from another."""
    return keyed_hash(Purpose.FINGERPRINT, "", secret)


def check_key() -> None:
    """Compare the secret key with the one that the database was written under; called whenever the program starts.

    A first start notes the fingerprint. Where the key is new and `secret_key_previous` has the old one, every hash
    moves to the new key. Raises ForeignKey where neither is the database's.
    (The models stand a floor above, so that they are asked for by name.)
    """
    known = apps.get_model("subscribers", "Fingerprint").objects
    stored = known.values_list("value", flat=True).first()
    if stored == fingerprint():
        return
    if stored is None:
        known.note()
        return
    old = next((secret for secret in secrets()[1:] if fingerprint(secret) == stored), None)
    if old is None:
        raise ForeignKey(
            "site.secret_key: the database was written under another key, so that the links in mails already sent "
            "would not work; give that key back, or name it in site.secret_key_previous beside the new one"
        )
    known.get(pk=1).move(old)
