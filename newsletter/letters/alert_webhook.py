"""Posts alerts to `site.alert_url`, signed as Standard Webhooks describe it (standardwebhooks.com, version 1.0.0)."""

import hashlib
import json
import time
from datetime import datetime

import requests

from newsletter.config import Site
from newsletter.events import signing
from newsletter.messages import Message
from newsletter.messages.delivery import ALERT_ANSWERED
from newsletter.messages.general import TEXT

SECONDS = 10.0


def post(site: Site, at: datetime, fields: dict[str, str | None]) -> Message | None:
    """Post an alert with the time at which it arose; return the problem, if any.

    Each attempt has the same `webhook-id`, by which a receiver recognizes what it has already.
    """
    body = json.dumps({"time": at.isoformat(), **fields}, ensure_ascii=False).encode()
    name = hashlib.sha256(body).hexdigest()[:32]
    signed = signing.headers(site.alert_secret, name, body, int(time.time()))
    headers = {"Content-Type": "application/json", **signed}
    try:
        answer = requests.post(site.alert_url, data=body, headers=headers, timeout=SECONDS, allow_redirects=False)
    except requests.RequestException as e:
        return TEXT(words=type(e).__name__)
    return None if answer.ok else ALERT_ANSWERED(status=str(answer.status_code))
