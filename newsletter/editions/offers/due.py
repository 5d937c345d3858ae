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
    included = EditionPost.objects.filter(edition__in=holding(newsletter.name), included=True).values("post_id")
    out = EditionPost.objects.filter(edition__in=periodic(newsletter.name), reason__code__in=SETTLED, included=False)
    # A whole archive can be refused: its posts are left out by the database, and their keys in no statement.
    accepted = Post.objects.filter(Q(refusal__isnull=True) | Q(pk__in=included), newsletter=newsletter.name)
    accepted = accepted.exclude(pk__in=out.exclude(post_id__in=included).values("post_id"))
    listed = accepted.filter(Exists(Listing.objects.filter(post=OuterRef("pk"))), gone_at=None)
    eligible = listed.filter(ordinal__gte=had.first_missing).annotate(eligible=eligible_at())
    rows = eligible.filter(eligible__lte=now).values_list("pk", "ordinal")
    return Post.objects.filter(pk__in=[key for key, ordinal in rows if ordinal not in had])
