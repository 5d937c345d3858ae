"""The judge on small logs of sources: what is old, late or gone, blogs that move, and pages that editors add."""

from dataclasses import replace

import pytest

from tests.oracle.acts import (
    Began,
    Configured,
    Email,
    Finished,
    Joined,
    Kind,
    ListedPost,
    PageAdded,
    Paused,
    Read,
    ReadElsewhere,
    Resumed,
    Unlocked,
)
from tests.oracle.expectations import PERHAPS_BEFORE, PERHAPS_OF_ANOTHER, PERHAPS_THERE, TWO_DATES
from tests.oracle.small_logs import FILM, ONE, TOPICS, R, approved, at, judged, listed, read, sent


@pytest.mark.parametrize("days", [-40, -33])
def test_what_is_older_than_the_newsletter_is_out(days: float) -> None:
    old = read(1, listed("a", days))
    assert judged(R, old) == []
    assert judged(R, old, sent(4, "w1", ("r", "a"))) == ["unwanted r a"]


def test_the_first_period_is_in() -> None:
    assert judged(R, read(0.1, listed("a", -5))) == ["lost r a"]


def test_what_is_found_too_late_is_out_until_an_editor_includes_it() -> None:
    late = [read(50, listed("a", 5))]
    assert judged(R, late, late_days=30) == []
    assert judged(R, late, sent(51, "w1", ("r", "a")), late_days=30) == ["unwanted r a"]
    assert judged(R, late, sent(51, "w1", ("r", "a"), added=frozenset("a")), late_days=30) == []


def test_what_is_gone_from_its_source_is_out_while_it_is_gone() -> None:
    without = read(2, listed("older", -40))
    assert judged(R, ONE, without) == []
    assert judged(R, ONE, without, sent(4, "w1", ("r", "a"))) == ["unwanted r a"]
    assert judged(R, ONE, without, ONE) == ["lost r a"]
    assert judged(R, ONE, read(2), sent(4, "w1", ("r", "a"))) == []


def test_what_a_moved_blog_lists_is_open_if_it_lists_mostly_others_between_known_posts() -> None:
    every, moved = Joined(at(0), "p", "post"), ReadElsewhere(at(3))
    known, newest = (listed("a", 0.5), listed("b", 2)), listed("new", 2.5)
    others = tuple(listed(f"x{number}", 1.5) for number in range(3))
    log = (every, read(2, *known), sent(2, "p1", ("p", "a b"), cadence="post"), moved)
    assert judged(*log, read(3, *known, newest), cadences=("week", "post")) == ["lost p new"]
    assert judged(*log, read(3, *known, *others, newest), cadences=("week", "post")) == [f"either: {PERHAPS_THERE}"]


def test_a_post_with_two_dates_in_the_moment_in_which_it_is_found_is_open() -> None:
    old, anew = read(40, listed("a", 1)), listed("a", 40.5)
    assert judged(R, old, read(40, anew), sent(42, "w1", ("r", "a"))) == [f"either: {TWO_DATES}"]
    assert judged(R, old, read(40, anew)) == [f"either: {TWO_DATES}"]
    assert judged(R, old, read(41, anew), sent(42, "w1", ("r", "a"))) == ["unwanted r a"]


def test_what_is_found_later_is_open_if_nothing_was_known_where_a_blog_moved_to() -> None:
    first, later = listed("b", 2), listed("old", 0.5)
    log = (R, ReadElsewhere(at(2)), read(3, first), read(5, first, later))
    assert judged(*log) == [f"either: {PERHAPS_THERE}"]


def test_a_post_is_open_that_is_missing_where_another_blog_may_be() -> None:
    moved = [ReadElsewhere(at(2)), read(3, listed("z", -900))]
    doubts = [f"either: {PERHAPS_THERE}", f"either: {PERHAPS_OF_ANOTHER}"]
    assert judged(R, ONE, moved, sent(4, "w1", ("r", "a"))) == doubts
    assert judged(R, ONE, moved) == doubts


SECOND = Configured(at(5), "week", second=True)


def second(days: float, *posts: ListedPost) -> Read:
    return replace(read(days, *posts), second=True)


def test_a_source_that_is_added_goes_on_after_the_last_edition() -> None:
    new = [SECOND, second(6, listed("z", 4.5))]
    assert judged(R, ONE, sent(4, "w1", ("r", "a")), new, sent(11, "w2", ("r", "z"))) == []
    assert judged(R, ONE, sent(4, "w1", ("r", "a")), new) == ["lost r z"]
    old = [SECOND, second(6, listed("z", 3.5))]
    assert judged(R, ONE, sent(4, "w1", ("r", "a")), old) == []
    assert judged(R, ONE, sent(4, "w1", ("r", "a")), old, sent(11, "w2", ("r", "z"))) == ["unwanted r z"]


