"""SendGrid: `personalizations`, one message with tags, and the text for each of them for each recipient."""

import json

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import (
    ADDRESS,
    API_KEY,
    SIGNING_KEY,
    Calls,
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

_TAG = "-{}-"
_FILTERS = {
    name: {"settings": {"enable": 0}} for name in ("clicktrack", "opentrack", "subscriptiontrack", "ganalytics")
}
_NOT_ADDED = {"tracking_settings": {"subscription_tracking": {"enable": False}, "ganalytics": {"enable": False}}}
"""Settings of the account may otherwise add links to unsubscribe, and parameters to the addresses of links."""

PROVIDER = Provider(
    name="SendGrid",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("api_url", ADDRESS, gettext_noop("Such as https://api.eu.sendgrid.com/v3/.")),
        Key("tracking_webhook_verification_key", SIGNING_KEY),
        Key("generate_message_id"),
        Key("merge_field_format"),
        Key("password"),
        Key("username"),
    ),
    calls=Calls(most=500, merge_tag=_TAG, merge_headers=True, settings={"merge_field_format": _TAG}),
    merge_tags=("<%asm_group_unsubscribe_raw_url%>",),
    login=Login(path="scopes", headers=bearer("api_key")),
    webhook=Webhook(
        view="SendGridTrackingWebhookView",
        key="tracking_webhook_verification_key",
        permanent=lambda raw: one_of(inside(raw, "type"), ("bounce",), ("blocked", "expired")),
    ),
    # "How to set up domain authentication": CNAME records for DKIM and for the return path.
    dns=Dns(return_path="sendgrid.net", selectors=("s1", "s2")),
    tracking=Tracking(
        options=True, call_fields=_NOT_ADDED, smtp_headers={"X-SMTPAPI": json.dumps({"filters": _FILTERS})}
    ),
    servers=("sendgrid.net",),
    shared_domains=("sendgrid.net",),
)
