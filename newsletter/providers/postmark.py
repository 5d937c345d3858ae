"""Postmark: a list of messages, each with its own response."""

from collections.abc import Sequence

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import (
    TOKEN,
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

_ABOUT_SUBSCRIBER = (406, 300)
_ACCOUNT = "Servers › your server › Settings › Open Tracking"


def _read(content: bytes) -> Sequence[CallResult | None] | None:
    responses = parse_json(content)
    return [_result(response) for response in responses] if isinstance(responses, list) else None


def _result(response: object) -> CallResult | None:
    """Return what is said of one message."""
    match response:
        case {"ErrorCode": bool()}:  # which is an int in Python
            return None
        case {"ErrorCode": 0, "MessageID": str(message_id)}:
            return CallResult(message_id)
        case {"ErrorCode": int(code), "Message": str(text)} if code != 0:
            return CallResult("", f"{code} {text}", code in _ABOUT_SUBSCRIBER)
    return None


PROVIDER = Provider(
    name="Postmark",
    keys=(
        Key("server_token", TOKEN, required=True),
        Key("message_stream", gettext_noop("{service}: message stream")),
        Key("api_url"),
        Key("generate_message_id"),
        Key("use_bulk_api"),
    ),
    calls=Calls(most=100, post=PostedCall(read=_read, path="email/batch"), headers={"X-PM-KeepID": "true"}),
    merge_tags=("{{name}}", "{{{ pm:unsubscribe_url }}}", "{{ pm:unsubscribe_url }}"),
    login=Login(path="server", headers={"X-Postmark-Server-Token": "{server_token}"}),
    webhook=Webhook(
        view="PostmarkTrackingWebhookView",
        permanent=lambda raw: one_of(inside(raw, "Type"), ("hardbounce", "bademailaddress"), ("softbounce",)),
    ),
    # "Setting up a custom Return-Path": Postmark's own by default; the selector has the date of the key.
    dns=Dns(return_path="pm.mtasv.net"),
    tracking=Tracking(
        options=True,
        smtp_headers={"X-PM-TrackOpens": "false", "X-PM-TrackLinks": "None"},
        call_account=_ACCOUNT,
        smtp_account=_ACCOUNT,
    ),
    servers=("postmarkapp.com",),
    shared_domains=("mtasv.net",),
)
