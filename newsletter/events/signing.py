"""The headers with which a receiver recognizes and checks what it is told (Standard Webhooks 1.0.0)."""

import base64
import binascii
import hmac
import secrets

PREFIX = "whsec_"


def new_secret() -> str:
    """Return a new secret with 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def headers(secret: str, name: str, body: bytes, now: int) -> dict[str, str]:
    """Return the headers of a request with this body, sent at `now` (seconds since 1970); "" as secret signs nothing.

    `name` stays the same when it is sent again.
    """
    fields = {"webhook-id": name, "webhook-timestamp": str(now)}
    if secret:
        digest = hmac.digest(_key(secret), b".".join((name.encode(), str(now).encode(), body)), "sha256")
        fields["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return fields


def _key(secret: str) -> bytes:
    """Return the octets of a secret: what follows `whsec_` is base64, anything else is taken as it is."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()
