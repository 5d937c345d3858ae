"""Turns events of email services, as Anymail reads them, into what is stored. Pure.

A bounce is judged by the receiving server's reply, as in a report by email, and then by what the service calls
permanent. A service that keeps a list of bounced addresses repeats the bounce when it refuses one of them.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from newsletter.delivery.bounces import BounceKind, read_reply
from newsletter.domain.outcome import Fault
from newsletter.models import NewWebhookEvent, WebhookEvent

Kind = WebhookEvent.Kind
Raw = Mapping[str, Any]

LONGEST_ADDRESS, LONGEST_ID = 320, 255
_KINDS = {
    EventType.DELIVERED: Kind.DELIVERED,
    EventType.DEFERRED: Kind.DEFERRED,
    EventType.BOUNCED: Kind.BOUNCED,
    EventType.FAILED: Kind.BOUNCED,
    EventType.REJECTED: Kind.BOUNCED,
    EventType.COMPLAINED: Kind.COMPLAINED,
    EventType.UNSUBSCRIBED: Kind.UNSUBSCRIBED,
}
_ON_A_LIST = {RejectReason.SPAM: Kind.COMPLAINED, RejectReason.UNSUBSCRIBED: Kind.UNSUBSCRIBED}
_MISSING = (RejectReason.INVALID, RejectReason.BOUNCED)


def stored_event(provider: str, event: AnymailTrackingEvent, now: datetime) -> NewWebhookEvent | None:
    """Return the row for an event; None for one that changes nothing, such as an opened message."""
    kind = _KINDS.get(event.event_type)
    if event.event_type == EventType.REJECTED:
        kind = _ON_A_LIST.get(event.reject_reason, kind)
    if kind is None:
        return None
    judged = _judged(provider, event) if kind is Kind.BOUNCED else _NOT_JUDGED
    return NewWebhookEvent(
        provider=provider,
        key=_key(kind, event),
        kind=kind.value,
        bounce=judged.bounce,
        fault=judged.fault,
        status=judged.status,
        text=judged.text,
        recipient=_text(event.recipient).strip().lower()[:LONGEST_ADDRESS],
        message_id=_text(event.message_id).strip("<> ")[:LONGEST_ID],
        received_at=now,
        due_at=now,
    )


class _Judged(NamedTuple):
    """What a bounce is, as columns of its row."""

    bounce: str
    fault: str
    status: str
    text: str


_NOT_JUDGED = _Judged("", "", "", "")


def _judged(provider: str, event: AnymailTrackingEvent) -> _Judged:
    if event.event_type == EventType.REJECTED:
        permanent: bool | None = event.reject_reason in _MISSING
    else:
        permanent = is_permanent(provider, event.esp_event)
    said = _text(event.mta_response) or _text(event.description)
    kind, fault, status, text = read_reply(said, permanent=permanent)
    if fault is Fault.NONE:
        fault = Fault.READER if kind is BounceKind.HARD else Fault.MAILBOX
    return _Judged(kind.value, fault.value, status[:12], text)


def _key(kind: Kind, event: AnymailTrackingEvent) -> str:
    """Return a hash of what is the same in each report of an event: some services sign each one with a new token."""
    when = event.timestamp.isoformat() if event.timestamp else event.event_id or _canonical(event.esp_event)
    what = "\0".join((kind, _text(event.message_id), _text(event.recipient).lower(), str(when)))
    return hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _canonical(raw: object) -> str:
    return json.dumps(raw, sort_keys=True, default=str)


def _text(value: object) -> str:
    return "" if value is None else str(value).replace("\0", "").encode("utf-8", "replace").decode()


def is_permanent(provider: str, raw: object) -> bool | None:
    """Return whether the service calls a bounce permanent; None if it doesn't say."""
    judge = _PERMANENT.get(provider)
    return judge(raw) if judge and isinstance(raw, Mapping) else None


def _inside(raw: Raw, *names: str) -> str:
    """Return the value below these names, in lower case; "" if there is none."""
    value: object = raw
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return "" if value is None else str(value).lower()


def _one_of(value: str, permanent: tuple[str, ...], passing: tuple[str, ...]) -> bool | None:
    return True if value in permanent else False if value in passing else None


def _sparkpost(raw: Raw) -> bool | None:
    inside = raw.get("msys")
    event = next(iter(inside.values()), {}) if isinstance(inside, Mapping) else raw
    category = _inside(event, "bounce_class") if isinstance(event, Mapping) else ""
    return True if category in ("10", "30") else None if category in ("", "1") else False


_UNISENDER_MISSING = ("err_user_unknown", "err_user_inactive", "err_domain_inactive")
_PERMANENT: Mapping[str, Callable[[Raw], bool | None]] = {
    "amazon_ses": lambda raw: _one_of(_inside(raw, "bounce", "bounceType"), ("permanent",), ("transient",)),
    "brevo": lambda raw: _one_of(_inside(raw, "event"), ("hard_bounce", "invalid_email"), ("soft_bounce",)),
    "mailersend": lambda raw: _one_of(_inside(raw, "data", "type"), ("hard_bounced",), ("soft_bounced",)),
    "mailgun": lambda raw: _one_of(_inside(raw, "event-data", "reason"), ("bounce", "suppress-bounce"), ("old",)),
    "mailjet": lambda raw: _one_of(_inside(raw, "hard_bounce"), ("true", "1"), ("false", "0", "")),
    "mailtrap": lambda raw: _one_of(_inside(raw, "event"), ("bounce",), ()),
    "postmark": lambda raw: _one_of(_inside(raw, "Type"), ("hardbounce", "bademailaddress"), ("softbounce",)),
    "resend": lambda raw: _one_of(_inside(raw, "data", "bounce", "type"), ("permanent",), ("transient",)),
    "sendgrid": lambda raw: _one_of(_inside(raw, "type"), ("bounce",), ("blocked", "expired")),
    "sparkpost": _sparkpost,
    "unisender_go": lambda raw: _inside(raw, "delivery_info", "delivery_status") in _UNISENDER_MISSING,
}
