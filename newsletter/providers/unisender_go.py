"""Unisender Go."""

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import (
    ADDRESS,
    API_KEY,
    Calls,
    Cause,
    Dns,
    Key,
    Login,
    Provider,
    Tracking,
    Webhook,
    inside,
    parse_json,
)

_INVALID = ("invalid", "permanent_unavailable")
_MISSING = ("err_user_unknown", "err_user_inactive", "err_domain_inactive")


def _error(content: bytes) -> Cause | None:
    """Read the response to a call without any valid recipient ("email/send", `failed_emails`)."""
    match parse_json(content):
        case {"status": "error", "failed_emails": {**failed}} if failed:
            return "address" if all(why in _INVALID for why in failed.values()) else "mailbox"
    return None


PROVIDER = Provider(
    name="Unisender Go",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key(
            "api_url",
            ADDRESS,
            gettext_noop("Such as https://go1.unisender.ru/ru/transactional/api/v1/."),
            required=True,
        ),
        Key("generate_message_id"),
        Key("workaround_display_name_bugs"),
    ),
    calls=Calls(error=_error),
    merge_tags=("{{name}}",),
    login=Login(path="system/info.json", headers={"X-API-KEY": "{api_key}"}, body={}),
    webhook=Webhook(
        view="UnisenderGoTrackingWebhookView",
        key="api_key",
        permanent=lambda raw: inside(raw, "delivery_info", "delivery_status") in _MISSING,
    ),
    # "Domain authentication": SPF and DKIM of the domain in From.
    dns=Dns(include="spf.unisender.com", selectors=("us",)),
    tracking=Tracking(options=True, smtp_account="the settings of your project"),
    servers=("unisender.ru",),
)
