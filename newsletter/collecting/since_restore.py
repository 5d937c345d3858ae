"""Posts that are found after a database was restored without its recovery log, and may have been sent before."""

from collections.abc import Iterable

from newsletter.messages import posts as messages
from newsletter.models import Numbering, Post, Source
from newsletter.models.source import PUSHED


def hold_back(source: Source, posts: Iterable[Post]) -> None:
    """Refuse new posts that are from before the restore until a person decides; `source` is as it was before they were
    found.

    Those without a date are if the first reading since has them.
    """
    numbering = Numbering.objects.filter(newsletter=source.newsletter, restored_at__isnull=False).first()
    if numbering is None or numbering.restored_at is None:
        return
    read_since = source.read_at is not None and source.read_at >= numbering.restored_at
    is_first = not read_since and source.url != PUSHED
    for post in posts:
        if post.published < numbering.restored_at if post.published else is_first:
            post.refusal = messages.MAY_HAVE_GONE()
