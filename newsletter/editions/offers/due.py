"""The posts that are due for those who were offered certain posts before."""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet

from newsletter.config import Newsletter
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers.bases import eligible_at
from newsletter.editions.selection.rules import SETTLED
from newsletter.editions.selection.series import holding, periodic
from newsletter.models import EditionPost, Listing, Post


def due(newsletter: Newsletter, had: Ordinals, now: datetime) -> QuerySet[Post]:
    """Return the posts that the next edition has for people who were offered `had`, whatever their topics."""
    posts = Post.objects.filter(Exists(Listing.objects.filter(post=OuterRef("pk"))), newsletter=newsletter.name)
    eligible = posts.filter(gone_at=None, ordinal__gte=had.first_missing).annotate(eligible=eligible_at())
    rows = eligible.filter(eligible__lte=now).values_list("pk", "ordinal")
    lacked = [key for key, ordinal in rows if ordinal not in had]
    if not lacked:
        return Post.objects.none()
    entries = EditionPost.objects.filter(post__in=lacked)
    included = entries.filter(edition__in=holding(newsletter.name), included=True).values("post_id")
    out = entries.filter(edition__in=periodic(newsletter.name), reason__code__in=SETTLED, included=False)
    posts = Post.objects.filter(Q(refusal__isnull=True) | Q(pk__in=included), pk__in=lacked)
    return posts.exclude(pk__in=out.exclude(post_id__in=included).values("post_id"))
