"""Leaving with one click: by the form, and by the mail program's own button (RFC 8058)."""

from django.core.exceptions import BadRequest, RequestDataTooBig, TooManyFieldsSent
from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from newsletter import config
from subscribers import preferences
from subscribers.forms import ReasonForm
from subscribers.models import Subscription
from subscribers.pages import language_of, page
from subscribers.tokens import PROOF, read_link

ONE_CLICK = "List-Unsubscribe"


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST leaves, whatever the body says, as often as it comes.

    A one-click POST (RFC 8058 3.1) is answered with an empty 200: no cookie, no redirect, no page.
    """
    number = read_link(token)
    if number is None:
        return page(request, "message.html", language_of(request), kind="gone", status=404)
    fields = _fields(request)
    if request.method == "POST" and number != PROOF:
        preferences.leave(number, timezone.now())
    if fields.get(ONE_CLICK) == "One-Click":
        return HttpResponse(content_type="text/plain")
    if number == PROOF:
        return page(request, "message.html", language_of(request), kind="proof")
    return _shown(request, token, fields)


def _fields(request: HttpRequest) -> QueryDict:
    """What the body holds; a body that can't be read holds nothing, and leaving works all the same."""
    try:
        return request.POST
    except (BadRequest, MultiPartParserError, RequestDataTooBig, TooManyFieldsSent, UnicodeDecodeError):
        return QueryDict()


def _shown(request: HttpRequest, token: str, fields: QueryDict) -> HttpResponse:
    subscription = preferences.subscription_of(token)
    if subscription is None:
        return page(request, "message.html", language_of(request), kind="erased")
    shown = config.current().newsletters.get(subscription.newsletter)
    language = language_of(request, known=subscription.subscriber.language, newsletter=shown.language if shown else "")
    left = subscription.state == Subscription.State.UNSUBSCRIBED
    reason = ReasonForm(fields)
    thanked = left and bool(fields.get("reason")) and reason.is_valid()
    if thanked:
        preferences.give_reason(subscription.pk, reason.cleaned_data["reason"])
    return page(
        request,
        "left.html" if left else "unsubscribe.html",
        language,
        newsletter=subscription.newsletter,
        subscription=subscription,
        token=token,
        thanked=thanked,
        known=shown is not None,
    )
