"""Resend, by its public documentation."""

import base64
import hashlib
import hmac
from datetime import UTC, datetime
from typing import Any

from tests.doubles import webhook_calls
from tests.doubles.providers.double import Answer, Double, Take, bare, braces_filled
from tests.doubles.webhook_calls import Call, Happened, as_json


def _answer(call: list[dict[str, Any]], take: Take) -> Answer:
    """https://resend.com/docs/api-reference/emails/send-batch-emails: a whole call is refused."""
    people = [bare(one["to"][0]) for one in call]
    if any(address.startswith("bad-") for address in people):
        return 422, {"statusCode": 422, "message": "Invalid `to` field", "name": "validation_error"}
    for address, one in zip(people, call, strict=True):
        headers = one["headers"] | {"Subject": one["subject"]}
        take(address, braces_filled(one["text"]), braces_filled(one.get("html", "")), headers)
    return 200, {"data": [{"id": f"re-{address}"} for address in people]}


def _event(event: Happened) -> Call:
    kind = {"hard": "bounced", "soft": "bounced", "deferred": "delivery_delayed"}.get(event.kind, event.kind)
    data: dict[str, Any] = {"email_id": event.message_id, "to": [event.address]}
    if kind == "bounced":
        permanent = "Permanent" if event.kind == "hard" else "Transient"
        data["bounce"] = {"type": permanent, "message": f"The bounce message was: {event.reply}"}
    body = as_json({"type": f"email.{kind}", "created_at": event.at.isoformat(), "data": data})
    return Call(body, svix(body, int(datetime.now(UTC).timestamp())))


def svix(body: bytes, at: int) -> dict[str, str]:
    """Return the headers of Standard Webhooks."""
    name = hashlib.sha256(body).hexdigest()[:20]
    made = hmac.digest(webhook_calls.KEY.encode(), f"{name}.{at}.".encode() + body, "sha256")
    signature = f"v1,{base64.b64encode(made).decode()}"
    return {"svix-id": name, "svix-timestamp": str(at), "svix-signature": signature}


DOUBLE = Double(
    settings={"api_key": "{key}", "api_url": "{url}/resend"},
    calls={"/resend/emails/batch": _answer},
    most=100,
    reads="domains",
    event=_event,
    kinds=("delivered", "deferred", "hard", "soft", "complained"),
    signing=lambda: {"signing_secret": webhook_calls.KEY},
)
