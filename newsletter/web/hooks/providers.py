"""Anymail's webhook views, each with the secret or key that a call must prove to know.

A service that signs its calls needs the key of its signature in the configuration. The others, and Amazon SNS besides
its signature, send the credentials that are part of the address.
"""

import warnings
from collections.abc import Mapping
from copy import copy
from dataclasses import dataclass
from functools import lru_cache
from importlib import import_module
from typing import Any

from anymail.exceptions import AnymailNotSupportedWarning

from newsletter.bounces import webhook_secrets
from newsletter.config import DeliverySettings


@dataclass(frozen=True, slots=True)
class Webhook:
    """A service's view, by the path of its class.

    `key` is the key of `delivery.<service>` with which calls are signed, "" if they are not.
    """

    path: str
    key: str = ""

    def view(self, **keys: Any) -> Any:
        """Return the view for one call. Raises ValueError if a key is malformed."""
        return copy(_view(self.path, **keys))


@lru_cache(maxsize=32)
def _view(path: str, **keys: Any) -> Any:
    """Return a view that is copied for each call: reading a public key takes longer than a copy."""
    with warnings.catch_warnings():  # Anymail does not test its view for SendGrid with the service any more
        warnings.simplefilter("ignore", AnymailNotSupportedWarning)
        return _class(path)(**keys)


def _class(path: str) -> Any:
    """Import a view when it is needed first: Amazon's takes long."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


WEBHOOKS: Mapping[str, Webhook] = {
    "amazon_ses": Webhook("newsletter.web.hooks.amazon_ses.AmazonSesWebhook"),
    "brevo": Webhook("anymail.webhooks.brevo.BrevoTrackingWebhookView"),
    "mailersend": Webhook("anymail.webhooks.mailersend.MailerSendTrackingWebhookView", "signing_secret"),
    "mailgun": Webhook("newsletter.web.hooks.mailgun.MailgunWebhook", "webhook_signing_key"),
    "mailjet": Webhook("anymail.webhooks.mailjet.MailjetTrackingWebhookView"),
    "mailtrap": Webhook("anymail.webhooks.mailtrap.MailtrapTrackingWebhookView", "tracking_secret"),
    "postal": Webhook("anymail.webhooks.postal.PostalTrackingWebhookView", "webhook_key"),
    "postmark": Webhook("anymail.webhooks.postmark.PostmarkTrackingWebhookView"),
    "resend": Webhook("newsletter.web.hooks.resend.ResendWebhook", "signing_secret"),
    "sendgrid": Webhook("anymail.webhooks.sendgrid.SendGridTrackingWebhookView", "tracking_webhook_verification_key"),
    "sparkpost": Webhook("anymail.webhooks.sparkpost.SparkPostTrackingWebhookView"),
    "unisender_go": Webhook("anymail.webhooks.unisender_go.UnisenderGoTrackingWebhookView", "api_key"),
}
"""Scaleway is missing: Anymail has no webhooks for it."""
ASKS_NOBODY = WEBHOOKS.keys() - {"amazon_ses"}
"""Whose calls are checked without a request of ours; Amazon's certificate is fetched, and a subscription confirmed."""


def view_of(provider: str, delivery: DeliverySettings) -> Any:
    """Return the view for one call; None if the key of its signature is not configured. Raises ValueError for a
    malformed key.
    """
    webhook = WEBHOOKS[provider]
    if not webhook.key:
        credentials = tuple(f"{webhook_secrets.USER}:{each}" for each in webhook_secrets.valid(provider))
        return webhook.view(webhook_secret=credentials)
    key = signing_key(provider, delivery)
    return webhook.view(**{webhook.key: key}) if key else None


def signing_key(provider: str, delivery: DeliverySettings) -> str:
    """Return the configured key of a service's signatures, or ""."""
    given = {key.lower(): value for key, value in getattr(delivery, provider).items()}
    return str(given.get(WEBHOOKS[provider].key, ""))
