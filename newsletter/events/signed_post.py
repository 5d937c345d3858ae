"""POST requests to addresses that people enter, signed so that a receiver recognizes and checks what it is told.

They have the headers of Standard Webhooks 1.0.0, and go over connections to public addresses only, without redirects.
"""

import base64
import binascii
import hmac
import secrets
import time
from collections.abc import Mapping

import requests

from newsletter.config import Config
from newsletter.feeds.fetcher import user_agent
from newsletter.feeds.network import GuardedSession, PrivateAddress, Watch, opener

PREFIX = "whsec_"


def new_secret() -> str:
    """Return a new secret with 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def send(
    configuration: Config, url: str, body: bytes, *, secret: str, name: str, seconds: float
) -> tuple[int | None, str]:
    """Post JSON, and return the status of the answer and "", or None and the cause of the failure.

    `name` stays the same when it is sent again.
    """
    headers = {
        "Content-Type": "application/json",
        "User-Agent": user_agent(configuration.site.url),
        **signature(secret, name, body, int(time.time())),
    }
    private = configuration.collect.allow_private_addresses
    try:
        return post(url, body, headers, seconds=seconds, allow_private=private), ""
    except (requests.RequestException, OSError, ValueError) as error:
        return None, _cause_of(error)


def signature(secret: str, name: str, body: bytes, now: int) -> dict[str, str]:
    """Return the headers for a body that is sent at `now` (seconds since 1970); "" as secret signs nothing."""
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


def post(url: str, body: bytes, headers: Mapping[str, str], *, seconds: float, allow_private: bool) -> int:
    """Post a body and return the status of the answer, whose own body is not read.

    Each address that the host's name leads to is checked when it is connected to.
    """
    watch = Watch()
    with GuardedSession(opener(allow_private=allow_private, watch=watch)) as session:
        watch.start(seconds)
        try:
            with session.post(url, data=body, headers=dict(headers), timeout=seconds, stream=True) as response:
                return response.status_code
        finally:
            watch.close()


def _cause_of(error: BaseException) -> str:
    """Return the innermost cause by its class, of which a private address is the one to tell apart."""
    cause: BaseException | None = error
    names = [type(error).__name__]
    while cause is not None:
        names.append(type(cause).__name__)
        if isinstance(cause, PrivateAddress):
            return str(cause)[:200]
        cause = cause.__cause__ or cause.__context__
    return names[-1][:200]
