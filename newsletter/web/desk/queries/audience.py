"""Who would get an edition, and who not, with the reasons."""

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.models import Edition
from subscribers.models import Subscription

KEPT_SECONDS = 30


def count(newsletter: Newsletter) -> int:
    """How many would get an edition now; asked of the database at most twice a minute."""
    key = f"audience-{newsletter.name}"
    found = cache.get(key)
    if found is None:
        found = Subscription.objects.receiving(newsletter.name, timezone.now(), newsletter.where).count()
        cache.set(key, found, KEPT_SECONDS)
    return int(found)


def excluded(edition: Edition, newsletter: Newsletter) -> list[tuple[str, int]]:
    """How many would get nothing, by reason, nobody twice: for the moment before sending; nobody once it has begun."""
    if edition.audience is not None:
        return []
    reasons = {
        "pending": _("have not confirmed yet"),
        "unsubscribed": _("have unsubscribed"),
        "paused": _("take a break"),
        "suppressed": _("are suppressed"),
        "filter": _("are not picked by the newsletter's filter"),
    }
    found = Subscription.objects.excluded(newsletter.name, timezone.now(), newsletter.where)
    return [(reasons.get(key, key), number) for key, number in found.items() if number]
