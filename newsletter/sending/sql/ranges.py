"""Coalesced ranges, for querying many numbers of an audience at once."""

from collections.abc import Collection, Iterator

GAP = 20
"""If fewer numbers than this are missing between two, one range is cheaper than two."""


def coalesced_ranges(numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    """Yield ranges, first and last included, that contain all of these numbers, and others if they are close together.

    A range costs a fraction of a list of hundreds. The caller ignores numbers that it did not ask for.
    """
    if not numbers:
        return
    ordered = sorted(numbers)
    first = last = ordered[0]
    if ordered[-1] - first < len(ordered) + GAP:  # so few are missing in all
        yield first, ordered[-1]
        return
    for number in ordered[1:]:
        if number - last > GAP:
            yield first, last
            first = number
        last = number
    yield first, last
