"""Mailgun, by its public documentation."""

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.doubles import webhook_calls
from tests.doubles.providers.double import TAKEN_OVER, Answer, Double, Take, bare
from tests.doubles.webhook_calls import Call, Happened, as_json


def _answer(form: dict[str, list[str]], take: Take) -> Answer:
    """https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/messages: a whole call is refused."""
    people = [bare(to) for to in form["to"]]
    if any(address.startswith("bad-") for address in people):
        return 400, {"message": "to parameter is not a valid address"}
    values = json.loads(form["recipient-variables"][0])
    for address in people:

        def filled(text: str, own: dict[str, str] = values[address]) -> str:
            filled = re.sub(r"%recipient\.([\w:-]+)%", lambda found: own.get(found[1], found[0]), text)
            return re.sub(r"%(?:tag_)?unsubscribe_url%", TAKEN_OVER, filled)

        headers = {key[2:]: filled(value[0]) for key, value in form.items() if key.startswith("h:")}
        headers["Subject"] = filled(form["subject"][0])
        take(address, filled(form["text"][0]), filled(form.get("html", [""])[0]), headers)
    return 200, {"id": "<batch@mailgun>", "message": "Queued. Thank you."}


def _event(event: Happened) -> Call:
    kind = {"hard": "failed", "soft": "failed", "deferred": "failed"}.get(event.kind, event.kind)
    data: dict[str, Any] = {
        "event": kind,
        "recipient": event.address,
        "timestamp": event.seconds,
        "message": {"headers": {"message-id": event.message_id}},
    }
    if kind == "failed":
        data |= {
            "severity": "temporary" if event.kind == "deferred" else "permanent",
            "reason": "bounce" if event.kind == "hard" else "old",
            "delivery-status": {"message": event.reply},
        }
    return signed(data, int(datetime.now(UTC).timestamp()))


def signed(data: Mapping[str, Any], seconds: int) -> Call:
    """Return Mailgun's call of an event, signed at this time."""
    stamp, token = str(seconds), hashlib.sha256(as_json(data)).hexdigest()[:50]
    signature = hmac.new(webhook_calls.KEY.encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
    proof = {"timestamp": stamp, "token": token, "signature": signature}
    return Call(as_json({"signature": proof, "event-data": data}), {})


DOUBLE = Double(
    settings={"api_key": "{key}", "sender_domain": "example.org", "api_url": "{url}/v3"},
    calls={"/v3/example.org/messages": _answer},
    most=500,
    reads="example.org",
    event=_event,
    signing=lambda: {"webhook_signing_key": webhook_calls.KEY},
)
