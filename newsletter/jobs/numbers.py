"""Asking the database about many numbers of an audience at once."""

from collections.abc import Collection, Iterator

GAP = 20
"""Where fewer numbers than these lie between two that are asked for, one question is cheaper than two."""


def spans(numbers: Collection[int]) -> Iterator[tuple[int, int]]:
    """The ranges that hold all of these numbers, first and last included; others, too, where they lie close together.

    A range costs a fraction of a list of hundreds. Whoever asks leaves out what they did not ask for.
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
