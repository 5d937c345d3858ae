"""The recipients of an edition, and the subscribers who are left out, with the reasons."""

from hashlib import sha256

from django.core.cache import cache
from django.utils import timezone
from django.utils.translation import gettext as _

from newsletter.config import Newsletter
from newsletter.models import Edition
from newsletter.sending import audience
from subscribers.models import Subscription

KEPT_SECONDS = 30


def count(newsletter: Newsletter, edition: Edition) -> int:
    """Return how many would receive an edition now; queried at most twice a minute."""
    key = f"audience-{newsletter.name}-{edition.corrects_id or ''}-{cache.get(f'audience-{newsletter.name}', 0)}"
    key += f"-{edition.cadence}-{edition.standalone}"
    key += f"-{sha256(edition.segment_where.encode()).hexdigest()[:16]}"
    number = cache.get(key)
    if number is None:
        number = audience.receiving(newsletter.at(edition.cadence), edition, timezone.now()).count()
        cache.set(key, number, KEPT_SECONDS)
    return int(number)


def excluded(edition: Edition, newsletter: Newsletter) -> list[tuple[str, int]]:
    """Return the numbers of readers who would be left out, by reason, each counted once; none once sending has
    begun.
    """
    if edition.audience is not None:
        return []
    reasons = {
        "pending": _("not confirmed yet"),
        "unsubscribed": _("unsubscribed"),
        "paused": _("paused their subscription"),
        "suppressed": _("blocked"),
        "filter": _("outside the newsletter’s filter"),
        "segment": _("outside the segment “%(name)s”") % {"name": edition.segment},
    }
    numbers = Subscription.objects.excluded(newsletter, timezone.now())
    if edition.segment_where:
        numbers["segment"] = count(newsletter, Edition(corrects_id=edition.corrects_id)) - count(newsletter, edition)
    return [(reasons.get(key, key), number) for key, number in numbers.items() if number]
