"""Webhooks of Resend, which are signed as Standard Webhooks describe it."""

import time

from anymail.webhooks.resend import ResendTrackingWebhookView, SvixWebhookValidationMixin
from django.http import HttpRequest

from newsletter.web.hooks import signatures


class ResendWebhook(ResendTrackingWebhookView):  # type: ignore[misc]
    """Anymail's view, which checks the signature without the package svix."""

    warn_if_no_basic_auth = False

    def __init__(self, *, signing_secret: str) -> None:
        self._secret, self._svix_webhook = signing_secret, None
        super(SvixWebhookValidationMixin, self).__init__()

    def validate_request(self, request: HttpRequest) -> None:
        """Check the signature."""
        signatures.check_standard(self._secret, request.body, request.headers, time.time())
