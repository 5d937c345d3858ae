"""Posts alerts to `site.alert_url`, signed as Standard Webhooks describe it (standardwebhooks.com, version 1.0.0)."""

import hashlib
import json
from datetime import datetime
from http import HTTPStatus

from newsletter.config import Config
from newsletter.events import signed_post
from newsletter.messages import Message
from newsletter.messages.delivery import ALERT_ANSWERED
from newsletter.messages.general import TEXT

SECONDS = 10.0


def post(
    configuration: Config, at: datetime, kind: str, text: Message, newsletter: str = "", edition: str = ""
) -> Message | None:
    """Post an alert with the time at which it arose; return the problem, if any.

    Each attempt has the same `webhook-id`, by which a receiver recognizes what it has already.
    """
    site = configuration.site
    fields = {
        "time": at.isoformat(),
        "newsletter": newsletter or None,
        "kind": kind,
        "edition": edition or None,
        "text": str(text),
        "code": text.code,
    }
    body = json.dumps(fields, ensure_ascii=False).encode()
    name = hashlib.sha256(body).hexdigest()[:32]
    secret = site.alert_secret
    status, problem = signed_post.send(configuration, site.alert_url, body, secret=secret, name=name, seconds=SECONDS)
    if status is None:
        return TEXT(words=problem)
    return None if status < HTTPStatus.BAD_REQUEST else ALERT_ANSWERED(status=str(status))
