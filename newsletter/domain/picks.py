"""What subscribers pick from the topics of a newsletter. Pure functions.

Picks are stored as text: the names of topics, sorted and separated by commas. Nothing picked means all posts, also
those without a topic. A topic that is no longer configured is ignored, and counts again if it comes back.
"""

from collections.abc import Collection, Iterable

ALL = ""
"""The picks of a subscriber who wants all posts."""


def picks_of(names: Iterable[str]) -> str:
    """Return names of topics as they are stored."""
    return ",".join(sorted({name for name in names if name}))


def names_in(picks: str) -> tuple[str, ...]:
    """Return the names in stored picks."""
    return tuple(name for name in picks.split(",") if name)


def in_force(picks: str, configured: Collection[str]) -> str:
    """Return the picks without topics that are not configured; ALL if none is left."""
    return picks_of(name for name in names_in(picks) if name in configured)


def picked(before: str, names: Iterable[str], offered: Collection[str]) -> str:
    """Return the picks of a subscriber who has picked these names from the topics that a form offered.

    Those that it didn't offer, because they are not configured at the moment, stay as they were. A subscriber who takes
    back all that it offered wants all posts.
    """
    chosen = {name for name in names if name in offered}
    if chosen == {name for name in names_in(before) if name in offered}:
        return before
    return picks_of([*chosen, *(name for name in names_in(before) if name not in offered)]) if chosen else ALL


def wants(picks: str, topics: Collection[str]) -> bool:
    """Return whether a subscriber with these picks, some of them configured, wants a post that is in these topics."""
    return not picks or any(name in topics for name in names_in(picks))
