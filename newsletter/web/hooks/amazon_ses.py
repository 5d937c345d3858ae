"""Webhooks of Amazon SES: notifications of Amazon SNS, whose signature is checked."""

from collections.abc import Mapping
from typing import Any

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.amazon_ses import AmazonSESBaseWebhookView, AmazonSESTrackingWebhookView
from django.http import HttpRequest

from newsletter.web.hooks import signatures


class AmazonSesWebhook(AmazonSESTrackingWebhookView):  # type: ignore[misc]
    """Anymail's view, which checks the signature as well, and confirms a subscription without boto3."""

    fetch_certificate: signatures.Fetch = staticmethod(signatures.fetch_certificate)
    fetch: signatures.Fetch = staticmethod(signatures.fetch)

    def __init__(self, **kwargs: Any) -> None:
        self.auto_confirm_enabled = True
        super(AmazonSESBaseWebhookView, self).__init__(**kwargs)  # the next one needs boto3

    def run_validators(self, request: HttpRequest) -> None:
        """Check credentials and headers, and then the signature, so that only those who know the secret cause a
        request to Amazon.
        """
        super().run_validators(request)
        signatures.check_sns(self._parse_sns_message(request), self.fetch_certificate)

    def auto_confirm_sns_subscription(self, sns_message: Mapping[str, Any]) -> None:
        """Open the address that confirms a subscription."""
        address = str(sns_message.get("SubscribeURL", ""))
        if not signatures.is_amazons(address):
            raise AnymailWebhookValidationFailure("the address to confirm is not Amazon's")
        self.fetch(address)
