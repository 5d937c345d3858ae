"""What is kept about a person beside the subscribers' own tables: handed over when they ask, taken out when forgotten.

Promises: nothing here names an address after a person was forgotten; deliveries stay, as numbers that lead nowhere.
"""

from typing import Any

from django.db.models import QuerySet
from django.dispatch import receiver

from newsletter.delivery.reply import nameless
from newsletter.models import Bounce, Delivery, Edition, Result
from subscribers.models import Subscription, forgotten
from subscribers.preferences import data_wanted


@receiver(data_wanted)
def data(subscriber: int, **_: Any) -> dict[str, Any]:
    """What was sent to a person and what came back, for themselves."""
    sent = list(_deliveries(subscriber).select_related("edition").order_by("edition__began_at"))
    return {
        "deliveries": [_delivery(each) for each in sent],
        "bounces": [_bounce(each, bounce) for each in sent for bounce in _bounces(each).order_by("at")],
    }


def _delivery(delivery: Delivery) -> dict[str, str | None]:
    began, result = delivery.edition.began_at, _results(delivery).first()
    return {
        "edition": delivery.edition.name,
        "began_at": began.isoformat() if began else None,
        "state": result.kind if result else "pending",
        "text": result.text if result else "",
    }


def _bounce(delivery: Delivery, bounce: Bounce) -> dict[str, str]:
    return {
        "edition": delivery.edition.name,
        "kind": bounce.kind,
        "status": bounce.status,
        "text": bounce.text,
        "at": bounce.at.isoformat(),
    }


@receiver(forgotten)
def forget(subscriber: int, address: str, **_: Any) -> None:
    """Take the address, and what stands before its `@`, out of servers' words about the person's deliveries."""
    for delivery in _deliveries(subscriber):
        for rows in (_results(delivery), _bounces(delivery)):
            for text in rows.exclude(text="").values_list("text", flat=True):
                rows.filter(text=text).update(text=nameless(text, address))


def _deliveries(subscriber: int) -> QuerySet[Delivery]:
    """Asked for with the editions' numbers, so that one index does it."""
    ties = dict(Subscription.objects.filter(subscriber=subscriber).values_list("pk", "newsletter"))
    editions = Edition.objects.filter(newsletter__in=ties.values(), began_at__isnull=False)
    began = list(editions.values_list("pk", flat=True))
    return Delivery.objects.filter(edition__in=began, subscription__in=list(ties))


def _results(delivery: Delivery) -> QuerySet[Result]:
    return Result.objects.filter(edition=delivery.edition_id, number=delivery.number)


def _bounces(delivery: Delivery) -> QuerySet[Bounce]:
    return Bounce.objects.filter(edition=delivery.edition_id, number=delivery.number)
