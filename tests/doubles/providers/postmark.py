"""Postmark, by its public documentation."""

from typing import Any

from tests.doubles.providers.double import Answer, Double, Take, bare, braces_filled
from tests.doubles.webhook_calls import Call, Happened, as_json, basic


def _answer(call: list[dict[str, Any]], take: Take) -> Answer:
    """https://postmarkapp.com/developer/api/email-api#send-batch-emails: an answer for each message."""
    return 200, [_answer_to_one(one, take) for one in call]


def _answer_to_one(one: dict[str, Any], take: Take) -> dict[str, Any]:
    address = bare(one["To"])
    headers = {h["Name"]: h["Value"] for h in one["Headers"]} | {"Subject": one["Subject"]}
    if not take(address, braces_filled(one["TextBody"]), braces_filled(one.get("HtmlBody", "")), headers):
        return {"ErrorCode": 406, "Message": f"Found inactive addresses: {address}."}
    return {"ErrorCode": 0, "Message": "OK", "MessageID": f"pm-{address}", "To": address}


def _event(event: Happened) -> Call:
    kind = {"delivered": "Delivery", "complained": "SpamComplaint", "unsubscribed": "SubscriptionChange"}
    when = {"delivered": "DeliveredAt", "unsubscribed": "ChangedAt"}.get(event.kind, "BouncedAt")
    body: dict[str, Any] = {
        "RecordType": kind.get(event.kind, "Bounce"),
        "MessageID": event.message_id,
        "Recipient": event.address,
        when: event.at.isoformat(),
    }
    if event.kind == "unsubscribed":
        body |= {"SuppressSending": True, "SuppressionReason": "ManualSuppression"}
    if event.kind in ("hard", "soft", "deferred", "complained"):
        types = {"hard": "HardBounce", "soft": "SoftBounce", "deferred": "Transient", "complained": "SpamComplaint"}
        body |= {"Type": types[event.kind], "Details": event.reply, "Email": event.address, "ID": event.seconds}
    return Call(as_json(body), basic("postmark"))


DOUBLE = Double(
    settings={"server_token": "{key}", "api_url": "{url}/postmark"},
    calls={"/postmark/email/batch": _answer},
    most=100,
    reads="server",
    event=_event,
)
