"""Posts that another program pushes, instead of being collected from a source.

They are in the ledger like all others, listed by a source that is never read, and so follow the same rules.
"""

from datetime import UTC, datetime

from django.db import transaction

from newsletter import config
from newsletter.collecting import ledger
from newsletter.domain.found_post import FoundPost
from newsletter.feeds import SourceReading
from newsletter.models import Post, Source
from newsletter.models.source import PUSHED

_BEGINNING = datetime(1900, 1, 1, tzinfo=UTC)


@transaction.atomic
def push(newsletter: str, post: FoundPost, now: datetime) -> tuple[Post, bool]:
    """Store a post, or its new content if it is known; return it, and whether it is new.

    No pushed post counts as older than the source, whenever it was published.
    """
    source, _ = Source.objects.get_or_create(
        newsletter=newsletter,
        url=PUSHED,
        defaults={"first_read_at": _BEGINNING, "first_reached_back_to": _BEGINNING, "read_at": now},
    )
    stored = ledger.store(source, config.SourceSettings(url=PUSHED), SourceReading(kind=PUSHED, posts=(post,)), now)
    return source.listings.select_related("post").get(uid=post.uid).post, stored.new > 0
