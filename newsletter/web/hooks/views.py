"""Receives webhooks of email services at `/hooks/<provider>/`.

Events are stored before the call is answered, and processed afterwards. A call that can't be stored is answered with
an error, after which the services repeat it. `newsletter/web/fast_path.py` answers most calls without Django's threads.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TypeAlias, cast

import requests
from anymail.exceptions import AnymailError, AnymailWebhookValidationFailure
from anymail.signals import AnymailTrackingEvent, tracking
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import View

from newsletter.bounces import webhook_events
from newsletter.models import NewWebhookEvent
from newsletter.web.hooks.provider_views import WEBHOOKS, view_of
from subscribers.requests import config_of

log = logging.getLogger("newsletter.web.hooks")

MALFORMED = (AnymailError, ImproperlyConfigured, ValueError, LookupError, TypeError, AttributeError, AssertionError,
             RecursionError, OverflowError)  # fmt: skip
"""What Anymail's views raise for a body that doesn't have the documented form."""
_collected: ContextVar[list[AnymailTrackingEvent] | None] = ContextVar("collected", default=None)


ReadCall: TypeAlias = tuple[HttpResponse, Sequence[NewWebhookEvent]]
"""The response to a call, and the events that are to be stored before it is sent."""


@csrf_exempt
def receive(request: HttpRequest, provider: str) -> HttpResponse:
    """Check a call with Anymail's view, and store the events in it."""
    if provider not in WEBHOOKS:
        raise Http404(f"there are no webhooks for '{provider}'")
    response, events = read_call(request, provider)
    webhook_events.store([events])
    return response


def read_call(request: HttpRequest, provider: str) -> ReadCall:
    """Check a call of one of `WEBHOOKS`, and read the events in it."""
    view = _view(request, provider)
    if view is None:
        log.warning("delivery.%s.%s is missing or malformed: webhooks are refused", provider, WEBHOOKS[provider].key)
        return _refused(403, f"delivery.{provider}.{WEBHOOKS[provider].key} is missing or malformed.")
    view.setup(request)
    try:
        with _collecting() as events:
            # What decorates Anymail's own `dispatch` marks it for middleware, and takes a tenth of the time of a call.
            answer = cast(HttpResponse, View.dispatch(view, request))
        return answer, webhook_events.read(provider, events, datetime.now(UTC))
    except AnymailWebhookValidationFailure:
        log.warning("a call of the webhook of %s had no valid secret or signature", provider)
        return _refused(403, "The secret or signature is missing or wrong.")
    except requests.RequestException as e:
        log.warning("Amazon SNS can't be reached (%s); it will repeat the call", type(e).__name__)
        return _refused(503, "Please try again later.")
    except MALFORMED as e:
        log.warning("a call of the webhook of %s could not be read (%s)", provider, type(e).__name__)
        return _refused(400, "The call does not have the documented form.")


def _view(request: HttpRequest, provider: str) -> Any:
    try:
        return view_of(provider, config_of(request))
    except ValueError:
        return None


def _refused(status: int, sentence: str) -> ReadCall:
    return HttpResponse(f"{sentence}\n", status=status, content_type="text/plain"), ()


@contextmanager
def _collecting() -> Iterator[list[AnymailTrackingEvent]]:
    """Collect the events that Anymail's signal reports during this request."""
    events: list[AnymailTrackingEvent] = []
    token = _collected.set(events)
    try:
        yield events
    finally:
        _collected.reset(token)


@receiver(tracking)
def _collect(event: AnymailTrackingEvent, **_: object) -> None:
    events = _collected.get()
    if events is not None:
        events.append(event)
