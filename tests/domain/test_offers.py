"""Readers get each post that they want once, whatever the order of editions: compared with plain sets of posts."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given, strategies as st

from newsletter.domain.offers import OfferOutcome, behind, not_due, offer, offered
from newsletter.domain.ordinals import Ordinals

TOPICS = ("film", "books")
posts = st.sets(st.integers(min_value=1, max_value=25))
topics = st.dictionaries(st.integers(min_value=1, max_value=25), st.frozensets(st.sampled_from(TOPICS)))
picked = st.sampled_from(("", "film", "books", "books,film"))
FILM = {1: {"film"}, 2: {"books"}, 3: set[str]()}


@dataclass
class Reader:
    """A subscriber who changes picks from edition to edition; `passed` has the posts that are not due any more."""

    had: Ordinals = field(default_factory=Ordinals)
    got: list[int] = field(default_factory=list)
    passed: set[int] = field(default_factory=set)


@given(st.lists(st.tuples(posts, picked, st.integers(min_value=0, max_value=3), st.booleans()), max_size=12), topics)
def test_each_post_comes_once_and_none_is_missed(
    editions: list[tuple[set[int], str, int, bool]], about: dict[int, frozenset[str]]
) -> None:
    subscriber = Reader()
    for candidates, picks, minimum, has_variant in editions:
        offered = offer(Ordinals.of(candidates), subscriber.had, picks, about, minimum)
        wanted = {n for n in candidates if not picks or about.get(n, frozenset()) & set(picks.split(","))}
        new = wanted - subscriber.passed
        assert set(offered.posts) == new
        if new and len(new) >= minimum and has_variant:
            subscriber.got += new
            subscriber.passed |= candidates
            subscriber.had = offered.grown
        elif new:
            subscriber.passed |= candidates - wanted
            subscriber.had = offered.kept
        else:
            subscriber.passed |= candidates
            subscriber.had = offered.grown
        assert set(subscriber.had) == subscriber.passed
    assert max(Counter(subscriber.got).values(), default=0) <= 1


@given(posts, posts, picked, topics, st.integers(min_value=0, max_value=3))
def test_an_offer_repeated_changes_nothing(
    candidates: set[int], had: set[int], picks: str, about: dict[int, frozenset[str]], minimum: int
) -> None:
    """Sets may be replaced in any order, so that one that has grown must not grow again."""
    once = offer(Ordinals.of(candidates), Ordinals.of(had), picks, about, minimum).afterwards
    assert offer(Ordinals.of(candidates), once, picks, about, minimum).afterwards == once


@given(posts, posts, posts, posts)
def test_what_is_behind_comes_only_by_name(
    candidates: set[int], had: set[int], earlier: set[int], chosen: set[int]
) -> None:
    stored = Ordinals.of(had) | behind(Ordinals.of(earlier))
    outcome = offer(Ordinals.of(candidates), stored, "", {}, 1, Ordinals.of(chosen))
    assert set(outcome.posts) == {n for n in candidates - had if n not in earlier or n in chosen}
    assert set(not_due(stored)) == had | earlier
    assert set(offered(stored)) == had
    assert set(offered(outcome.grown)) == had | set(outcome.posts)


def test_posts_outside_the_topics_count_as_offered() -> None:
    offered = offer(Ordinals.of([1, 2, 3]), Ordinals(), "film", FILM, 1)
    assert (offered.outcome, list(offered.posts), list(offered.afterwards)) == (OfferOutcome.MAILED, [1], [1, 2, 3])
    nothing = offer(Ordinals.of([2, 3]), Ordinals(), "film", FILM, 1)
    assert (nothing.outcome, list(nothing.afterwards)) == (OfferOutcome.OFF_TOPIC, [2, 3])


def test_too_few_posts_remain_due() -> None:
    offered = offer(Ordinals.of([1, 2, 3]), Ordinals(), "film", FILM, 2)
    assert (offered.outcome, list(offered.afterwards)) == (OfferOutcome.TOO_FEW, [2, 3])


def test_who_had_everything_gets_nothing_new() -> None:
    assert offer(Ordinals.of([1]), Ordinals.of([1, 2]), "", {}, 1).outcome == OfferOutcome.NOTHING_NEW
