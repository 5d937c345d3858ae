"""Add and remove the webhooks that are told of events."""

from collections.abc import Iterable
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from newsletter.config import Config
from newsletter.events.record import EventKind, deliveries
from newsletter.events.signed_post import new_secret
from newsletter.messages import Problem, acts, editions as editions_messages
from newsletter.models import Act, EventWebhook

LONGEST = 2_000


class WebhookProblem(Problem):
    """The webhook can't be added."""


@transaction.atomic
def add(
    configuration: Config, url: str, kinds: Iterable[EventKind], newsletters: Iterable[str], *, by: str, now: datetime
) -> EventWebhook:
    """Add a webhook for these kinds and newsletters, none meaning all. Raises WebhookProblem.

    Its address is only checked for its form here: what it leads to is looked at with each connection.
    """
    address = url.strip()
    if not _is_web_address(address):
        raise WebhookProblem(editions_messages.NOT_A_WEB_ADDRESS())
    row = EventWebhook.objects.create(
        url=address,
        secret=new_secret(),
        kinds=[kind.value for kind in kinds],
        newsletters=[name for name in newsletters if name in configuration.newsletters],
        created_at=now,
        created_by=by,
    )
    Act.objects.log(by, acts.WEBHOOK_ADDED(), _about(row), now=now)
    return row


@transaction.atomic
def remove(row: EventWebhook, *, by: str, now: datetime) -> None:
    """Remove a webhook, with its log."""
    Act.objects.log(by, acts.WEBHOOK_REMOVED(), _about(row), now=now)
    deliveries(row).delete()
    row.delete()


def _about(row: EventWebhook) -> str:
    return f"{row}: {urlsplit(row.url).hostname}"[:254]


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return len(text) <= LONGEST and parts.scheme in ("http", "https") and bool(parts.hostname) and " " not in text
    except ValueError:
        return False
