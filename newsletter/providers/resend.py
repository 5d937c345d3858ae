"""Resend: a list of messages, accepted or refused as a whole."""

from collections.abc import Sequence

from newsletter.providers.declaration import (
    API_KEY,
    SIGNING_KEY,
    CallResult,
    Calls,
    Dns,
    Key,
    Login,
    PostedCall,
    Provider,
    Tracking,
    Webhook,
    bearer,
    inside,
    one_of,
    parse_json,
)

_ACCOUNT = "Domains › your domain › Configuration"


def _read(content: bytes) -> Sequence[CallResult] | None:
    match parse_json(content):
        case {"data": [*accepted]}:
            names = [message.get("id") for message in accepted if isinstance(message, dict)]
            return [CallResult(name) for name in names if isinstance(name, str)]
    return None


PROVIDER = Provider(
    name="Resend",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("signing_secret", SIGNING_KEY),
        Key("api_url"),
        Key("verify_attachment_extensions"),
    ),
    calls=Calls(most=100, post=PostedCall(read=_read, path="emails/batch"), idempotency="Idempotency-Key"),
    merge_tags=("{{{RESEND_UNSUBSCRIBE_URL}}}", "{{RESEND_UNSUBSCRIBE_URL}}"),
    login=Login(path="domains", headers=bearer("api_key"), restricted="restricted_api_key"),
    webhook=Webhook(
        view="ResendTrackingWebhookView",
        key="signing_secret",
        permanent=lambda raw: one_of(inside(raw, "data", "bounce", "type"), ("permanent",), ("transient",)),
    ),
    # "Managing domains": a return path below send. with a record of its own, by Amazon's servers.
    dns=Dns(include="amazonses.com", selectors=("resend",), subdomain="send"),
    tracking=Tracking(call_account=_ACCOUNT, smtp_account=_ACCOUNT),
    servers=("resend.com",),
    shared_domains=("resend.dev",),
)
