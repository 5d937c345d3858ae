"""Anymail's webhook views, each with the secret or key that a call must prove to know.

A service that signs its calls needs the key of its signature in the configuration. The others, and Amazon SNS besides
its signature, send the credentials that are part of the address.
"""

import warnings
from copy import copy
from functools import lru_cache
from typing import Any

from anymail.exceptions import AnymailNotSupportedWarning
from django.urls import reverse
from django.utils.module_loading import import_string

from newsletter.bounces import webhook_secrets
from newsletter.config import Config, DeliverySettings
from newsletter.providers import PROVIDERS

WEBHOOKS = {name: provider.webhook for name, provider in PROVIDERS.items() if provider.webhook}
ASKS_NOBODY = WEBHOOKS.keys() - {"amazon_ses"}
"""Whose calls are checked without a request of ours; Amazon's certificate is fetched, and a subscription confirmed."""

_OWN_VIEWS = {
    "amazon_ses": "newsletter.web.hooks.amazon_ses.AmazonSesWebhook",
    "mailgun": "newsletter.web.hooks.mailgun.MailgunWebhook",
    "resend": "newsletter.web.hooks.resend.ResendWebhook",
}
"""Views that check more than Anymail's, or without another package."""


def address_of(provider: str, configuration: Config) -> str:
    """Return the address of a service's webhook, without credentials."""
    return configuration.site.url.rstrip("/") + reverse("hook", args=[provider])


def view_of(provider: str, configuration: Config) -> Any:
    """Return the view for one call; None if the key of its signature is not configured. Raises ValueError for a
    malformed key.
    """
    webhook = WEBHOOKS[provider]
    if not webhook.key:
        credentials = tuple(f"{webhook_secrets.USER}:{secret}" for secret in webhook_secrets.valid(provider))
        return copy(_view(provider, webhook_secret=credentials))
    key = signing_key(provider, configuration.delivery)
    if not key:
        return None
    signed = {webhook.address: address_of(provider, configuration)} if webhook.address else {}
    return copy(_view(provider, **{webhook.key: key}, **signed))


def signing_key(provider: str, delivery: DeliverySettings) -> str:
    """Return the configured key of a service's signatures, or ""."""
    keys = {key.lower(): value for key, value in getattr(delivery, provider).items()}
    return str(keys.get(WEBHOOKS[provider].key, ""))


@lru_cache(maxsize=32)
def _view(provider: str, **keys: Any) -> Any:
    """Return a view that is copied for each call: reading a public key takes longer than a copy.

    Its class is imported when it is needed first: Amazon's takes long.
    """
    name = _OWN_VIEWS.get(provider, f"anymail.webhooks.{provider}.{WEBHOOKS[provider].view}")
    with warnings.catch_warnings():  # Anymail does not test its view for SendGrid with the service any more
        warnings.simplefilter("ignore", AnymailNotSupportedWarning)
        return import_string(name)(**keys)
