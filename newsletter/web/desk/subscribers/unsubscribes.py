"""How many readers unsubscribed after each edition."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import Count, Q

from newsletter.models import Edition
from subscribers.models import Subscription


def unsubscribed(editions: Sequence[Edition]) -> dict[int, int]:
    """Return how many left between each edition's first mail and the next one's, or a week after; in one look."""
    begun = [(edition.pk, edition.began_at) for edition in editions if edition.began_at]
    if not begun:
        return {}
    newsletter, earliest = editions[0].newsletter, min(began for _pk, began in begun)
    later = Edition.objects.filter(newsletter=newsletter, began_at__gt=earliest, welcome=None).order_by("began_at")
    starts = [at for at in later.values_list("began_at", flat=True) if at]
    within = {
        f"e{pk}": Count("pk", filter=Q(unsubscribed_at__gte=began, unsubscribed_at__lt=_next(began, starts)))
        for pk, began in begun
    }
    counts = Subscription.objects.filter(newsletter=newsletter, unsubscribed_at__gte=earliest).aggregate(**within)
    return {int(key[1:]): count for key, count in counts.items()}


def _next(began: datetime, starts: Sequence[datetime]) -> datetime:
    return next((at for at in starts if at > began), began + timedelta(days=7))
