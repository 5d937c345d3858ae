"""The page of subscribers who were asked whether they still want a newsletter, and have not answered."""

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from newsletter.web.desk import formatting
from newsletter.web.desk.pages import newsletter_of, page
from subscribers import asking


def unanswered(request: HttpRequest, name: str) -> HttpResponse:
    """List them, the longest ago first. Each can be unsubscribed on their page; the program unsubscribes nobody."""
    newsletter, now = newsletter_of(request, name), timezone.now()
    pages = Paginator(asking.unanswered(newsletter, now), 50)
    subscriptions = pages.get_page(request.GET.get("page"))
    context = {
        "newsletter": newsletter,
        "found": subscriptions,
        "rows": [
            {
                "subscription": subscription,
                "asked": formatting.day(subscription.asked_at, newsletter.zone) if subscription.asked_at else "",
                "sign": formatting.day(
                    max(filter(None, (subscription.heard_at, subscription.joined, subscription.created))),
                    newsletter.zone,
                ),
            }
            for subscription in subscriptions
        ],
        "count": pages.count,
        "waiting": asking.silent(newsletter, now).count() if newsletter.ask_after else 0,
        "days": asking.TO_ANSWER.days,
    }
    return page(request, "unanswered", context, section="subscribers")
