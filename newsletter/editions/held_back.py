"""Posts that may have been sent after the backup from which a database was restored without its recovery log.

Nobody gets them until a person has decided: they were sent, or they go with the next edition. An editor can also
include them by name. Those that the database knew are held back when it is restored, others when they are found
(`newsletter/collecting/since_restore.py`).
"""

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce

from newsletter import config
from newsletter.domain.offers import not_due
from newsletter.editions.offers import bases
from newsletter.editions.offers.candidate_posts import settled_of
from newsletter.editions.offers.groups import base_of, groups_of
from newsletter.editions.redeciding import decide_drafts_again
from newsletter.messages import acts, posts as messages
from newsletter.models import Act, Edition, Numbering, Post
from subscribers.models import Subscription

AT_ONCE = 500


def hold_back(newsletter: config.Newsletter, now: datetime) -> None:
    """Hold back what subscribers lack in the database that is restored at `now`, in the caller's transaction."""
    bases.update(newsletter, now)
    Numbering.objects.filter(newsletter=newsletter.name).update(restored_at=now)
    posts = Post.objects.filter(newsletter=newsletter.name, refusal__isnull=True, gone_at=None)
    there = posts.annotate(dated=Coalesce(F("published"), F("first_seen"))).filter(dated__lte=now)
    settled = settled_of(Edition(newsletter=newsletter.name), newsletter)
    out = {key for key, decided in settled.items() if not decided.included}
    ordinals = [ordinal for key, ordinal in there.values_list("pk", "ordinal") if key not in out]
    lacked = _lacked(newsletter, ordinals)
    for start in range(0, len(lacked), AT_ONCE):
        posts.filter(ordinal__in=lacked[start : start + AT_ONCE]).update(refusal=messages.MAY_HAVE_GONE())


def _lacked(newsletter: config.Newsletter, ordinals: Iterable[int]) -> list[int]:
    """Return the posts that a subscriber or newcomer lacks in any cadence, whatever is approved."""
    active = Subscription.objects.filter(newsletter=newsletter.name, state=Subscription.State.ACTIVE)
    sets = set()
    for each in map(newsletter.at, newsletter.offered):
        base = base_of(each)
        groups = groups_of(active.in_cadence(each), each, Edition(newsletter=newsletter.name), base)
        sets |= {not_due(had) for had in (base, *(group.had for group in groups))}
    return [ordinal for ordinal in ordinals if any(ordinal not in had for had in sets)]


def held_back(*newsletters: str) -> QuerySet[Post]:
    """Return the posts of newsletters that wait for a decision, the newest first."""
    restored = Numbering.objects.filter(newsletter__in=newsletters, restored_at__isnull=False)
    posts = Post.objects.filter(newsletter__in=restored.values("newsletter"), refusal__code=messages.MAY_HAVE_GONE.code)
    return posts.order_by(Coalesce(F("published"), F("first_seen")).desc(), "-pk")


def settle(newsletter: config.Newsletter, *, were_sent: bool, by: str, now: datetime) -> int:
    """Leave out the posts that are held back, since they were sent, or let them go with the next edition; return how
    many.
    """
    what = acts.HELD_BACK_WERE_SENT if were_sent else acts.HELD_BACK_GO
    with transaction.atomic():
        Numbering.locked(newsletter.name)
        refusal = messages.SENT_BEFORE_RESTORE() if were_sent else None
        count = held_back(newsletter.name).order_by().update(refusal=refusal)
        if count:
            Act.objects.log(by, what(count=count), newsletter.name, now=now)
    if count:
        decide_drafts_again(newsletter, what(count=count), now)
    return count
