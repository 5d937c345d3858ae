"""Webhooks of Mailgun, which signs a time and a token: a recorded call can't be sent again for ever."""

import json
import time

from anymail.exceptions import AnymailWebhookValidationFailure
from anymail.webhooks.mailgun import MailgunTrackingWebhookView
from django.http import HttpRequest

from newsletter.web.hooks.signatures import TOLERANCE

LONGEST_AGE = 9 * 3600
"""Seconds: Mailgun repeats a call that was not answered for eight hours."""


class MailgunWebhook(MailgunTrackingWebhookView):  # type: ignore[misc]
    """Anymail's view, which checks the signature, with a limit for its age."""

    def validate_request(self, request: HttpRequest) -> None:
        """Check the signature, and the time that is signed."""
        super().validate_request(request)
        age = time.time() - _signed_at(request)
        if not -TOLERANCE <= age <= LONGEST_AGE:
            raise AnymailWebhookValidationFailure("the signature is too old")


def _signed_at(request: HttpRequest) -> int:
    """Return the time of a call whose signature is right. Raises AnymailWebhookValidationFailure."""
    is_json = request.content_type == "application/json"
    timestamp = str(json.loads(request.body)["signature"]["timestamp"] if is_json else request.POST["timestamp"])
    if not (timestamp.isascii() and timestamp.isdigit() and len(timestamp) < 12):
        raise AnymailWebhookValidationFailure("the time of the signature is malformed")
    return int(timestamp)
