"""In which order an edition's posts are read: by day as configured, pinned first, editors' moves kept."""

from datetime import date, datetime

from newsletter import config
from newsletter.jobs.selection import IN_THE_WINDOW, LATE, OVER_THE_MAXIMUM
from newsletter.models import Edition, EditionPost


def day_of(entry: EditionPost, newsletter: config.Newsletter) -> date:
    """The local day under which a post stands: an editor's, else that of its date, else that of its first sight."""
    return entry.moved_to or _dated(entry).astimezone(newsletter.zone).date()


def arrange(edition: Edition, newsletter: config.Newsletter) -> None:
    """Number the entries in reading order, and make those over `maximum_posts` headlines."""
    entries = list(edition.entries.select_related("post"))
    inside = sorted((e for e in entries if e.included), key=lambda e: _place(e, newsletter))
    allowed = _in_full(inside, newsletter.maximum_posts)
    for position, entry in enumerate(inside + [e for e in entries if not e.included]):
        entry.position = position
        entry.headline_only = entry.included and entry.post_id not in allowed
        if entry.headline_only and entry.reason in (IN_THE_WINDOW, LATE):
            entry.reason = OVER_THE_MAXIMUM
        elif not entry.headline_only and entry.reason == OVER_THE_MAXIMUM:
            entry.reason = IN_THE_WINDOW if _dated(entry) >= edition.since else LATE
    EditionPost.objects.bulk_update(entries, ["position", "headline_only", "reason"])


def _in_full(inside: list[EditionPost], maximum: int) -> set[int]:
    """The posts that are more than a headline: what editors pinned or included first, then in reading order."""
    wanted = sorted(inside, key=lambda e: not (e.pinned or e.choice))
    return {e.post_id for e in wanted[:maximum]}


def _place(entry: EditionPost, newsletter: config.Newsletter) -> tuple[int, bool, bool, float, float, int]:
    """Day, pinned first, then what no editor has placed, then the editors' own order; ties by the ledger's number."""
    sign = -1 if newsletter.order == "newest" else 1
    return (
        sign * day_of(entry, newsletter).toordinal(),
        not entry.pinned,
        entry.moved_rank is not None,
        entry.moved_rank or 0.0,
        sign * _dated(entry).timestamp(),
        sign * entry.post_id,
    )


def _dated(entry: EditionPost) -> datetime:
    return entry.post.published or entry.post.first_seen
