"""Postmark: a list of messages, each with its own response."""

from collections.abc import Mapping, Sequence

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import (
    TOKEN,
    CallResult,
    Calls,
    Cause,
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

_CAUSES: Mapping[int, Cause] = {
    **dict.fromkeys((10, 400, 401, 405, 412, 413), "account"),
    406: "address",
}
"""By "API error codes": 405 is an account without credits, 412 one that is not approved yet, and may only send to its
own domain; 406 is an address that bounced or complained. 300 is any invalid message.
"""
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
            invalid_address: bool = code == 300 and "'to'" in text.lower()
            return CallResult("", f"{code} {text}", "address" if invalid_address else _CAUSES.get(code, "message"))
    return None


def _error(content: bytes) -> Cause | None:
    """Read the response to a call that was refused as a whole."""
    match parse_json(content):
        case {"ErrorCode": int(code)} if _CAUSES.get(code) == "account":
            return "account"
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
    calls=Calls(
        most=100, post=PostedCall(read=_read, path="email/batch"), headers={"X-PM-KeepID": "true"}, error=_error
    ),
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
