"""Change several posts of a draft at once: one revision, one line of the audit log, all of them or none."""

from collections.abc import Collection
from datetime import date, datetime

from newsletter.config import Config
from newsletter.editions.editing import adder, changing, entry_of, move, remove
from newsletter.editions.problems import Impossible
from newsletter.editions.selection import ordering
from newsletter.messages import acts, editions as messages
from newsletter.models import Edition, EditorChoice


def choose_several(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    posts: Collection[int],
    choice: EditorChoice,
    now: datetime | None = None,
) -> Edition:
    """Add several posts, or remove them, as one change."""
    adds = choice == EditorChoice.IN
    what, act = (acts.POSTS_ADDED, adder(configuration)) if adds else (acts.POSTS_REMOVED, remove)
    _check_chosen(posts)
    with changing(configuration, edition, by, revision, what(count=len(posts)), now) as draft:
        for post in posts:
            entry = entry_of(draft, post)
            act(entry)
            entry.save()
    return draft


def move_several(
    configuration: Config,
    edition: Edition,
    by: str,
    revision: int | None,
    posts: Collection[int],
    day: date,
    now: datetime | None = None,
) -> Edition:
    """Move several posts to the end of a day as one change, in the order that they have."""
    newsletter = configuration.edited(edition)
    _check_chosen(posts)
    with changing(configuration, edition, by, revision, acts.POSTS_MOVED(count=len(posts)), now) as draft:
        entries = list(draft.entries.filter(included=True).select_related("post"))
        there = [e for e in entries if e.post_id not in posts and ordering.day_of(e, newsletter) == day]
        places = {e.post_id: e.position for e in entries}  # those that are not included come last
        moved = [entry_of(draft, post) for post in sorted(posts, key=lambda post: places.get(post, len(places) + 1))]
        for rank, entry in enumerate(there + moved):
            entry.moved_rank = float(rank)
            if entry in moved:
                entry.moved_to = day
            entry.save()
    return draft


def move_to_day(
    configuration: Config, edition: Edition, by: str, revision: int | None, post: int, day: date
) -> Edition:
    """Move a post to the end of a day; nothing is changed if it is on that day already."""
    newsletter = configuration.edited(edition)
    same_day = [
        e.post_id
        for e in edition.entries.filter(included=True).select_related("post")
        if ordering.day_of(e, newsletter) == day
    ]
    if post in same_day:
        return edition
    return move(configuration, edition, by, revision, post, day, len(same_day))


def _check_chosen(posts: Collection[int]) -> None:
    if not posts:
        raise Impossible(messages.NO_POSTS_CHOSEN())
