"""MailerSend."""

from newsletter.providers.declaration import (
    SIGNING_KEY,
    TOKEN,
    Calls,
    Cause,
    Dns,
    Key,
    Login,
    Provider,
    Tracking,
    Webhook,
    bearer,
    inside,
    one_of,
)

_OF_ACCOUNT = (b"#MS42207", b"#MS42225")
"""From isn't in a verified domain, and an account on trial, which may only send to its administrator."""


def _error(content: bytes) -> Cause | None:
    """Read the response to a call that was not accepted."""
    return "account" if any(code in content for code in _OF_ACCOUNT) else None


PROVIDER = Provider(
    name="MailerSend",
    keys=(
        Key("api_token", TOKEN, required=True),
        Key("signing_secret", SIGNING_KEY),
        Key("api_url"),
        Key("batch_send_mode"),
    ),
    calls=Calls(settings={"batch_send_mode": None}, error=_error),
    merge_tags=("{$name}", "{{name}}", "{% if a %}"),
    login=Login(path="api-quota", headers=bearer("api_token")),
    webhook=Webhook(
        view="MailerSendTrackingWebhookView",
        key="signing_secret",
        permanent=lambda raw: one_of(inside(raw, "data", "type"), ("hard_bounced",), ("soft_bounced",)),
    ),
    # "How to verify a sending domain": a return path below mta., which is a CNAME record to mailersend.net.
    dns=Dns(return_path="mailersend.net", selectors=("mlsend2", "mlsend")),
    tracking=Tracking(options=True, smtp_account="Domains › your domain › Tracking"),
    servers=("mailersend.net",),
    shared_domains=("mlsender.net", "mailersend.net"),
)
