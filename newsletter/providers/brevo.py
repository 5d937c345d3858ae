"""Brevo."""

from collections.abc import Mapping, Sequence
from typing import Any

from newsletter.providers.declaration import (
    API_KEY,
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

_ACCOUNT = "the settings of transactional emails, or else Brevo's support"


def _versions(messages: Sequence[MessageParts]) -> Mapping[str, Any]:
    """Return `messageVersions`: complete messages, for which the first one has the defaults."""
    return {
        "messageVersions": [
            {
                "to": [{"email": message.address, **({"name": message.name} if message.name else {})}],
                "subject": message.subject,
                "textContent": message.text,
                **({"htmlContent": message.html} if message.html else {}),
                "headers": message.headers,
            }
            for message in messages
        ]
    }


PROVIDER = Provider(
    name="Brevo",
    keys=(
        Key("api_key", API_KEY, required=True),
        Key("api_url"),
        Key("prevent_header_encoding_bugs"),
        Key("workaround_display_name_bugs"),
    ),
    calls=Calls(most=100, batch=_versions, ascii_headers=True, idempotency="idempotencyKey"),
    merge_tags=("{{params.name}}", "{% if a %}"),
    login=Login(path="account", headers={"api-key": "{api_key}"}),
    webhook=Webhook(
        view="BrevoTrackingWebhookView",
        permanent=lambda raw: one_of(inside(raw, "event"), ("hard_bounce", "invalid_email"), ("soft_bounce",)),
    ),
    # "Authenticate your domain": DKIM and a code; the return path stays Brevo's on shared addresses.
    dns=Dns(return_path="brevo.com", selectors=("brevo1", "brevo2", "mail")),
    tracking=Tracking(call_account=_ACCOUNT, smtp_account=_ACCOUNT),
    servers=("brevo.com", "sendinblue.com"),
    shared_domains=("brevosend.com", "sendinblue.com"),
)
