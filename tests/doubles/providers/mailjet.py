"""Mailjet, by its public documentation."""

from typing import Any

from tests.doubles.providers.double import REFUSED, Answer, Double, Take
from tests.doubles.webhook_calls import Call, Happened, as_json, basic


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://dev.mailjet.com/email/guides/send-api-v31/: an outcome for each message; `Globals` has the defaults."""
    said: list[dict[str, Any]] = []
    for one in call["Messages"]:
        whole = {**call["Globals"], **one}
        address = whole["To"][0]["Email"]
        headers = {**whole["Headers"], "Subject": whole["Subject"]}
        if take(address, whole["TextPart"], whole.get("HTMLPart", ""), headers):
            said.append({"Status": "success", "To": [{"Email": address, "MessageID": 1, "MessageUUID": "u"}]})
        else:
            said.append({"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "ErrorMessage": REFUSED}]})
    return 200 if all(one["Status"] == "success" for one in said) else 400, {"Messages": said}


def _events(*events: Happened) -> Call:
    return Call(as_json([_one(event) for event in events]), basic("mailjet"))


def _one(event: Happened) -> dict[str, Any]:
    kind = {"delivered": "sent", "hard": "bounce", "soft": "bounce", "complained": "spam", "unsubscribed": "unsub"}
    body: dict[str, Any] = {
        "event": kind.get(event.kind, "bounce"),
        "time": event.seconds,
        "MessageID": event.message_id,
        "email": event.address,
    }
    if event.kind == "deferred":
        body |= {"error": "greylisted", "hard_bounce": False}
    if event.kind in ("hard", "soft"):
        error = "user unknown" if event.kind == "hard" else "quota exceeded"
        body |= {"error": error, "hard_bounce": event.kind == "hard", "smtp_reply": event.reply}
    return body


DOUBLE = Double(
    settings={"api_key": "{key}", "secret_key": "secret", "api_url": "{url}/mailjet/v3.1/"},
    calls={"/mailjet/v3.1/send": _answer},
    most=50,
    reads="apikey",
    events=_events,
)
