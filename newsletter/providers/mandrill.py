"""Mandrill, which is Mailchimp Transactional.

A call has one message: header fields can't differ between recipients, and List-Unsubscribe must.
"""

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
    parse_json,
)

_OF_KEY = ("Invalid_Key", "PaymentRequired", "Unknown_Subaccount")
_OF_MESSAGE = ("ValidationError",)


def _error(content: bytes) -> Rejection | None:
    """Read the response to a call that was not accepted, with any status, mostly 500."""
    match parse_json(content):
        case {"status": str(), "name": str(name)} if name in _OF_KEY + _OF_MESSAGE:
            return Rejection(of_key=name in _OF_KEY)
    return None


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
