"""The answer to the question whether a reader still wants a newsletter."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers import preferences
from subscribers.asking import heard
from subscribers.models import Subscription
from subscribers.pages import language_of, message, page
from subscribers.requests import config_of


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def still(request: HttpRequest, token: str) -> HttpResponse:
    """GET shows a button; POST records that the reader wants it. Repeating it is harmless.

    A program that follows links, such as a virus scanner, answers nothing.
    """
    subscription = preferences.subscription_of(token)
    if subscription is None:
        kind = "proof" if preferences.is_test_link(token) else "gone"
        return message(request, language_of(request), kind=kind, status=200 if kind == "proof" else 404)
    if subscription.state != Subscription.State.ACTIVE:
        language = language_of(request, known=subscription.subscriber.language)
        return message(request, language, kind="erased", newsletter=subscription.newsletter)
    if request.method == "POST":
        heard([subscription.pk], timezone.now())
    newsletter = config_of(request).newsletters.get(subscription.newsletter)
    language = language_of(
        request, known=subscription.subscriber.language, newsletter=newsletter.language if newsletter else ""
    )
    return page(
        request,
        "still.html",
        language,
        newsletter=subscription.newsletter,
        subscription=subscription,
        token=token,
        answered=request.method == "POST",
    )
