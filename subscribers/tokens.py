"""Signed tokens for links, and keyed hashes of addresses.

Each uses HMAC-SHA256 with a key derived from the secret key for one purpose, so that a token is valid for its purpose
only. Tokens and hashes made with a key of `secret_key_previous` stay valid.
"""

import hmac
import re
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from django.apps import apps
from django.conf import settings

_INSERTED = re.compile(r"=?\s+|[\u00ad\u200b-\u200d\u2060\ufeff]")
"""White space, also after a "=" (RFC 2045 6.7), and characters without width."""
_ADDED = re.compile(r"[^A-Za-z0-9_/-].*", re.DOTALL)

TEST_NUMBER = 0
"""The number in links of test emails; no subscription has it."""

HASH = 16
"""Octets of the hash of an address or domain."""
SEAL = 20
NUMBER, EXPIRES, MAC = 6, 6, 15  # octets; their sums are multiples of three, so that base64 needs no padding


class WrongSecretKey(Exception):
    """The database was written with another secret key; the message says what to do."""


class Purpose(StrEnum):
    """The purpose of a token or hash."""

    LINK = "link"
    CONFIRM = "confirm"
    ME = "me"
    CHANGE = "change"
    ADDRESS = "address"
    DOMAIN = "domain"
    LIMIT = "limit"
    FINGERPRINT = "fingerprint"
    CHALLENGE = "challenge"
    SOLUTION = "solution"
    EARLIER_KEY = "earlier key"
    CODE = "sign-up code"
    WAITING = "waiting unsubscription"


@dataclass(frozen=True, slots=True)
class Timed:
    """The content of a valid token that expires: its number, and its end in seconds since the epoch."""

    number: int
    expires: int

    @property
    def expired(self) -> bool:
        """Return whether the token has expired."""
        return time.time() >= self.expires


