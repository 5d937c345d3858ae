"""Sets of ordinals as sorted ranges, written like the sequence sets of IMAP (RFC 9051, section 9): `1:40,42`.

The ordinals of a newsletter's posts begin at 1 and are never used again. Sets of what people were offered have few
gaps, so that ranges are much shorter than lists.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter


@dataclass(frozen=True, slots=True)
class Ordinals:
    """An immutable set of positive integers: ranges, first and last included, that neither touch nor overlap."""

    ranges: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, numbers: Iterable[int]) -> "Ordinals":
        """Return the set of these numbers."""
        return cls(_joined((number, number) for number in numbers))

    @classmethod
    def parse(cls, text: str) -> "Ordinals":
        """Read what `str` writes; raises ValueError for anything else."""
        return _parsed(text)

    def __str__(self) -> str:
        return ",".join(str(first) if first == last else f"{first}:{last}" for first, last in self.ranges)

    def __bool__(self) -> bool:
        return bool(self.ranges)

    def __len__(self) -> int:
        return sum(last - first + 1 for first, last in self.ranges)

    def __iter__(self) -> Iterator[int]:
        for first, last in self.ranges:
            yield from range(first, last + 1)

    def __contains__(self, number: int) -> bool:
        index = bisect_left(self.ranges, number, key=itemgetter(1))
        return index < len(self.ranges) and self.ranges[index][0] <= number

    @property
    def first_missing(self) -> int:
        """The smallest ordinal that is not in the set."""
        return self.ranges[0][1] + 1 if 1 in self else 1

    def __or__(self, other: "Ordinals") -> "Ordinals":
        if not other.ranges or self.ranges == other.ranges:
            return self
        return Ordinals(_joined((*self.ranges, *other.ranges)))

    def moved_by(self, distance: int) -> "Ordinals":
        """Return the set of these numbers plus a distance."""
        return Ordinals(tuple((first + distance, last + distance) for first, last in self.ranges))

    def __sub__(self, other: "Ordinals") -> "Ordinals":
        return Ordinals(tuple(_differences(self.ranges, other.ranges)))


def _joined(ranges: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    joined: list[tuple[int, int]] = []
    for first, last in sorted(ranges):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
        else:
            joined.append((first, last))
    return tuple(joined)


def _differences(ranges: Iterable[tuple[int, int]], removed: tuple[tuple[int, int], ...]) -> Iterator[tuple[int, int]]:
    place = 0
    for first, last in ranges:
        start = first
        while place < len(removed) and removed[place][1] < start:
            place += 1
        next_place = place
        while next_place < len(removed) and removed[next_place][0] <= last:
            if removed[next_place][0] > start:
                yield start, removed[next_place][0] - 1
            start = max(start, removed[next_place][1] + 1)
            next_place += 1
        if start <= last:
            yield start, last


@lru_cache(maxsize=1_000)
def _parsed(text: str) -> Ordinals:
    ranges = []
    for part in text.split(",") if text else ():
        first, colon, last = part.partition(":")
        ranges.append((int(first), int(last) if colon else int(first)))
    parsed = Ordinals(_joined(ranges))
    if str(parsed) != text or any(not 0 < first <= last for first, last in ranges):
        raise ValueError(f"not a set of ordinals: {text!r}")
    return parsed
