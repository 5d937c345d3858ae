"""Notifications of Amazon SES that come by email (SNS topics with an email subscription): JSON instead of a report.

A notification is turned into the parts of a report, and then read like any other.
"""

import json
from typing import Any

from newsletter.bounces.reading.parts import LONGEST, Fields, Parts, text_of
from newsletter.mime.parsing import MALFORMED, parse

NOT_PERMANENT = "x-not-permanent"
"""The field of a block whose failure Amazon doesn't call permanent."""

_MARKS = (b"notificationType", b"eventType")
_ADDRESSES = ("bouncedRecipients", "delayedRecipients", "complainedRecipients")


def notification(raw: bytes, headers: Fields) -> Parts | None:
    """Return what a notification says, None for any other message. `headers` are those of the message."""
    if not any(mark in raw for mark in _MARKS):
        return None
    try:
        # Lines are joined that a server broke because of their length.
        text = text_of(parse(raw)).replace("\r\n", "\n").replace("!\n ", "")
        return _parts(_event(text), headers)
    except MALFORMED:
        return None


def _event(text: str) -> dict[str, Any]:
    """Return the event in the text, without the envelope that SNS puts around it unless it is told not to."""
    start = text.find("{")
    event = _object(json.JSONDecoder(strict=False).raw_decode(text, start)[0]) if start >= 0 else {}
    message = event.get("Message")
    return _object(json.loads(message, strict=False)) if isinstance(message, str) else event


def _parts(event: dict[str, Any], headers: Fields) -> Parts | None:
    kind = _text(event.get("notificationType") or event.get("eventType")).lower()
    mail = _object(event.get("mail"))
    original = _original(mail)
    if kind == "complaint":
        return Parts(headers, (), _complaint(_object(event["complaint"]), mail), "", original)
    if kind == "bounce":
        return Parts(headers, _bounce(_object(event["bounce"])), {}, "", original)
    if kind == "deliverydelay":
        return Parts(headers, _blocks(_object(event["deliveryDelay"]), {"action": "delayed"}), {}, "", original)
    return Parts(headers, ({"action": kind},), {}, "", original) if kind and mail else None


def _complaint(complaint: dict[str, Any], mail: dict[str, Any]) -> Fields:
    recipients = " ".join(_text(recipient.get("emailAddress")) for recipient in _recipients(complaint))
    kind = _text(complaint.get("complaintFeedbackType")) or "abuse"
    return {"feedback-type": kind, "original-rcpt-to": recipients, "original-mail-from": _text(mail.get("source"))}


def _bounce(bounce: dict[str, Any]) -> tuple[Fields, ...]:
    permanent = _text(bounce.get("bounceType")).lower() == "permanent"
    return _blocks(bounce, {"action": "failed"} if permanent else {"action": "failed", NOT_PERMANENT: "yes"})


def _blocks(event: dict[str, Any], fields: Fields) -> tuple[Fields, ...]:
    blocks = (
        {
            **fields,
            "final-recipient": f"rfc822; {_text(recipient.get('emailAddress'))}",
            "status": _text(recipient.get("status")),
            "diagnostic-code": _text(recipient.get("diagnosticCode")),
        }
        for recipient in _recipients(event)
    )
    return tuple(blocks) or (fields,)


def _recipients(event: dict[str, Any]) -> list[dict[str, Any]]:
    recipients = next((value for name in _ADDRESSES if isinstance(value := event.get(name), list)), [])
    return [recipient for recipient in recipients[:200] if isinstance(recipient, dict)]


def _original(mail: dict[str, Any]) -> str:
    """Return the headers of our message, and the envelope sender that Amazon accepted it with."""
    headers = mail.get("headers")
    pairs = [_object(header) for header in headers] if isinstance(headers, list) else []
    lines = [f"{_text(header.get('name'))}: {_text(header.get('value'))}" for header in pairs]
    return "\n".join([*lines, f"Return-Path: <{_text(mail.get('source'))}>"])[:LONGEST]


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    """Return a string on one line, "" for anything else."""
    return " ".join(value.encode("utf-8", "replace").decode().split()) if isinstance(value, str) else ""
