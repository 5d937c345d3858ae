"""The words that two texts have in common."""

from itertools import pairwise

from hypothesis import given, strategies as st

from newsletter.web.desk.edition.comparison import common_words

WORDS = st.lists(st.sampled_from("abcd"), max_size=8)


def longest(old: list[str], new: list[str]) -> int:
    """Return the length of a longest common subsequence, by trying all prefixes."""
    lengths = [0] * (len(new) + 1)
    for word in old:
        row = [0]
        for j, other in enumerate(new):
            row.append(lengths[j] + 1 if word == other else max(lengths[j + 1], row[j]))
        lengths = row
    return lengths[-1]


@given(WORDS, WORDS)
def test_they_are_a_longest_common_subsequence(old: list[str], new: list[str]) -> None:
    pairs = common_words(old, new)
    assert all(old[i] == new[j] for i, j in pairs)
    assert all(i < k and j < m for (i, j), (k, m) in pairwise(pairs))
    assert len(pairs) == longest(old, new)


def test_texts_that_differ_too_much_have_their_beginning_and_end_in_common() -> None:
    old, new = ([f"{letter}{i}" for i in range(2_000)] for letter in "ab")
    assert common_words(["Hi", *old, "Bye"], ["Hi", *new, "Bye"]) == [(0, 0), (2_001, 2_001)]


def test_few_words_that_come_again_and_again_are_compared_soon() -> None:
    """difflib would take hours for them."""
    assert len(common_words(["a", " "] * 10_000, ["a", " ", "b", " "] * 5_000)) < 20_000
