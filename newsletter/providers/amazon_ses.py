"""Amazon SES. `sending/api_calls/amazon_ses_provider.py` calls it with boto3, which `newsletter[ses]` installs."""

from newsletter.messages.message import gettext_noop
from newsletter.providers.declaration import (
    API_KEY,
    REGION,
    SECRET,
    Calls,
    Dns,
    Key,
    Provider,
    Tracking,
    Webhook,
    inside,
    one_of,
)

_OF_BOTO3 = ("api_version", "aws_account_id", "aws_session_token", "config", "endpoint_url", "use_ssl", "verify")

PROVIDER = Provider(
    name="Amazon SES",
    keys=(
        Key("client_params.region_name", REGION, gettext_noop("Such as eu-north-1.")),
        Key("client_params.aws_access_key_id", API_KEY),
        Key("client_params.aws_secret_access_key", SECRET),
        Key("configuration_set_name", gettext_noop("{service}: configuration set")),
        Key("message_tag_name"),
        Key("session_params"),
        *(Key(f"client_params.{name}") for name in _OF_BOTO3),
    ),
    calls=Calls(),
    merge_tags=("{{amazonSESUnsubscribeUrl}}",),
    login=None,
    webhook=Webhook(
        view="AmazonSESTrackingWebhookView",
        permanent=lambda raw: one_of(inside(raw, "bounce", "bounceType"), ("permanent",), ("transient",)),
    ),
    # "Using a custom MAIL FROM domain" and "Easy DKIM": three CNAME records with names of their own.
    dns=Dns(return_path="amazonses.com"),
    tracking=Tracking(
        smtp_account=(
            "Configuration sets › your configuration set › Event destinations, and Virtual Deliverability Manager"
        )
    ),  # calls have a parameter for it
    servers=("email-smtp.*.amazonaws.com",),
    shared_domains=("amazonses.com",),
)
