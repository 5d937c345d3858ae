"""The order of an edition's posts: by day as configured, pinned first, with editors' moves."""

from datetime import date, datetime

from newsletter import config
from newsletter.messages import posts as messages
from newsletter.models import Edition, EditionPost


def day_of(entry: EditionPost, newsletter: config.Newsletter) -> date:
    """Return a post's local day: an editor's choice, else that of its date, else that of its discovery."""
    return entry.moved_to or _dated(entry).astimezone(newsletter.zone).date()


def arrange(edition: Edition, newsletter: config.Newsletter) -> None:
    """Assign numbers to the entries in reading order, and reduce those over `maximum_posts` to headlines."""
    entries = list(edition.entries.select_related("post"))
    included = sorted((e for e in entries if e.included), key=lambda e: _place(e, newsletter))
    allowed = _in_full(included, newsletter.maximum_posts)
    changed: list[EditionPost] = []
    for position, entry in enumerate(included + [e for e in entries if not e.included]):
        stored = (entry.position, entry.headline_only, entry.reason)
        entry.position = position
        entry.headline_only = entry.included and entry.post_id not in allowed
        by_date = messages.IN_THE_PERIOD() if _dated(entry) >= edition.since else messages.LATE()
        if entry.headline_only and entry.reason == by_date:
            entry.reason = messages.OVER_THE_MAXIMUM()
        elif not entry.headline_only and messages.OVER_THE_MAXIMUM.matches(entry.reason):
            entry.reason = by_date
        if stored != (entry.position, entry.headline_only, entry.reason):
            changed.append(entry)
    EditionPost.objects.bulk_update(changed, ["position", "headline_only", "reason"])


def arranged(entries: list[EditionPost], newsletter: config.Newsletter) -> tuple[EditionPost, ...]:
    """Return unsaved entries in reading order, those over `maximum_posts` as headlines."""
    entries = sorted(entries, key=lambda e: _place(e, newsletter))
    allowed = _in_full(entries, newsletter.maximum_posts)
    for entry in entries:
        entry.headline_only = entry.post_id not in allowed
    return tuple(entries)


def _in_full(entries: list[EditionPost], maximum: int) -> set[int]:
    """Return the posts shown in full: those that editors pinned or included first, then in reading order."""
    preferred = sorted(entries, key=lambda e: not (e.pinned or e.choice))
    return {e.post_id for e in preferred[:maximum]}


def _place(entry: EditionPost, newsletter: config.Newsletter) -> tuple[int, bool, bool, float, float, int]:
    """Return the sort key: day, pinned, posts not moved by editors, editors' order, primary key."""
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
