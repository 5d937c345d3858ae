"""What readers pick from the topics of a newsletter. Pure functions.

Picks are stored as text: the names of topics, sorted and separated by commas. Nothing picked means all posts, also
those without a topic. A topic that is no longer configured is ignored, and counts again if it comes back.
"""

from collections.abc import Collection, Iterable

ALL = ""
"""The picks of a reader who wants all posts."""


def picks_of(names: Iterable[str]) -> str:
    """Return names of topics as they are stored."""
    return ",".join(sorted({name for name in names if name}))


def names_in(picks: str) -> tuple[str, ...]:
    """Return the names in stored picks."""
    return tuple(name for name in picks.split(",") if name)


def in_force(picks: str, configured: Collection[str]) -> str:
    """Return the picks without topics that are not configured; ALL if none is left."""
    return picks_of(name for name in names_in(picks) if name in configured)


def wants(picks: str, topics: Collection[str]) -> bool:
    """Return whether a reader with these picks, some of them configured, wants a post that is in these topics."""
    return not picks or any(name in topics for name in names_in(picks))
