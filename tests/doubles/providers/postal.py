"""Postal, by its public documentation."""

import base64
import re
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from tests.doubles import webhook_calls
from tests.doubles.providers.double import REFUSED, Answer, Double, Take
from tests.doubles.webhook_calls import Call, Happened, as_json, public


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://docs.postalserver.io/developer/api: errors have status 200 as well."""
    found = re.search(r"<([^<>]+)>$", call["to"][0])
    address = found[1] if found else call["to"][0]
    if not take(
        address, call["plain_body"], call.get("html_body", ""), {**call["headers"], "Subject": call["subject"]}
    ):
        return 200, {"status": "error", "data": {"code": "ValidationError", "message": f"recipient: {REFUSED}"}}
    return 200, {"status": "success", "data": {"message_id": "m", "messages": {address: {"id": 1, "token": "t"}}}}


def _answer_to_login(call: dict[str, Any], take: Take) -> Answer:
    """https://docs.postalserver.io/developer/api: there is no message with the number 0."""
    return 200, {"status": "error", "data": {"code": "MessageNotFound", "id": call["id"]}}


def _event(event: Happened) -> Call:
    message = {"id": event.message_id, "to": event.address, "direction": "outgoing"}
    if event.kind in ("delivered", "deferred"):
        status = "Sent" if event.kind == "delivered" else "SoftFail"
        payload: dict[str, Any] = {"status": status, "message": message, "output": "250 ok"}
    else:
        payload = {"status": "HardFail", "message": message, "output": event.reply}
    body = as_json({"event": "Message", "timestamp": event.seconds, "uuid": "u", "payload": payload})
    signature = webhook_calls.rsa_key().sign(body, padding.PKCS1v15(), hashes.SHA1())
    return Call(body, {"X-Postal-Signature": base64.b64encode(signature).decode()})


DOUBLE = Double(
    settings={"api_key": "{key}", "api_url": "{url}/postal/"},
    calls={"/postal/api/v1/send/message": _answer, "/postal/api/v1/messages/message": _answer_to_login},
    event=_event,
    kinds=("delivered", "deferred", "hard", "soft"),
    signing=lambda: {"webhook_key": public(webhook_calls.rsa_key())},
)
