"""The answer to the question whether a subscriber still wants a newsletter."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from subscribers import preferences
from subscribers.asking import heard
from subscribers.models import Subscription
from subscribers.pages import language_of, message, no_subscription, page


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
