"""Ranges that hold many numbers."""

from itertools import pairwise

from hypothesis import given, strategies as st

from newsletter.sending.sql.precompiled import GAP, coalesced_ranges


@given(st.sets(st.integers(1, 1000)))
def test_each_number_is_in_one_range_and_wide_gaps_in_none(numbers: set[int]) -> None:
    found = list(coalesced_ranges(numbers))
    within = [set(range(first, last + 1)) for first, last in found]
    assert all(sum(number in part for part in within) == 1 for number in numbers)
    assert all({first, last} <= numbers for first, last in found)
    assert all(after - before > GAP for (_, before), (after, _) in pairwise(found))
    assert all(len(part) <= (GAP + 1) * len(part & numbers) for part in within)


def test_a_chunk_is_one_range_and_nothing_none() -> None:
    assert list(coalesced_ranges(range(501, 1001))) == [(501, 1000)]
    assert list(coalesced_ranges(())) == []
