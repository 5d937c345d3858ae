"""Mandrill, by its public documentation."""

import base64
import hashlib
import hmac
import json
from typing import Any
from urllib.parse import urlencode

from tests.doubles import webhook_calls
from tests.doubles.providers.double import REFUSED, Answer, Double, Take
from tests.doubles.webhook_calls import FORM, Call, Happened

ADDRESS = "http://localhost:8000/hooks/mandrill/"


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://mailchimp.com/developer/transactional/api/messages/send-new-message/: an entry for each recipient."""
    message = call["message"]
    address = message["to"][0]["email"]
    headers = {**message["headers"], "Subject": message["subject"]}
    if not take(address, message["text"], message.get("html", ""), headers):
        error = {"status": "error", "code": -2, "name": "ValidationError", "message": f"message.to: {REFUSED}"}
        return 500, error
    return 200, [{"email": address, "status": "sent", "_id": f"mandrill-{address}", "reject_reason": None}]


def _answer_to_login(call: dict[str, Any], take: Take) -> Answer:
    """https://mailchimp.com/developer/transactional/api/users/ping/."""
    return 200, "PONG!"


def _events(*events: Happened) -> Call:
    """https://mailchimp.com/developer/transactional/guides/track-respond-activity-webhooks/: a form, which is signed
    with the address of the webhook.
    """
    form = {"mandrill_events": json.dumps([_one(event) for event in events])}
    signed = ADDRESS + "".join(name + value for name, value in sorted(form.items()))
    signature = hmac.new(webhook_calls.KEY.encode(), signed.encode(), hashlib.sha1).digest()
    headers = {"X-Mandrill-Signature": base64.b64encode(signature).decode()}
    return Call(urlencode(form).encode(), headers, FORM)


def _one(event: Happened) -> dict[str, Any]:
    kind = {"delivered": "delivered", "deferred": "deferral", "hard": "hard_bounce", "soft": "soft_bounce",
            "complained": "spam", "unsubscribed": "unsub"}  # fmt: skip
    message: dict[str, Any] = {"email": event.address, "_id": event.message_id, "state": "sent"}
    if event.kind in ("hard", "soft", "deferred"):
        message["diag"] = f"smtp;{event.reply}"
    return {"event": kind[event.kind], "_id": event.message_id, "ts": event.seconds, "msg": message}


DOUBLE = Double(
    settings={"api_key": "{key}", "api_url": "{url}/mandrill/api/1.0/"},
    calls={"/mandrill/api/1.0/messages/send.json": _answer, "/mandrill/api/1.0/users/ping.json": _answer_to_login},
    wrong_key=(500, {"status": "error", "code": -1, "name": "Invalid_Key", "message": "Invalid API key"}),
    events=_events,
    kinds=("deferred", "hard", "soft", "complained", "unsubscribed"),
    signing=lambda: {"webhook_key": webhook_calls.KEY},
)
