"""Mailjet."""

from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.providers.declaration import (
    API_KEY,
    SECRET,
    Calls,
    Dns,
    Key,
    Login,
    MessageParts,
    Provider,
    Tracking,
    Webhook,
    inside,
    one_of,
)


def _list(messages: Sequence[MessageParts]) -> Mapping[str, Any]:
    """Return `Messages`: complete messages. What they share stays in Anymail's `Globals`, which they override."""
    return {
        "Messages": [
            {
                "To": [{"Email": message.address, **({"Name": message.name} if message.name else {})}],
                "Subject": message.subject,
                "TextPart": message.text,
                **({"HTMLPart": message.html} if message.html else {}),
                "Headers": message.headers,
            }
            for message in messages
        ]
    }


PROVIDER = Provider(
    name="Mailjet",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("secret_key", SECRET, required=True),
        Key("api_url"),
    ),
    calls=Calls(most=50, batch=_list, refused_headers=("message-id", "list-id")),
    merge_tags=("[[var:name]]", "{{var:name}}", "{% if a %}"),
    login=Login(path="../v3/REST/apikey", auth=("{api_key}", "{secret_key}")),
    webhook=Webhook(
        view="MailjetTrackingWebhookView",
        permanent=lambda raw: one_of(inside(raw, "hard_bounce"), ("true", "1"), ("false", "0", "")),
    ),
    # "Authenticating domains with SPF and DKIM": the return path is Mailjet's unless one is asked for.
    dns=Dns(return_path="mailjet.com", selectors=("mailjet",)),
    tracking=Tracking(options=True, smtp_headers={"X-Mailjet-TrackOpen": "0", "X-Mailjet-TrackClick": "0"}),
    servers=("mailjet.com",),
    shared_domains=("mailjet.com",),
)
