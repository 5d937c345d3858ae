"""How many messages a new sending address may still send today."""

from datetime import UTC

from django.db.models import F, Min, Sum

from newsletter.config import WarmUp
from newsletter.delivery.pace import warm_up_limit
from newsletter.models import Chunk, Retry, Tally
from newsletter.sending.sql import database


def remaining_today(plan: WarmUp) -> int | None:
    """Return how many messages may still be claimed on this day (UTC); None for no limit.

    The first day is that of the first message ever sent; all newsletters share the plan.
    """
    if not plan.first_day:
        return None
    now = database.now()
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    first_sent = Tally.objects.aggregate(first=Min("at"))["first"] or now
    limit = warm_up_limit(plan, (today.date() - first_sent.astimezone(UTC).date()).days)
    tried = Tally.objects.filter(at__gte=today).aggregate(accepted=Sum("accepted", default=0))["accepted"]
    return None if limit is None else max(0, limit - tried - _claimed_without_outcome())


def _claimed_without_outcome() -> int:
    """Return how many numbers are claimed and have no outcome yet, at most."""
    chunks = Chunk.objects.filter(closed_at=None)
    numbers = chunks.aggregate(numbers=Sum(F("last") - F("first") + 1, default=0))["numbers"]
    return int(numbers) + Retry.objects.filter(chunk__in=chunks).count()
