"""Tell webhooks of events: signed, over guarded connections, and again later if it fails."""

import json
from datetime import datetime, timedelta

from django.utils.translation import gettext_noop

from newsletter.config import Config
from newsletter.events import signed_post
from newsletter.events.documents import documents
from newsletter.events.record import WEBHOOK, deliveries
from newsletter.later import InVain, NotNow, give_up, later
from newsletter.messages.delivery import ALERT_ANSWERED
from newsletter.messages.general import TEXT
from newsletter.models import EventWebhook, LaterWork, RecordedEvent

SECONDS = 15.0
PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400))
"""The pauses between attempts, as Standard Webhooks proposes them; after the last one it has failed."""
GONE = 410


@later(WEBHOOK, gettext_noop("Event for a webhook"), pauses=PAUSES, queue="webhooks", listed=True)
def tell(configuration: Config, work: LaterWork, now: datetime) -> None:
    """Post an event to a webhook; the receiver knows it by its id if it comes again."""
    webhook = EventWebhook.objects.filter(pk=work.payload["webhook"]).first()
    event = RecordedEvent.objects.filter(key=work.payload["event"]).first()
    if webhook is None or event is None:
        return  # it was removed meanwhile
    body = json.dumps(documents([event])[0], ensure_ascii=False).encode()
    name = f"msg_{event.key}"
    status, problem = signed_post.send(
        configuration, webhook.url, body, secret=webhook.secret, name=name, seconds=SECONDS
    )
    work.payload["status"] = status
    if status is None:
        raise NotNow(TEXT(words=problem))
    if status == GONE:
        EventWebhook.objects.filter(pk=webhook.pk, stopped_at=None).update(stopped_at=now)
        gone = ALERT_ANSWERED(status=str(status))
        give_up(deliveries(webhook).exclude(pk=work.pk), now, gone)
        raise InVain(gone)
    if not 200 <= status < 300:
        raise NotNow(ALERT_ANSWERED(status=str(status)))
