"""SendGrid, by its public documentation."""

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.doubles import webhook_calls
from tests.doubles.providers.double import REFUSED, Answer, Double, Take
from tests.doubles.webhook_calls import Call, Happened, as_json, public


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://www.twilio.com/docs/sendgrid/api-reference/mail-send: substitutions stay as they are."""
    people = call["personalizations"]
    if any(one["to"][0]["email"].startswith("bad-") for one in people):
        return 400, {"errors": [{"field": "personalizations.0.to.0.email", "message": REFUSED}]}
    bodies = {part["type"]: part["value"] for part in call["content"]}
    for one in people:

        def filled(text: str, own: Mapping[str, str] = one.get("substitutions", {})) -> str:
            for tag, value in own.items():
                text = text.replace(tag, value)
            return text

        headers = {**call.get("headers", {}), **one.get("headers", {}), "Subject": filled(call["subject"])}
        take(one["to"][0]["email"], filled(bodies["text/plain"]), filled(bodies.get("text/html", "")), headers)
    return 202, None


def _events(*events: Happened) -> Call:
    body, stamp = as_json([_one(event) for event in events]), str(events[0].seconds)
    signature = webhook_calls.ec_key().sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    start = "X-Twilio-Email-Event-Webhook"
    return Call(body, {f"{start}-Signature": base64.b64encode(signature).decode(), f"{start}-Timestamp": stamp})


def _one(event: Happened) -> dict[str, Any]:
    kind = {"hard": "bounce", "soft": "bounce", "complained": "spamreport", "unsubscribed": "unsubscribe"}
    one: dict[str, Any] = {
        "event": kind.get(event.kind, event.kind),
        "email": event.address,
        "timestamp": event.seconds,
        "anymail_id": event.message_id,
        "sg_event_id": f"{event.kind}-{event.seconds}",
    }
    if event.kind in ("hard", "soft"):
        one |= {"type": "bounce" if event.kind == "hard" else "blocked", "reason": event.reply}
    return one


DOUBLE = Double(
    settings={"api_key": "{key}", "api_url": "{url}/sendgrid/v3/"},
    calls={"/sendgrid/v3/mail/send": _answer},
    most=500,
    says_nothing=True,
    reads="scopes",
    events=_events,
    signing=lambda: {"tracking_webhook_verification_key": public(webhook_calls.ec_key())},
)
