"""Posts alerts to `site.alert_url`, signed as Standard Webhooks describe it (standardwebhooks.com, version 1.0.0)."""

import base64
import binascii
import hashlib
import hmac
import json
import time
from datetime import datetime

import requests

from newsletter.config import Site
from newsletter.messages import Message
from newsletter.messages.delivery import ALERT_ANSWERED
from newsletter.messages.general import TEXT

SECONDS = 10.0
PREFIX = "whsec_"


def post(site: Site, at: datetime, fields: dict[str, str | None]) -> Message | None:
    """Post an alert with the time at which it arose; return the problem, if any.

    Each attempt has the same `webhook-id`, by which a receiver recognizes what it has already.
    """
    body = json.dumps({"time": at.isoformat(), **fields}, ensure_ascii=False).encode()
    headers = {"Content-Type": "application/json", **_headers(site.alert_secret, body, int(time.time()))}
    try:
        answer = requests.post(site.alert_url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as e:
        return TEXT(words=type(e).__name__)
    return None if answer.ok else ALERT_ANSWERED(status=str(answer.status_code))


def _headers(secret: str, body: bytes, now: int) -> dict[str, str]:
    name = hashlib.sha256(body).hexdigest()[:32]
    headers = {"webhook-id": name, "webhook-timestamp": str(now)}
    if secret:
        digest = hmac.digest(_key(secret), b".".join((name.encode(), str(now).encode(), body)), "sha256")
        headers["webhook-signature"] = f"v1,{base64.b64encode(digest).decode()}"
    return headers


def _key(secret: str) -> bytes:
    """The octets of a secret: what follows `whsec_` is base64, anything else is taken as it is."""
    if secret.startswith(PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()
