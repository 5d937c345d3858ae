"""Mailtrap, by its public documentation."""

import hashlib
import hmac
from typing import Any

from tests.doubles import webhook_calls
from tests.doubles.providers.double import REFUSED, Answer, Double, Take
from tests.doubles.webhook_calls import Call, Happened, as_json


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://api-docs.mailtrap.io: it answers with an identifier for each recipient."""
    headers = {**call["headers"], "Subject": call["subject"]}
    if not take(call["to"][0]["email"], call["text"], call.get("html", ""), headers):
        return 400, {"success": False, "errors": [f"'to' {REFUSED}"]}
    return 200, {"success": True, "message_ids": ["mailtrap-1"]}


def _events(*events: Happened) -> Call:
    body = as_json({"events": [_one(event) for event in events]})
    return Call(body, {"Mailtrap-Signature": hmac.new(webhook_calls.KEY.encode(), body, hashlib.sha256).hexdigest()})


def _one(event: Happened) -> dict[str, Any]:
    kind = {"delivered": "delivery", "hard": "bounce", "deferred": "soft bounce", "complained": "spam",
            "unsubscribed": "unsubscribe"}  # fmt: skip
    one = {
        "event": kind[event.kind],
        "timestamp": event.seconds,
        "message_id": event.message_id,
        "event_id": f"{event.kind}-{event.seconds}",
        "email": event.address,
    }
    if event.kind == "hard":
        one["response"] = event.reply
    return one


DOUBLE = Double(
    settings={"api_token": "{key}", "api_url": "{url}/mailtrap/api/"},
    calls={"/mailtrap/api/send": _answer},
    reads="accounts",
    events=_events,
    kinds=("delivered", "deferred", "hard", "complained", "unsubscribed"),
    signing=lambda: {"tracking_secret": webhook_calls.KEY},
)
