"""Tell webhooks of events: signed, over guarded connections, and again later if it fails.

Each webhook has a thread of its own, so that a slow one delays no other. A delivery is claimed before it is attempted,
so that two programs don't attempt it at once; if the program ends meanwhile, it is attempted again.
"""

import json
import logging
from dataclasses import replace
from datetime import datetime, timedelta

from django.utils import timezone

from newsletter import background
from newsletter.config import Config
from newsletter.events import signed_post
from newsletter.events.documents import documents
from newsletter.models import EventWebhook, WebhookDelivery, WebhookDeliveryState

log = logging.getLogger("newsletter.webhooks")

SECONDS = 15.0
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""The pauses between attempts, as Standard Webhooks proposes them; after the last one it has failed."""
CLAIM = timedelta(minutes=2)
AT_ONCE = 500
KEEP = timedelta(days=30)
"""How long events are kept, with their deliveries."""
GONE = 410


def hand_out(configuration: Config, now: datetime) -> None:
    """Start a task for each delivery that is due."""
    due = WebhookDelivery.objects.filter(state=WebhookDeliveryState.PENDING, due__lte=now).order_by("due")
    for pk, webhook in due.values_list("pk", "webhook")[:AT_ONCE]:
        background.enqueue(replace(DELIVER, lane=f"webhook {webhook}"), str(pk), delivery=str(pk))


def _deliver(configuration: Config, delivery: str) -> None:
    """Attempt one delivery, if it is due and nobody else attempts it."""
    now = timezone.now()
    pending = WebhookDelivery.objects.filter(pk=int(delivery), state=WebhookDeliveryState.PENDING, due__lte=now)
    row = pending.select_related("webhook", "event").first()
    if row is None:
        return
    claimed = pending.filter(attempts=row.attempts)
    if not claimed.update(due=now + CLAIM, attempts=row.attempts + 1, tried_at=now):
        return
    row.attempts += 1
    status, problem = _post(configuration, row)
    _conclude(row, status, problem, timezone.now())


DELIVER = background.Task("deliver-event", _deliver, lane="webhook", queue="webhooks", periodic=True)


def _post(configuration: Config, row: WebhookDelivery) -> tuple[int | None, str]:
    """Post the event, and return the status, or why there is none."""
    body = json.dumps(documents([row.event])[0], ensure_ascii=False).encode()
    name, secret = f"msg_{row.event.key}", row.webhook.secret
    return signed_post.send(configuration, row.webhook.url, body, secret=secret, name=name, seconds=SECONDS)


def _conclude(row: WebhookDelivery, status: int | None, problem: str, now: datetime) -> None:
    if status is not None and 200 <= status < 300:
        row.state = WebhookDeliveryState.DELIVERED
    elif status == GONE or row.attempts > len(PAUSES):
        row.state = WebhookDeliveryState.FAILED
        log.warning("%s: %s was not told of %s: %s", row.webhook, row.webhook.url, row.event, problem or status)
    else:
        row.due = now + PAUSES[row.attempts - 1]
    attempted = WebhookDelivery.objects.filter(pk=row.pk, attempts=row.attempts)  # none if it was replayed meanwhile
    attempted.update(status=status, problem=problem, state=row.state, due=row.due)
    if status == GONE:
        EventWebhook.objects.filter(pk=row.webhook_id, stopped_at=None).update(stopped_at=now)
        row.webhook.deliveries.filter(state=WebhookDeliveryState.PENDING).update(state=WebhookDeliveryState.FAILED)


def replay(delivery: WebhookDelivery, now: datetime) -> None:
    """Attempt a delivery again at once, whatever became of it; the receiver knows it by its id."""
    WebhookDelivery.objects.filter(pk=delivery.pk).update(
        state=WebhookDeliveryState.PENDING, due=now, attempts=0, status=None, problem=""
    )
