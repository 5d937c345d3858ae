"""Coalesced ranges, for querying many numbers of an audience at once."""

from collections.abc import Collection, Iterator

GAP = 20
"""If fewer numbers than this are missing between two, one range is cheaper than two."""


def coalesced_ranges(numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges, first and last included, that contain all of these numbers, and others if they are close together.

    A range costs a fraction of a list of hundreds. The caller ignores numbers that it did not ask for.
    """
    ordered = iter(sorted(numbers))
    first = last = next(ordered, None)
    if first is None or last is None:
        return
    for number in ordered:
        if number - last > GAP:
            yield first, last
            first = number
        last = number
    yield first, last