def secrets() -> tuple[str, ...]:
    """Return the current secret key, then the previous ones. What anyone presents is checked under each of them."""
    return (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(maxsize=256)
def _key(secret: str, purpose: Purpose) -> bytes:
    return hmac.digest(secret.encode(), f"newsletter {purpose}".encode(), "sha256")


@lru_cache(maxsize=256)
def _keyed(secret: str, purpose: Purpose) -> hmac.HMAC:
    return hmac.new(_key(secret, purpose), digestmod="sha256")


def _mac(secret: str, purpose: Purpose, octets: bytes) -> bytes:
    """Return the HMAC of some octets.

    `hmac.digest` gives up the interpreter's lock for each, and then waits milliseconds for it while other threads work.
    """
    mac = _keyed(secret, purpose).copy()
    mac.update(octets)
    return mac.digest()


def key(purpose: Purpose, secret: str | None = None) -> bytes:
    """Return the key for a purpose, by default of the current secret key."""
    return _key(settings.SECRET_KEY if secret is None else secret, purpose)


def keys(purpose: Purpose) -> tuple[bytes, ...]:
    """Return the keys for a purpose: of the current secret key, then of the previous ones."""
    return tuple(_key(secret, purpose) for secret in secrets())


def link_token(subscription: int) -> str:
    """Return the token in the links of a subscription's emails: 28 characters of [A-Za-z0-9_-], without expiry."""
    return link_tokens()(subscription)


def link_tokens() -> Callable[[int], str]:
    """Return a function like `link_token` that uses the current key, for many subscriptions."""
    secret = settings.SECRET_KEY

    def token(subscription: int) -> str:
        number = subscription.to_bytes(NUMBER, "big")
        return urlsafe_b64encode(number + _mac(secret, Purpose.LINK, number)[:MAC]).decode()

    return token


def link_token_for_tests() -> str:
    """Return the token in the links of a test email."""
    return link_token(TEST_NUMBER)


def read_link(token: str) -> int | None:
    """Return the primary key of the subscription (TEST_NUMBER for a test email); None if the token is invalid."""
    octets = _opened(token, Purpose.LINK, NUMBER)
    return None if octets is None else int.from_bytes(octets, "big")


def timed_token(purpose: Purpose, number: int, seconds: int) -> str:
    """Return a token for `number` that expires after some seconds: 36 characters of [A-Za-z0-9_-]."""
    expires = int(time.time()) + seconds
    octets = number.to_bytes(NUMBER, "big") + expires.to_bytes(EXPIRES, "big")
    mac = _mac(settings.SECRET_KEY, purpose, octets)[:MAC]
    return urlsafe_b64encode(octets + mac).decode()


def read_timed(purpose: Purpose, token: str) -> Timed | None:
    """Return the content of a token, expired or not; None if it is invalid for this purpose."""
    octets = _opened(token, purpose, NUMBER + EXPIRES)
    if octets is None:
        return None
    return Timed(int.from_bytes(octets[:NUMBER], "big"), int.from_bytes(octets[NUMBER:], "big"))


def _opened(token: str, purpose: Purpose, length: int) -> bytes | None:
    """Return the authenticated octets of a token, or None. Only the canonical encoding is accepted, but for the line
    breaks that email programs insert and punctuation after it.
    """
    token = _ADDED.sub("", _INSERTED.sub("", token))
    if len(token) != (length + MAC) // 3 * 4:
        return None
    octets = urlsafe_b64decode(token)
    content, mac = octets[:length], octets[length:]
    if urlsafe_b64encode(octets).decode() != token:
        return None
    for secret in secrets():
        if hmac.compare_digest(_mac(secret, purpose, content)[:MAC], mac):
            return content
    return None


def sealed(purpose: Purpose, content: bytes) -> bytes:
    """Return some octets with SEAL octets after them, by which `unsealed` recognizes them."""
    return content + _mac(settings.SECRET_KEY, purpose, content)[:SEAL]


def unsealed(purpose: Purpose, octets: bytes) -> bytes | None:
    """Return the content of `sealed`, or None if it was not made with the current or a previous key."""
    content, seal = octets[:-SEAL], octets[-SEAL:]
    valid = any(hmac.compare_digest(_mac(secret, purpose, content)[:SEAL], seal) for secret in secrets())
    return content if valid else None


def keyed_hash(purpose: Purpose, text: str, secret: str | None = None) -> str:
    """Return the hash of an address or domain: 32 hexadecimal digits, by default with the current key."""
    return _mac(settings.SECRET_KEY if secret is None else secret, purpose, text.encode())[:HASH].hex()


def hash_with(key: bytes, text: str) -> str:
    """Return `keyed_hash` with a key for its purpose instead of a secret key."""
    return hmac.digest(key, text.encode(), "sha256")[:HASH].hex()


def hash_keys(secret: str) -> bytes:
    """Return the keys for hashes of addresses and domains under a secret key, one after the other."""
    return _key(secret, Purpose.ADDRESS) + _key(secret, Purpose.DOMAIN)


def hashes(purpose: Purpose, text: str) -> list[str]:
    """Return `keyed_hash` with the current key, then with each previous one."""
    return [keyed_hash(purpose, text, secret) for secret in secrets()]


def fingerprint(secret: str | None = None) -> str:
    """Return the fingerprint of a secret key, which the database stores."""
    return keyed_hash(Purpose.FINGERPRINT, "", secret)


def check_key() -> None:
    """Compare the secret key with the one that the database was written with; called at every start.

    The first start stores the fingerprint. If the key is new and `secret_key_previous` has the old one, all hashes of
    known addresses are recomputed, and what recognizes the others is kept. Raises WrongSecretKey if neither matches,
    and if an earlier key is missing without which blocked addresses are not recognized.
    (The models are in a higher layer, so they are looked up by name.)
    """
    _check_present_key()
    apps.get_model("subscribers", "EarlierKey").objects.keep()
    missing = apps.get_model("subscribers", "Suppression").objects.unrecognizable() - set(settings.SECRET_KEYS_LOST)
    if missing:
        names = ", ".join(f'"{name}"' for name in sorted(missing))
        raise WrongSecretKey(
            "site.secret_key_previous: some blocked or erased addresses can be recognized only with an earlier secret "
            "key that is missing; list that key again. If it is lost, allow imports to add them again with "
            f"site.secret_key_lost = [{names}]"
        )


def _check_present_key() -> None:
    fingerprints = apps.get_model("subscribers", "Fingerprint").objects
    present = fingerprints.values_list("value", flat=True).first()
    if present == fingerprint():
        return
    if present is None:
        fingerprints.store()
        return
    old = next((secret for secret in secrets()[1:] if fingerprint(secret) == present), None)
    if old is None:
        raise WrongSecretKey(
            "site.secret_key: the database was written with another key, so links in emails already sent would not "
            "work; restore that key, or add it to site.secret_key_previous"
        )
    fingerprints.get(pk=1).rekey(old)
