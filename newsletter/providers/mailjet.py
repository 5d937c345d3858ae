"""Mailjet."""

from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.providers.declaration import (
    API_KEY,
    SECRET,
    CallResult,
    Calls,
    Dns,
    Key,
    Login,
    MessageParts,
    PostedCall,
    Provider,
    Tracking,
    Webhook,
    inside,
    one_of,
    parse_json,
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


def _read(content: bytes) -> Sequence[CallResult | None] | None:
    """Read the response to a call, which has a status of 4xx if some messages of it were refused."""
    match parse_json(content):
        case {"Messages": [*messages]}:
            return [_result(message) for message in messages]
    return None


def _result(message: object) -> CallResult | None:
    """Return what is said of one message. The code of an invalid address is mj-0013 ("Send API v3.1", "Errors")."""
    match message:
        case {"Status": "success", "To": [{"MessageID": str(name) | int(name)}]}:
            return CallResult(str(name))
        case {"Status": "error", "Errors": [{"ErrorCode": "mj-0013", "ErrorMessage": str(text)}, *_]}:
            return CallResult("", f"mj-0013 {text}", "address")
        case {"Status": "error", "Errors": [{"StatusCode": 401 | 403, "ErrorMessage": str(text)}, *_]}:
            return CallResult("", text, "account")
        case {"Status": "error", "Errors": [{"ErrorMessage": str(text)}, *_]}:
            return CallResult("", text)
    return None


PROVIDER = Provider(
    name="Mailjet",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("secret_key", SECRET, required=True),
        Key("api_url"),
    ),
    calls=Calls(most=50, batch=_list, post=PostedCall(read=_read), refused_headers=("message-id", "list-id")),
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
