"""Who would get an edition, and who not, with the reasons."""

from dataclasses import dataclass

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.models import Edition
from subscribers.models import Subscription

KEPT_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Audience:
    """How many get it, and how many do not, by reason; nobody is in two of them."""

    receiving: int
    excluded: tuple[tuple[str, int], ...]


def count(newsletter: Newsletter) -> int:
    """How many would get an edition now; asked of the database at most twice a minute."""
    key = f"audience-{newsletter.name}"
    found = cache.get(key)
    if found is None:
        found = Subscription.objects.receiving(newsletter.name, timezone.now(), newsletter.where).count()
        cache.set(key, found, KEPT_SECONDS)
    return int(found)


def audience(edition: Edition, newsletter: Newsletter) -> Audience:
    """Counted now, for the moment before sending; that of an edition that has begun was frozen."""
    if edition.audience is not None:
        return Audience(edition.audience, ())
    now = timezone.now()
    reasons = {
        "pending": _("have not confirmed yet"),
        "unsubscribed": _("have unsubscribed"),
        "paused": _("take a break"),
        "suppressed": _("are suppressed"),
        "filter": _("are not picked by the newsletter's filter"),
    }
    found = Subscription.objects.excluded(newsletter.name, now, newsletter.where)
    excluded = tuple((reasons.get(key, key), number) for key, number in found.items() if number)
    receiving = Subscription.objects.receiving(newsletter.name, now, newsletter.where).count()
    return Audience(receiving, excluded)
