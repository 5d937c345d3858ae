"""Mandrill, which is Mailchimp Transactional.

A call has one message: header fields can't differ between recipients, and List-Unsubscribe must.
"""

from pydantic import BaseModel, ValidationError

from newsletter.providers.declaration import (
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
    inside,
    one_of,
)

_OF_KEY = ("Invalid_Key", "PaymentRequired", "Unknown_Subaccount")
_OF_MESSAGE = ("ValidationError",)


class _Error(BaseModel):
    """The response to a call that was not accepted, with any status, mostly 500."""

    status: str
    name: str


def _error(content: bytes) -> Rejection | None:
    try:
        error = _Error.model_validate_json(content)
    except ValidationError:
        return None
    return Rejection(of_key=error.name in _OF_KEY) if error.name in _OF_KEY + _OF_MESSAGE else None


PROVIDER = Provider(
    name="Mandrill",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("webhook_key", SIGNING_KEY),
        Key("api_url"),
    ),
    calls=Calls(error=_error),
    merge_tags=("*|NAME|*", "{{name}}"),
    login=Login(path="users/ping.json", body={"key": "{api_key}"}, wrong=("Invalid_Key",)),
    webhook=Webhook(
        view="MandrillTrackingWebhookView",
        key="webhook_key",
        address="webhook_url",
        permanent=lambda raw: one_of(inside(raw, "event"), ("hard_bounce",), ("soft_bounce",)),
    ),
    # "Authentication and Delivery": CNAME records for DKIM; the return path is Mandrill's unless one is set up.
    dns=Dns(return_path="mandrillapp.com", selectors=("mte1", "mte2")),
    tracking=Tracking(options=True, smtp_account="Settings › Sending Defaults"),
    servers=("mandrillapp.com",),
    shared_domains=("mandrillapp.com",),
)
