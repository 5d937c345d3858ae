"""Postal, which is installed on a server of one's own."""

from typing import Literal

from pydantic import BaseModel, ValidationError

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
    Rejection,
    Tracking,
    Webhook,
)


class _Details(BaseModel):
    code: str = ""


class _Error(BaseModel):
    """The response to a call that was not accepted, which has the status 200 too."""

    status: Literal["error", "parameter-error"]
    data: _Details = _Details()


def _error(content: bytes) -> Rejection | None:
    try:
        error = _Error.model_validate_json(content)
    except ValidationError:
        return None
    return Rejection(of_key=error.data.code in ("AccessDenied", "InvalidServerAPIKey", "ServerSuspended"))


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
