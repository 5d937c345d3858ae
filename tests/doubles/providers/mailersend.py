"""MailerSend, by its public documentation."""

import hashlib
import hmac
from typing import Any

from tests.doubles import webhook_calls
from tests.doubles.providers.double import Answer, Double, Take
from tests.doubles.webhook_calls import Call, Happened, as_json


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://developers.mailersend.com/api/v1/email.html: it answers 202 with nothing to read."""
    headers = {field["name"]: field["value"] for field in call["headers"]} | {"Subject": call["subject"]}
    if not take(call["to"][0]["email"], call["text"], call.get("html", ""), headers):
        return 422, {"message": "The to.0.email must be a valid email address."}
    return 202, None


def _event(event: Happened) -> Call:
    kind = {"hard": "hard_bounced", "soft": "soft_bounced", "complained": "spam_complaint"}.get(event.kind, event.kind)
    data: dict[str, Any] = {
        "id": f"{event.kind}-{event.seconds}",
        "type": kind,
        "created_at": event.at.isoformat(),
        "email": {"message": {"id": event.message_id}, "recipient": {"email": event.address}},
    }
    if event.kind in ("hard", "soft"):
        data["morph"] = {"object": "recipient_bounce", "reason": event.reply}
    body = as_json({"type": f"activity.{kind}", "data": data})
    return Call(body, {"Signature": hmac.new(webhook_calls.KEY.encode(), body, hashlib.sha256).hexdigest()})


DOUBLE = Double(
    settings={"api_token": "{key}", "api_url": "{url}/mailersend/v1/"},
    calls={"/mailersend/v1/email": _answer},
    says_nothing=True,
    reads="api-quota",
    event=_event,
    kinds=("delivered", "hard", "soft", "complained", "unsubscribed"),
    signing=lambda: {"signing_secret": webhook_calls.KEY},
)
