"""Posts that were sent with another tool: their addresses are in its issues, which were imported.

Nobody gets them here, whatever their cadence, as what is older than the newsletter. An editor can include them by name.
"""

from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce

from newsletter.messages import posts as messages
from newsletter.models import Edition, EditionPost, ImportedLink, Post


def refuse(posts: QuerySet[Post]) -> int:
    """Refuse those of the posts that imported editions have, and none here that began to be sent; return how many.

    What an approved edition has goes with it all the same, but no longer if it is reopened or cancelled. The caller
    holds the newsletter's lock.
    """
    editions = Edition.objects.filter(began_at__isnull=False, corrects=None, welcome=None)
    for_all = editions.exclude(~Q(segment_where=""), standalone=True)
    here = EditionPost.objects.filter(post=OuterRef("pk"), included=True, edition__in=for_all)
    sent = _with_link(posts.filter(refusal__isnull=True)).exclude(Exists(here))
    return sent.update(refusal=messages.SENT_ELSEWHERE())


def release(newsletter: str, oldest: datetime) -> int:
    """Take back the refusals for which no imported edition is left; return how many.

    Posts that are dated before `oldest` are too late by now. What a cadence has behind it stays as it was judged. The
    caller holds the newsletter's lock.
    """
    refused = Post.objects.filter(newsletter=newsletter, refusal__code=messages.SENT_ELSEWHERE.code)
    still = list(_with_link(refused).values_list("pk", flat=True))
    free = refused.exclude(pk__in=still).annotate(dated=Coalesce("published", "first_seen"))
    return free.filter(dated__lt=oldest).update(refusal=messages.TOO_LATE()) + free.update(refusal=None)


def _with_link(posts: QuerySet[Post]) -> QuerySet[Post]:
    links = ImportedLink.objects.filter(
        newsletter=OuterRef("newsletter"), link_key=OuterRef("link_key"), until__gte=OuterRef("dated")
    )
    return posts.annotate(dated=Coalesce("published", "first_seen")).filter(Exists(links))
