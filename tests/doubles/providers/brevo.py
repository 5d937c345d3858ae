"""Brevo, by its public documentation."""

from typing import Any

from tests.doubles.providers.double import Answer, Double, Take
from tests.doubles.webhook_calls import Call, Happened, as_json, basic


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://developers.brevo.com/reference/sendtransacemail: all versions are checked before any is sent."""
    versions = call.get("messageVersions") or [{**call, "to": call["to"]}]
    if any(one["to"][0]["email"].startswith("bad-") for one in versions):
        return 400, {"code": "invalid_parameter", "message": "email is not valid in to"}
    for one in versions:
        headers = {**call.get("headers", {}), **one.get("headers", {}), "Subject": one.get("subject", call["subject"])}
        html = one.get("htmlContent", call.get("htmlContent", ""))
        take(one["to"][0]["email"], one.get("textContent", call.get("textContent", "")), html, headers)
    return 201, {"messageIds": [f"<brevo-{number}>" for number, _ in enumerate(versions)]}


def _event(event: Happened) -> Call:
    kind = {"hard": "hard_bounce", "soft": "soft_bounce", "complained": "spam", "unsubscribed": "unsubscribe"}
    body: dict[str, Any] = {
        "event": kind.get(event.kind, event.kind),
        "email": event.address,
        "message-id": f"<{event.message_id}>",
        "ts_epoch": event.seconds * 1000,
    }
    if event.kind in ("hard", "soft", "deferred"):
        body["reason"] = event.reply
    return Call(as_json(body), basic("brevo"))


DOUBLE = Double(
    settings={"api_key": "{key}", "api_url": "{url}/brevo/v3/"},
    calls={"/brevo/v3/smtp/email": _answer},
    most=100,
    says_nothing=True,
    reads="account",
    event=_event,
)
