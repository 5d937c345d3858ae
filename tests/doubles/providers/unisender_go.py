"""Unisender Go, by its public documentation."""

import hashlib
import json
from typing import Any

from tests.doubles import webhook_calls
from tests.doubles.providers.double import REFUSED, Answer, Double, Take
from tests.doubles.webhook_calls import Call, Happened


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://godocs.unisender.ru/web-api-ref#email-send: refused addresses are named beside the others."""
    mail = call["message"]
    address = mail["recipients"][0]["email"]
    body = mail["body"]
    if not take(address, body["plaintext"], body.get("html", ""), {**mail["headers"], "Subject": mail["subject"]}):
        return 400, {"status": "error", "code": 204, "message": REFUSED, "failed_emails": {address: "invalid"}}
    return 200, {"status": "success", "job_id": "unisender-1", "emails": [address]}


def _answer_to_login(call: dict[str, Any], take: Take) -> Answer:
    """https://godocs.unisender.ru/web-api-ref#system-info: whose key it is."""
    return 200, {"status": "success", "user_id": 1}


def _events(*events: Happened) -> Call:
    inside = [{"event_name": "transactional_email_status", "event_data": _one(event)} for event in events]
    body = json.dumps({"auth": webhook_calls.KEY, "events_by_user": [{"project_id": "1", "events": inside}]})
    auth = hashlib.md5(body.encode()).hexdigest()
    return Call(body.replace(f'"{webhook_calls.KEY}"', f'"{auth}"', 1).encode(), {})


def _one(event: Happened) -> dict[str, Any]:
    kind = {"hard": "hard_bounced", "deferred": "soft_bounced", "complained": "spam", "soft": "hard_bounced"}
    said = {"hard": "err_user_unknown", "soft": "err_mailbox_full", "deferred": "err_will_retry"}
    data: dict[str, Any] = {
        "status": kind.get(event.kind, event.kind),
        "email": event.address,
        "event_time": event.at.strftime("%Y-%m-%d %H:%M:%S"),
        "metadata": {"anymail_id": event.message_id},
    }
    if event.kind in said:
        data["delivery_info"] = {"delivery_status": said[event.kind], "destination_response": event.reply}
    return data


DOUBLE = Double(
    settings={"api_key": "{key}", "api_url": "{url}/unisender/api/v1/"},
    calls={"/unisender/api/v1/email/send.json": _answer, "/unisender/api/v1/system/info.json": _answer_to_login},
    events=_events,
    signing=lambda: {"api_key": webhook_calls.KEY},
)
