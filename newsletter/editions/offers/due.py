"""The posts that are due for those who were offered certain posts before."""

from datetime import datetime

from django.db.models import QuerySet

from newsletter.config import Newsletter
from newsletter.domain.ordinals import Ordinals
from newsletter.editions.offers.bases import eligible_at
from newsletter.editions.selection.rules import SETTLED
from newsletter.editions.selection.series import holding, periodic
from newsletter.models import EditionPost, Post


def due(newsletter: Newsletter, had: Ordinals, now: datetime) -> QuerySet[Post]:
    """Return the posts that the next edition has for people who were offered `had`, whatever their topics."""
    included = EditionPost.objects.filter(edition__in=holding(newsletter.name), included=True).values("post_id")
    out = EditionPost.objects.filter(edition__in=periodic(newsletter.name), reason__code__in=SETTLED, included=False)
    posts = Post.objects.filter(newsletter=newsletter.name, gone_at=None, listings__isnull=False)
    posts = posts.filter(refusal__isnull=True) | posts.filter(pk__in=included)
    posts = posts.exclude(pk__in=out.exclude(post_id__in=included).values("post_id"))
    eligible = posts.annotate(eligible=eligible_at()).filter(eligible__lte=now)
    lacked = [key for key, ordinal in eligible.values_list("pk", "ordinal").distinct() if ordinal not in had]
    return Post.objects.filter(pk__in=lacked)
