"""Deletes the sets of posts that no subscription and no base refers to any more.

A set stays for good if anybody has it, and each edition leaves those behind that have grown since.
"""

from django.db import transaction

from newsletter.models import Numbering
from subscribers.models import Base, OfferedSet, Subscription, locked_bases


def remove() -> int:
    """Delete them; return how many there were.

    Whoever stores a set for a subscription first locks the newsletter's bases, as the fixing of an audience does. So no
    set is deleted between its lookup and the moment when a subscription refers to it.
    """
    newsletters = OfferedSet.objects.order_by().values_list("newsletter", flat=True).distinct()
    return sum(_remove(newsletter) for newsletter in list(newsletters))


@transaction.atomic
def _remove(newsletter: str) -> int:
    Numbering.locked(newsletter)
    locked_bases(newsletter)
    own = Subscription.objects.filter(offered__isnull=False).order_by().values("offered").distinct()
    unused = OfferedSet.objects.filter(newsletter=newsletter).exclude(pk__in=own)
    return unused.exclude(pk__in=Base.objects.values("offered")).delete()[0]
