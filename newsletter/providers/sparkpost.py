"""SparkPost."""

import json
from collections.abc import Mapping

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
    Raw,
    Tracking,
    Webhook,
    inside,
    parse_json,
)


def _is_permanent(raw: Raw) -> bool | None:
    content = raw.get("msys")
    event = next(iter(content.values()), {}) if isinstance(content, Mapping) else raw
    category = inside(event, "bounce_class") if isinstance(event, Mapping) else ""
    return True if category in ("10", "30") else None if category in ("", "1") else False


def _error(content: bytes) -> Cause | None:
    """Read the response to a refused call: 7000 and 7001 are about the domain in From ("Extended error codes")."""
    match parse_json(content):
        case {"errors": [{"code": "7000" | "7001"}, *_]}:
            return "account"
    return None


PROVIDER = Provider(
    name="SparkPost",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("api_url", ADDRESS, gettext_noop("Such as https://api.eu.sparkpost.com/api/v1.")),
        Key("subaccount"),
    ),
    calls=Calls(error=_error),
    merge_tags=("{{name}}", "{{{name}}}"),
    login=Login(path="account", headers={"Authorization": "{api_key}"}),
    webhook=Webhook(view="SparkPostTrackingWebhookView", permanent=_is_permanent),
    # "Verify sending domains" and "Create a bounce domain": SparkPost's own by default; the selector varies.
    dns=Dns(return_path="sparkpostmail.com"),
    tracking=Tracking(
        options=True,
        smtp_headers={"X-MSYS-API": json.dumps({"options": {"open_tracking": False, "click_tracking": False}})},
    ),
    servers=("sparkpostmail.com",),
    shared_domains=("sparkpostmail.com", "sparkpostbox.com"),
)
