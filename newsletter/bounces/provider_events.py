"""Turns events of email services, as Anymail reads them, into what is stored. Pure.

A bounce is judged by the receiving server's reply, as in a report by email, and then by what the service calls
permanent. A service that keeps a list of bounced addresses repeats the bounce when it refuses one of them.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime

from anymail.signals import AnymailTrackingEvent, EventType, RejectReason

from newsletter.bounces.reading import BounceKind
from newsletter.domain.outcome import Fault
from newsletter.models import NewWebhookEvent, WebhookEvent
from newsletter.providers import PROVIDERS

Kind = WebhookEvent.Kind

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
    bounce, fault, status, text = _cause(provider, event) if kind is Kind.BOUNCED else ("", "", "", "")
    return NewWebhookEvent(
        provider=provider,
        key=_key(kind, event),
        kind=kind.value,
        bounce=bounce,
        fault=fault,
        status=status,
        text=text,
        recipient=_text(event.recipient).strip().lower()[:LONGEST_ADDRESS],
        message_id=_text(event.message_id).strip("<> ")[:LONGEST_ID],
        received_at=now,
        due_at=now,
    )


def _cause(provider: str, event: AnymailTrackingEvent) -> tuple[str, str, str, str]:
    """Return the kind of a bounce, whose fault it was, its enhanced status, and the server's words."""
    from newsletter.bounces.reading.parsing import read_reply  # imported by the first bounce

    if event.event_type == EventType.REJECTED:
        permanent: bool | None = event.reject_reason in _MISSING
    else:
        permanent = is_permanent(provider, event.esp_event)
    reply = _text(event.mta_response) or _text(event.description)
    kind, fault, status, text = read_reply(reply, permanent=permanent)
    if fault is Fault.NONE:
        fault = Fault.RECIPIENT if kind is BounceKind.HARD else Fault.MAILBOX
    return kind.value, fault.value, status[:12], text


def _key(kind: Kind, event: AnymailTrackingEvent) -> str:
    """Return a hash of what is the same in each report of an event: some services sign each one with a new token."""
    when = (
        event.timestamp.isoformat()
        if event.timestamp
        else event.event_id or json.dumps(event.esp_event, sort_keys=True, default=str)
    )
    what = "\0".join((kind, _text(event.message_id), _text(event.recipient).lower(), str(when)))
    return hashlib.blake2b(what.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()


def _text(value: object) -> str:
    return "" if value is None else str(value).replace("\0", "").encode("utf-8", "replace").decode()


def is_permanent(provider: str, raw: object) -> bool | None:
    """Return whether the service calls a bounce permanent; None if it doesn't say."""
    webhook = PROVIDERS[provider].webhook if provider in PROVIDERS else None
    return webhook.permanent(raw) if webhook and isinstance(raw, Mapping) else None
