"""Postal, which is installed on a server of one's own."""

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import (
    ADDRESS,
    API_KEY,
    SIGNING_KEY,
    Calls,
    Cause,
    Dns,
    Key,
    Login,
    Provider,
    Tracking,
    Webhook,
    parse_json,
)

_OF_ACCOUNT = ("AccessDenied", "InvalidServerAPIKey", "ServerSuspended", "UnauthenticatedFromAddress")


def _error(content: bytes) -> Cause | None:
    """Read the response to a call that was not accepted, which has the status 200 too."""
    match parse_json(content):
        case {"status": "error" | "parameter-error", "data": {"code": code}} if code in _OF_ACCOUNT:
            return "account"
        case {"status": "error" | "parameter-error"}:
            return "message"
    return None


PROVIDER = Provider(
    name="Postal",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key(
            "api_url",
            ADDRESS,
            gettext_noop("Where your Postal runs, such as https://postal.example.org."),
            required=True,
        ),
        Key("webhook_key", SIGNING_KEY),
    ),
    calls=Calls(error=_error),
    merge_tags=(),
    login=Login(
        path="api/v1/messages/message",
        headers={"X-Server-API-Key": "{api_key}"},
        body={"id": 0},
        wrong=("InvalidServerAPIKey", '"AccessDenied"'),
    ),
    webhook=Webhook(view="PostalTrackingWebhookView", key="webhook_key"),
    # "DNS configuration": the return path is below the server's own domain; each server has its own names.
    dns=Dns(return_path="postal"),
    tracking=Tracking(call_headers={"X-AMP": "skip"}),
)
