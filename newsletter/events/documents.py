"""Events as JSON documents. Addresses are looked up when a document is made, so that none is kept with an event."""

from collections.abc import Sequence
from typing import Any

from newsletter.models import RecordedEvent
from subscribers.models import Subscription
from subscribers.personal_fields import own_values


def documents(events: Sequence[RecordedEvent], *, with_addresses: bool = True) -> list[dict[str, Any]]:
    """Return what webhooks and the API say of events.

    Of a person who was erased since, only the number is left.
    """
    numbers = {event.subscription for event in events if event.subscription is not None}
    subscriptions = Subscription.objects.select_related("subscriber").filter(pk__in=numbers)
    by_number = {subscription.pk: subscription for subscription in subscriptions}
    return [_document(event, by_number.get(event.subscription or 0), with_addresses=with_addresses) for event in events]


def _document(event: RecordedEvent, subscription: Subscription | None, *, with_addresses: bool) -> dict[str, Any]:
    data: dict[str, Any] = {"newsletter": event.newsletter, **event.data}
    if event.edition:
        data["edition"] = event.edition
    if event.subscription is not None:
        data["subscriber"] = event.subscription
        data["address"] = subscription.subscriber.address if subscription and with_addresses else None
        data["fields"] = own_values(subscription.subscriber) if subscription and with_addresses else {}
        data["state"] = subscription.state if subscription else None
        data["tags"] = list(subscription.tags) if subscription else []
    return {"id": event.key, "type": event.kind, "timestamp": event.at.isoformat(), "data": data}
