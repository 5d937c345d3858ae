"""Sets of ordinals behave as sets do, and read what they write."""

from itertools import pairwise

import pytest
from hypothesis import given, strategies as st

from newsletter.domain.ordinals import Ordinals

numbers = st.sets(st.integers(min_value=1, max_value=60))


@given(numbers, numbers)
def test_union_and_difference_are_those_of_sets(first: set[int], second: set[int]) -> None:
    one, other = Ordinals.of(first), Ordinals.of(second)
    assert set(one | other) == first | second
    assert set(one - other) == first - second
    assert (one | other) == Ordinals.of(first | second)
    assert (one - other) == Ordinals.of(first - second)


@given(numbers)
def test_members_size_and_order_are_those_of_sets(given_numbers: set[int]) -> None:
    found = Ordinals.of(given_numbers)
    assert list(found) == sorted(given_numbers)
    assert len(found) == len(given_numbers)
    assert bool(found) == bool(given_numbers)
    assert found.first_missing == min(set(range(1, 62)) - given_numbers)
    assert [number in found for number in range(62)] == [number in given_numbers for number in range(62)]


@given(numbers)
def test_ranges_neither_touch_nor_overlap(given_numbers: set[int]) -> None:
    ranges = Ordinals.of(given_numbers).ranges
    assert all(first <= last for first, last in ranges)
    assert all(last + 1 < first for (_first, last), (first, _last) in pairwise(ranges))


@given(numbers)
def test_what_is_written_is_read_again(given_numbers: set[int]) -> None:
    found = Ordinals.of(given_numbers)
    assert Ordinals.parse(str(found)) == found


def test_ranges_are_written_as_in_imap() -> None:
    assert str(Ordinals.of([7, 1, 2, 3, 9])) == "1:3,7,9"
    assert str(Ordinals()) == ""


@pytest.mark.parametrize("text", ["0", "2:1", "1,2", "1:3,2", "a", "1:", ",", " 1", "01", "-1"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a set|invalid literal"):
        Ordinals.parse(text)
