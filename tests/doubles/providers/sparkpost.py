"""SparkPost, by its public documentation."""

from typing import Any

from tests.doubles.providers.double import Answer, Double, Take
from tests.doubles.webhook_calls import Call, Happened, as_json, basic


def _answer(call: dict[str, Any], take: Take) -> Answer:
    """https://developers.sparkpost.com/api/transmissions/: it says how many recipients it refused, not which."""
    content, (one,) = call["content"], call["recipients"]
    headers = {**content["headers"], "Subject": content["subject"]}
    taken = take(one["address"]["email"], content["text"], content.get("html", ""), headers)
    counts = {"total_accepted_recipients": int(taken), "total_rejected_recipients": int(not taken)}
    return 200, {"results": {**counts, "id": "sparkpost-1"}}


def _events(*events: Happened) -> Call:
    return Call(as_json([_one(event) for event in events]), basic("sparkpost"))


def _one(event: Happened) -> dict[str, Any]:
    kind = {"delivered": "delivery", "deferred": "delay", "hard": "bounce", "soft": "bounce",
            "complained": "spam_complaint", "unsubscribed": "list_unsubscribe"}  # fmt: skip
    one = {
        "type": kind[event.kind],
        "transmission_id": event.message_id,
        "event_id": f"{event.kind}-{event.seconds}",
        "raw_rcpt_to": event.address,
        "timestamp": str(event.seconds),
    }
    if event.kind in ("hard", "soft"):
        one |= {"bounce_class": "10" if event.kind == "hard" else "22", "raw_reason": event.reply}
    outer = "unsubscribe_event" if event.kind == "unsubscribed" else "message_event"
    return {"msys": {outer: one}}


DOUBLE = Double(
    settings={"api_key": "{key}", "api_url": "{url}/sparkpost/api/v1/"},
    calls={"/sparkpost/api/v1/transmissions/": _answer},
    reads="account",
    events=_events,
)
