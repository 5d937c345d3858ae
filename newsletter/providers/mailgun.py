"""Mailgun: one message to many recipients, with recipient variables; accepted or refused as a whole."""

from collections.abc import Sequence

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import (
    ADDRESS,
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
    inside,
    one_of,
    parse_json,
)


def _read(content: bytes) -> Sequence[CallResult] | None:
    match parse_json(content):
        case {"id": str(name)}:
            return [CallResult(name)]
    return None


PROVIDER = Provider(
    name="Mailgun",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("sender_domain", gettext_noop("{service}: sending domain")),
        Key("api_url", ADDRESS, gettext_noop("Such as https://api.eu.mailgun.net/v3.")),
        Key("webhook_signing_key", SIGNING_KEY),
    ),
    calls=Calls(most=500, merge_tag="%recipient.{}%", post=PostedCall(read=_read)),
    merge_tags=("%recipient.v1%", "%unsubscribe_url%"),
    login=Login(path="domains/{sender_domain}", auth=("api", "{api_key}")),
    webhook=Webhook(
        view="MailgunTrackingWebhookView",
        key="webhook_signing_key",
        permanent=lambda raw: one_of(inside(raw, "event-data", "reason"), ("bounce", "suppress-bounce"), ("old",)),
    ),
    # "Domain verification": SPF and DKIM of the sending domain, which bounces return to; the selector varies.
    dns=Dns(include="mailgun.org", domain_key="sender_domain"),
    tracking=Tracking(
        options=True,
        smtp_headers={"X-Mailgun-Track": "no", "X-Mailgun-Track-Clicks": "no", "X-Mailgun-Track-Opens": "no"},
    ),
    servers=("mailgun.org",),
    shared_domains=("mailgun.org",),
)