def test_an_edition_of_a_cadence_that_was_removed_need_not_be_the_last_one_of_another() -> None:
    both, only = (Configured(at(days), "week", ("week", "day")[:most]) for days, most in ((0, 2), (4.5, 1)))
    daily = sent(4, "d1", ("r", "a"), cadence="day")
    new = [replace(only, at=at(5), second=True), second(6, listed("z", 3.5))]
    log = [both, Joined(at(0), "r", "day"), ONE, daily, only, *new]
    doubt = f"either: {PERHAPS_BEFORE}"
    assert (judged(*log), judged(*log, sent(11, "w2", ("r", "z")))) == ([doubt], [doubt])


def test_what_a_source_published_while_it_was_removed_is_open_if_no_edition_went_without_it() -> None:
    removed = [replace(SECOND, at=at(7), second=False), replace(SECOND, at=at(9)), second(9, listed("z", 8))]
    assert judged(R, SECOND, second(6, listed("y", 5.5)), sent(6.5, "w1", ("r", "y")), removed) == ["lost r z"]
    gap = [removed[0], read(7.5, listed("a", 7.2)), sent(8.5, "w2", ("r", "a")), *removed[1:]]
    began = [R, SECOND, second(6, listed("y", 5.5)), sent(6.5, "w1", ("r", "y"))]
    assert judged(*began, *gap) == []


def test_a_page_that_an_editor_added_goes_to_the_readers_of_its_edition_and_to_others_once_it_is_listed() -> None:
    a, daily, both = frozenset("a"), Joined(at(0), "d", "day"), {"cadences": ("week", "day")}
    weekly = [PageAdded(at(3), "a"), *sent(4, "w1", ("r", "a"), shown=a, added=a)]
    later = read(5, listed("a", 5))
    assert judged(R, daily, weekly, **both) == []
    assert judged(R, daily, weekly, later, **both) == ["lost d a"]
    assert judged(R, daily, weekly, later, sent(6, "d1", ("d", "a"), cadence="day"), **both) == []
    assert "twice r a" in judged(R, daily, weekly, later, sent(11, "w2", ("r", "a")), **both)


def test_the_topics_of_a_page_that_an_editor_added_are_known_once_it_is_listed() -> None:
    a, fan, other = frozenset("a"), Joined(at(0), "r", "", FILM), Joined(at(0), "o")
    added = [fan, other, PageAdded(at(3), "a"), *sent(4, "w1", ("o", "a"), shown=a, added=a)]
    film, books = (read(5, listed("a", 5, topic)) for topic in ("film", "books"))
    assert judged(*added, topics=TOPICS) == judged(*added, books, topics=TOPICS) == []
    assert judged(*added, film, topics=TOPICS) == ["lost r a"]
    assert judged(*added, film, sent(11, "w2", ("r", "a")), topics=TOPICS) == []
    away = [fan, other, Paused(at(2), "r"), *added[2:], Resumed(at(6), "r"), film]
    assert judged(*away, sent(11, "w2", ("r", "a")), topics=TOPICS) == []


def test_a_page_that_an_editor_added_and_removed_again_is_due_once_it_is_listed() -> None:
    removed = [PageAdded(at(3), "a"), approved(4, "w1", out=frozenset("a")), Began(at(4), "w1")]
    assert judged(R, removed) == []
    assert judged(R, removed, read(5, listed("a", 5))) == ["lost r a"]
    assert judged(R, removed, read(50, listed("a", 5)), late_days=30) == []
    switched_on = Configured(at(5), "week", ("week", "day"))
    assert judged(removed, switched_on, Joined(at(6), "d", "day"), read(7, listed("a", 3))) == ["lost d a"]
    listed_before = [removed[0], read(3.5, listed("a", 3)), *removed[1:]]
    assert judged(R, listed_before, sent(11, "w2", ("r", "a"))) == ["unwanted r a"]


@pytest.mark.parametrize("days", [-60, -40])
def test_an_old_page_that_is_listed_is_out_if_the_edition_that_has_it_is_cancelled(
    days: float,
) -> None:
    a, old = frozenset("a"), read(5, listed("a", days))
    edition = approved(4, "w1", shown=a, added=a)
    weekly = [Began(at(6), "w1"), Email(at(6), "r", "w1", ("a",)), Finished(at(6), "w1")]
    log = [R, PageAdded(at(3), "a"), edition, old]
    assert judged(*log, weekly) == judged(*log, Unlocked(at(6), "w1")) == []
    assert judged(*log, Unlocked(at(6), "w1"), sent(11, "w2", ("r", "a"))) == ["unwanted r a"]


def test_an_old_page_in_a_letter_to_a_segment_is_out_for_others_when_it_is_listed() -> None:
    a, daily, both = frozenset("a"), Joined(at(0), "d", "day"), {"cadences": ("week", "day")}
    letter = sent(4, "letter", ("d", "a"), kind=Kind.LETTER, added=a, shown=a, segment="day")
    log = [R, daily, PageAdded(at(3), "a"), letter, read(5, listed("a", -60))]
    assert judged(*log, **both) == []
    assert judged(*log, sent(11, "w1", ("r", "a")), **both) == ["unwanted r a"]
