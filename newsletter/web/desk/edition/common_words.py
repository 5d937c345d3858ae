"""The words that two texts have in common, in bounded time: difflib takes minutes for a long letter, and hours for one
of few different words.
"""

from collections.abc import Iterator, Sequence
from itertools import takewhile

MOST_DIFFERENCES, MOST_STEPS = 1_000, 1_000_000

_MIDDLE = MOST_DIFFERENCES + 1
"""The index of diagonal 0 in a row of furthest points."""

Pair = tuple[int, int]


def common_words(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Return the positions of the words that both have, in the same order: a longest common subsequence.

    Of texts that differ too much, only their common beginning and end.
    """
    start = _equal(old, new)
    end = _equal(old[start:][::-1], new[start:][::-1])
    middle = _common(old[start : len(old) - end], new[start : len(new) - end])
    return [
        *((i, i) for i in range(start)),
        *((start + i, start + j) for i, j in middle),
        *((len(old) - i, len(new) - i) for i in range(end, 0, -1)),
    ]


def _equal(old: Sequence[str], new: Sequence[str]) -> int:
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))


def _common(old: Sequence[str], new: Sequence[str]) -> list[Pair]:
    """Return the common positions (E. Myers, An O(ND) Difference Algorithm, 1986, section 4)."""
    furthest = [0] * (2 * _MIDDLE + 1)
    rows: list[list[int]] = []
    steps = 0
    for differences in range(MOST_DIFFERENCES + 1):
        rows.append(furthest[_MIDDLE - differences - 1 : _MIDDLE + differences + 2])
        for diagonal in range(-differences, differences + 1, 2):
            at = _MIDDLE + diagonal
            x = furthest[at + 1] if _is_insertion(furthest, at, diagonal, differences) else furthest[at - 1] + 1
            first = x
            while x < len(old) and x - diagonal < len(new) and old[x] == new[x - diagonal]:
                x += 1
            furthest[at] = x
            steps += x - first
            if x >= len(old) and x - diagonal >= len(new):
                return list(_walked_back(rows, len(old), len(new)))[::-1]
        if steps > MOST_STEPS:
            break
    return []


def _is_insertion(row: Sequence[int], at: int, diagonal: int, differences: int) -> bool:
    return diagonal == -differences or (diagonal != differences and row[at - 1] < row[at + 1])


def _walked_back(rows: Sequence[Sequence[int]], x: int, y: int) -> Iterator[Pair]:
    """Yield the common positions on the way to a point, from its end; each row has the points before its round."""
    for differences in range(len(rows) - 1, 0, -1):
        row, diagonal = rows[differences], x - y
        at = diagonal + differences + 1
        step = 1 if _is_insertion(row, at, diagonal, differences) else -1
        before = row[at + step]
        while x > before and y > before - diagonal - step:
            x, y = x - 1, y - 1
            yield x, y
        x, y = before, before - diagonal - step
    while x > 0 and y > 0:
        x, y = x - 1, y - 1
        yield x, y
