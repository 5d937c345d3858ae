"""Pages with one button, to which links in emails lead: unsubscribing, with the form or with the email program's own
button (RFC 8058), and the answer to the question whether a subscriber still wants a newsletter.
"""

from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers import preferences, waiting_unsubscriptions
from subscribers.asking import heard
from subscribers.forms import ReasonForm
from subscribers.models import Subscription
from subscribers.pages import language_of, message, no_subscription, page
from subscribers.requests import config_of
from subscribers.tokens import TEST_NUMBER, read_link

ONE_CLICK = "List-Unsubscribe"
ONE_CLICK_BODY = b"List-Unsubscribe=One-Click"
"""The body of a one-click request as a form (RFC 8058 3.1)."""


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST unsubscribes, whatever its body is. Repeating it is harmless.

    A one-click POST (RFC 8058 3.1) gets an empty 200: no cookie, no redirect, no page.
    """
    number = read_link(token)
    if number is None:
        return no_subscription(request, token)
    fields = _fields(request)
    waits = request.method == "POST" and number != TEST_NUMBER and not waiting_unsubscriptions.unsubscribe([number])
    if fields.get(ONE_CLICK) == "One-Click":
        return one_click_response()
    if number == TEST_NUMBER:
        return no_subscription(request, token)
    try:
        return _result_page(request, token, fields, waits=waits)
    except (OperationalError, InterfaceError):  # the database is away
        if request.method == "POST" and not waits:
            raise
        return message(request, language_of(request), kind="left" if waits else "leave")


def one_click_response() -> HttpResponse:
    """Return the response to a one-click request."""
    return HttpResponse(content_type="text/plain")


def _fields(request: HttpRequest) -> QueryDict:
    """Return the fields of the body, or none if it can't be parsed: unsubscribing works anyway."""
    try:
        return request.POST
    except (BadRequest, MultiPartParserError, RequestDataTooBig, TooManyFieldsSent, UnicodeDecodeError):
        return QueryDict()


def _result_page(request: HttpRequest, token: str, fields: QueryDict, *, waits: bool) -> HttpResponse:
    """Return the page of a subscription; if it `waits`, it is unsubscribed, and the database doesn't know yet."""
    subscription = preferences.subscription_of(token)
    if subscription is None:
        return message(request, language_of(request), kind="erased")
    newsletter = config_of(request).newsletters.get(subscription.newsletter)
    language = language_of(request, own_language=subscription.subscriber.language, newsletter=subscription.newsletter)
    has_left = waits or subscription.state == Subscription.State.UNSUBSCRIBED
    reason = ReasonForm(fields)
    thanked = has_left and not waits and bool(fields.get("reason")) and reason.is_valid()
    if thanked:
        preferences.give_reason(subscription.pk, reason.cleaned_data["reason"])
    return page(
        request,
        "left.html" if has_left else "unsubscribe.html",
        language,
        newsletter=subscription.newsletter,
        subscription=subscription,
        token=token,
        thanked=thanked,
        known=newsletter is not None and newsletter.status != "archived",
    )


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def still(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST records that the subscriber wants it. Repeating it is harmless.

    A program that follows links, such as a virus scanner, answers nothing.
    """
    subscription = preferences.subscription_of(token)
    if subscription is None:
        return no_subscription(request, token)
    if subscription.state != Subscription.State.ACTIVE:
        language = language_of(request, own_language=subscription.subscriber.language)
        return message(request, language, kind="erased", newsletter=subscription.newsletter)
    if request.method == "POST":
        heard([subscription.pk], timezone.now())
    language = language_of(request, own_language=subscription.subscriber.language, newsletter=subscription.newsletter)
    return page(
        request,
        "still.html",
        language,
        newsletter=subscription.newsletter,
        subscription=subscription,
        token=token,
        answered=request.method == "POST",
    )
