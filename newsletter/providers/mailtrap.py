"""Mailtrap."""

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import (
    ADDRESS,
    SIGNING_KEY,
    TOKEN,
    Calls,
    Dns,
    Key,
    Login,
    Provider,
    Tracking,
    Webhook,
    inside,
    one_of,
)

_STREAMS = ("send", "bulk", "sandbox")
_ACCOUNT = "Sending Domains › your domain › Tracking Settings"

PROVIDER = Provider(
    name="Mailtrap",
    keys=(
        Key("api_token", TOKEN, required=True),
        Key("tracking_secret", SIGNING_KEY),
        Key(
            "api_url",
            ADDRESS,
            gettext_noop("https://bulk.api.mailtrap.io/api/, which Mailtrap requires for newsletters."),
        ),
        Key("sandbox_id"),
    ),
    calls=Calls(),
    merge_tags=("__unsubscribe_url__",),
    login=Login(
        path="accounts",
        headers={"Api-Token": "{api_token}"},
        elsewhere={f"https://{stream}.api.mailtrap.io/api/": "https://mailtrap.io/api/" for stream in _STREAMS},
    ),
    webhook=Webhook(
        view="MailtrapTrackingWebhookView",
        key="tracking_secret",
        permanent=lambda raw: one_of(inside(raw, "event"), ("bounce",), ()),
    ),
    # "Sending domain set-up": CNAME records for DKIM and for the return path.
    dns=Dns(return_path="mailtrap.live", selectors=("rwmt1", "rwmt2")),
    tracking=Tracking(call_account=_ACCOUNT, smtp_account=_ACCOUNT),
    servers=("mailtrap.io",),
    shared_domains=("demomailtrap.co", "demomailtrap.com"),
)
