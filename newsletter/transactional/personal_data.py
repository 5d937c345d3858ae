"""Personal data outside the subscribers' own tables, which is exported and erased with them.

Nothing here contains the address after a subscriber was erased; deliveries are kept as numbers that lead nowhere.
"""

import re
from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver
from django.utils import timezone

from newsletter.delivery.reply import redact_stored
from newsletter.messages import from_text
from newsletter.models import Bounce, Delivery, Edition, Job, KeptAnswer, Result, WebhookEvent, WelcomeMail
from subscribers.addresses import whole
from subscribers.models import Subscription, data_requested, person_erased


@receiver(data_requested)
def data(subscriber: int, **_: Any) -> dict[str, Any]:
    """Return what was offered and sent to a subscriber and what was returned, for their export."""
    from newsletter.transactional.offered_posts import offered_posts  # few commands need what it imports

    sent = list(_deliveries(subscriber).select_related("edition").order_by("edition__began_at"))
    subscriptions = Subscription.objects.filter(subscriber=subscriber).exclude(state=Subscription.State.PENDING)
    welcome_mails = WelcomeMail.objects.filter(subscription__subscriber=subscriber).select_related("edition")
    return {
        "welcome_series": [
            {"edition": mail.edition.name, "at": mail.at.isoformat()} for mail in welcome_mails.order_by("at")
        ],
        "posts": [
            offered_posts(subscription, timezone.now())
            for subscription in subscriptions.select_related("offered").order_by("pk")
        ],
        "deliveries": [_delivery(delivery) for delivery in sent],
        "bounces": [_bounce(delivery, bounce) for delivery in sent for bounce in _bounces(delivery).order_by("at")],
    }


def _delivery(delivery: Delivery) -> dict[str, str | None]:
    from newsletter.sending import progress

    began, result = delivery.edition.began_at, _results(delivery).first()
    return {
        "edition": delivery.edition.name,
        "began_at": began.isoformat() if began else None,
        "state": result.kind if result else progress.state_without_result(delivery.edition),
        "text": str(from_text(result.text) or "") if result else "",
    }


def _bounce(delivery: Delivery, bounce: Bounce) -> dict[str, str]:
    return {
        "edition": delivery.edition.name,
        "kind": bounce.kind,
        "status": bounce.status,
        "text": str(from_text(bounce.text) or ""),
        "at": bounce.at.isoformat(),
    }


@receiver(person_erased)
def forget(subscriber: int, address: str, **_: Any) -> None:
    """Remove the address from answers of the API that are kept to be given again, from events that are not processed
    yet, from lines of imports that jobs show, and from servers' replies.

    Of replies about the subscriber's deliveries, the part before the `@` is removed too.
    """
    KeptAnswer.objects.filter(body__icontains=address).delete()
    WebhookEvent.objects.filter(recipient__iexact=address).update(recipient="")
    names_it = re.compile(whole(address), re.IGNORECASE).search
    for job in Job.objects.filter(result__has_key="told"):
        for name in ("told", "incomplete"):
            if name in job.result:
                job.result[name] = [line for line in job.result[name] if not names_it(str(line))]
        job.save(update_fields=["result"])
    for delivery in _deliveries(subscriber):
        for rows in (_results(delivery), _bounces(delivery)):
            for text in rows.exclude(text="").values_list("text", flat=True):
                rows.filter(text=text).update(text=redact_stored(text, address))


def _deliveries(subscriber: int) -> QuerySet[Delivery]:
    """Return the subscriber's deliveries, queried by edition so that one index is enough."""
    subscriptions = dict(Subscription.objects.filter(subscriber=subscriber).values_list("pk", "newsletter"))
    editions = Edition.objects.filter(newsletter__in=subscriptions.values(), began_at__isnull=False)
    began = list(editions.values_list("pk", flat=True))
    return Delivery.objects.filter(edition__in=began, subscription__in=list(subscriptions))


def _results(delivery: Delivery) -> QuerySet[Result]:
    return Result.objects.filter(edition=delivery.edition_id, number=delivery.number)


def _bounces(delivery: Delivery) -> QuerySet[Bounce]:
    return Bounce.objects.filter(edition=delivery.edition_id, number=delivery.number)
