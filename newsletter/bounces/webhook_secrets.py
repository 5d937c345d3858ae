"""Secrets of webhook addresses: HTTP Basic credentials that only this program and the email service know.

They are made from the secret key, so there is nothing to store. Those of previous keys stay valid.
"""

import hmac
from base64 import urlsafe_b64encode
from functools import lru_cache

from subscribers import tokens

USER = "newsletter"
_OCTETS = 18


def current(provider: str) -> str:
    """Return the password to paste at this provider."""
    return valid(provider)[0]


def valid(provider: str) -> list[str]:
    """Return every password that is accepted from this provider, the current one first."""
    return [_password(secret, provider) for secret in tokens.secrets()]


@lru_cache(maxsize=64)
def _password(secret: str, provider: str) -> str:
    digest = hmac.digest(secret.encode(), f"newsletter webhook {provider}".encode(), "sha256")
    return urlsafe_b64encode(digest[:_OCTETS]).decode()
