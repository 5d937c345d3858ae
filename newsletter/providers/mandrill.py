"""Mandrill, which is Mailchimp Transactional.

A call has one message: header fields can't differ between recipients, and List-Unsubscribe must.
"""

from collections.abc import Mapping, Sequence

from newsletter.providers.declaration import (
    API_KEY,
    SIGNING_KEY,
    CallResult,
    Calls,
    Cause,
    Dns,
    Key,
    Login,
    PostedCall,
    Provider,
    Tracking,
    Webhook,
    inside,
    one_of,
    parse_json,
)

_OF_ACCOUNT = ("Invalid_Key", "PaymentRequired", "Unknown_Subaccount")
_CAUSES: Mapping[str, Cause] = {
    "invalid-sender": "account",
    "test-mode-limit": "account",
    "unsigned": "account",
    "hard-bounce": "address",
    "invalid": "address",
    "custom": "mailbox",
    "soft-bounce": "mailbox",
    "spam": "mailbox",
    "unsub": "mailbox",
}
"""By `reject_reason` of "messages/send", whose other values are about the message."""


def _read(content: bytes) -> Sequence[CallResult] | None:
    match parse_json(content):
        case [{"status": "sent" | "queued" | "scheduled", "_id": str(message_id)}]:
            return [CallResult(message_id)]
        case [{"status": "rejected" | "invalid" as status, **more}]:
            reason = str(more.get("reject_reason") or status)
            return [CallResult("", f"rejected: {reason}", _CAUSES.get(reason, "message"))]
    return None


def _error(content: bytes) -> Cause | None:
    """Read the response to a call that was not accepted, with any status, mostly 500."""
    match parse_json(content):
        case {"status": str(), "name": str(name), "message": str(words)} if name in (*_OF_ACCOUNT, "ValidationError"):
            return "account" if name in _OF_ACCOUNT else "address" if "message.to" in words else "message"
    return None


PROVIDER = Provider(
    name="Mandrill",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("webhook_key", SIGNING_KEY),
        Key("api_url"),
    ),
    calls=Calls(post=PostedCall(read=_read), error=_error),
    merge_tags=("*|NAME|*", "{{name}}"),
    login=Login(path="users/ping.json", body={"key": "{api_key}"}, wrong=("Invalid_Key",)),
    webhook=Webhook(
        view="MandrillTrackingWebhookView",
        key="webhook_key",
        address="webhook_url",
        permanent=lambda raw: one_of(inside(raw, "event"), ("hard_bounce",), ("soft_bounce",)),
    ),
    # "Authentication and Delivery": CNAME records for DKIM; the return path is Mandrill's unless one is set up.
    dns=Dns(return_path="mandrillapp.com", selectors=("mte1", "mte2")),
    tracking=Tracking(options=True, smtp_account="Settings › Sending Defaults"),
    servers=("mandrillapp.com",),
    shared_domains=("mandrillapp.com",),
)
