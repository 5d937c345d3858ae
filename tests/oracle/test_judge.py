"""The judge on small logs: what it calls broken, what it lets pass, and what it leaves open."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.oracle.acts import (
    Act,
    Approved,
    Began,
    ChoseCadence,
    ChoseTopics,
    Configured,
    Email,
    Ended,
    Finished,
    Joined,
    Kind,
    Left,
    ListedPost,
    Lost,
    PageAdded,
    Paused,
    Read,
    ReadElsewhere,
    Resent,
    Resumed,
    Stopped,
    Unlocked,
)
from tests.oracle.expectations import PERHAPS_BEFORE, PERHAPS_OF_ANOTHER, PERHAPS_THERE, TWO_DATES
from tests.oracle.judge import judge

MONDAY = datetime(2026, 2, 23, 9, tzinfo=UTC)
FILM = frozenset({"film"})
TOPICS = {"film": FILM, "books": frozenset({"books"})}


def at(days: float) -> datetime:
    return MONDAY + timedelta(days=days)


def listed(name: str, days: float, *categories: str) -> ListedPost:
    return ListedPost(name, at(days), frozenset(categories))


def read(days: float, *posts: ListedPost) -> Read:
    return Read(at(days), posts, MONDAY - timedelta(days=9_000))


def approved(days: float, name: str, cadence: str = "week", **more: object) -> Approved:
    usual = {"kind": Kind.PERIODIC, "refreshed": at(days), "reaches": at(days)}
    return Approved(at(days), name, cadence, **{**usual, **more})


def sent(days: float, name: str, *emails: tuple[str, str], cadence: str = "week", **more: object) -> list[Act]:
    """An edition that is approved and sent at once, to readers with their posts, with spaces between."""
    arrived = [Email(at(days), reader, name, tuple(posts.split())) for reader, posts in emails]
    return [approved(days, name, cadence, **more), Began(at(days), name), *arrived, Finished(at(days), name)]


def judged(*log: Act | list[Act], cadences: tuple[str, ...] = (), **more: object) -> list[str]:
    """Return what is broken in a weekly newsletter that was set up on Monday, and what is left open."""
    acts = [act for each in log for act in (each if isinstance(each, list) else [each])]
    begun = [Configured(MONDAY, "week", cadences, **more), read(0)]
    judgement = judge([*begun, *acts, Ended(at(60), at(30))])
    broken = [f"{each.what} {each.reader} {each.post}".strip() for each in judgement.violations]
    assert judgement.pairs == judgement.must + judgement.must_not + sum(judgement.either.values())
    return sorted(broken) + sorted(f"either: {why}" for why in judgement.either)


R = Joined(at(0), "r")
ONE = read(1, listed("a", 1))
TWO = read(1, listed("a", 1), listed("b", 1))


def test_a_post_that_came_once_is_right() -> None:
    assert judged(R, ONE, sent(4, "w1", ("r", "a"))) == []


def test_a_post_that_came_twice() -> None:
    assert judged(R, ONE, sent(4, "w1", ("r", "a")), sent(11, "w2", ("r", "a"))) == ["twice r a"]


def test_a_post_that_never_came() -> None:
    assert judged(R, TWO, sent(4, "w1", ("r", "a"))) == ["lost r b"]


def test_a_newcomer_gets_nothing_that_was_dealt_with() -> None:
    new = Joined(at(5), "new")
    assert judged(R, ONE, sent(4, "w1", ("r", "a")), new, sent(11, "w2", ("new", "a"))) == ["old new a"]
    assert judged(R, ONE, sent(4, "w1", ("r", "a")), new) == []


def test_a_newcomer_gets_what_is_still_to_come() -> None:
    new = Joined(at(3), "new")
    assert judged(R, ONE, new, sent(4, "w1", ("r", "a"))) == ["lost new a"]


def test_a_newcomer_to_a_cadence_that_was_switched_on_gets_nothing_that_others_had() -> None:
    on = Configured(at(5), "week", ("week", "day"))
    log = [R, ONE, *sent(4, "w1", ("r", "a")), on, Joined(at(6), "new", "day")]
    assert judged(*log) == []
    assert judged(*log, sent(7, "d1", ("new", "a"), cadence="day")) == ["old new a"]


def test_who_changes_cadence_keeps_what_is_due() -> None:
    log = [R, Joined(at(0), "d", "day"), ONE, *sent(2, "d1", ("d", "a"), cadence="day")]
    changed = ChoseCadence(at(3), "r", "day")
    assert judged(*log, changed, cadences=("week", "day")) == ["lost r a"]
    assert judged(*log, changed, sent(3, "d2", ("r", "a"), cadence="day"), cadences=("week", "day")) == []
    assert judged(*log, changed, sent(4, "w1", ("r", "a")), cadences=("week", "day")) == ["cadence r"]


def test_a_post_before_its_date() -> None:
    ahead = read(1, listed("a", 9))
    assert judged(R, ahead, sent(4, "w1", ("r", "a"))) == ["early r a"]
    by_hand = [approved(4, "w1"), Began(at(4), "w1", asked=True), Email(at(4), "r", "w1", ("a",))]
    assert judged(R, ahead, by_hand) == []


def test_a_later_date_changes_nothing_for_those_who_wait_once_an_edition_has_the_post() -> None:
    daily = sent(2, "d1", ("d", "a"), cadence="day")
    anew = read(3, listed("a", 20))
    log = [R, Joined(at(0), "d", "day"), ONE, *daily, anew, *sent(4, "w1", ("r", "a"))]
    assert judged(*log, cadences=("week", "day")) == []


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


def test_two_editions_that_are_asked_for_at_a_time_may_have_what_was_there_before_them() -> None:
    old, other = read(0, listed("a", -10)), Joined(at(0), "o", cadence="day")
    first = approved(4, "d1", "day", since=at(-11), shown=frozenset("a"))
    second = approved(4, "w1", since=at(-11), shown=frozenset("a"))
    daily = [Began(at(4), "d1"), Email(at(4), "o", "d1", ("a",)), Finished(at(4), "d1")]
    weekly = [Began(at(4), "w1"), Email(at(4), "r", "w1", ("a",)), Finished(at(4), "w1")]
    for one, two in ((second, first), (first, second)):
        assert judged(R, other, old, one, two, daily, weekly, cadences=("week", "day")) == []


def test_what_an_editor_left_out_is_out_in_every_cadence_until_the_edition_is_unlocked() -> None:
    out = approved(2, "d1", "day", out=frozenset("a"))
    weekly = sent(4, "w1", ("r", "a"))
    assert judged(R, ONE, out, Began(at(2), "d1"), weekly, cadences=("week", "day")) == ["unwanted r a"]
    assert judged(R, ONE, out, Began(at(2), "d1"), cadences=("week", "day")) == []
    assert judged(R, ONE, out, Unlocked(at(2), "d1"), weekly, cadences=("week", "day")) == []
    assert judged(R, ONE, out, Unlocked(at(2), "d1"), cadences=("week", "day")) == ["lost r a"]


def test_what_a_filter_keeps_out_of_an_approved_edition_stays_out() -> None:
    film = read(1, listed("a", 1, "film"), listed("b", 1))
    weekly = sent(4, "w1", ("r", "b"))
    opened = Configured(at(5), "week")
    assert judged(R, film, weekly, opened, excluded=FILM) == []
    assert judged(R, film, weekly, opened, sent(11, "w2", ("r", "a")), excluded=FILM) == ["unwanted r a"]
    assert judged(R, film, Configured(at(2), "week"), weekly, excluded=FILM) == ["lost r a"]


def test_what_perhaps_all_had_is_not_surely_filtered_in_an_edition_for_nobody() -> None:
    small, filtered = Configured(at(0.5), "week", minimum_posts=2), Configured(at(5), "week", excluded=FILM)
    first = sent(4, "w1", ("r", "a"))
    second = [approved(6, "w2", shown=frozenset({"b"})), Began(at(6), "w2"), Finished(at(6), "w2")]
    back = [Configured(at(7), "week"), Joined(at(7), "late")]
    post, others = listed("a", 1, "film"), [Left(at(4.5), "r"), filtered]
    log = [R, small, read(1, post), first, *others, read(5.5, post, listed("b", 5.5)), second, back]
    assert "unwanted late a" not in judged(*log, sent(11, "w3", ("late", "a")))


def test_an_edition_of_a_cadence_that_is_not_offered_when_it_is_approved_need_not_have_what_is_lacked() -> None:
    daily = approved(2, "d", "day", shown=frozenset({"b"}))
    both = read(1, listed("a", 0.5), listed("b", 1))
    paused = [R, Paused(at(0), "r"), both, daily, Configured(at(2), "day"), Began(at(2), "d"), Resumed(at(3), "r")]
    perhaps = ["either: perhaps in an edition while the reader was paused"]
    assert judged(*paused, sent(9, "2", ("r", "a"), cadence="day")) == perhaps


def test_who_is_paused_misses_the_edition() -> None:
    pause, resume = Paused(at(2), "r"), Resumed(at(8), "r")
    other = Joined(at(0), "o")
    weekly = sent(4, "w1", ("o", "a"))
    assert judged(R, other, ONE, pause, weekly, resume) == []
    assert judged(R, other, ONE, pause, weekly, resume, sent(11, "w2", ("r", "a"))) == ["old r a"]
    assert judged(R, other, ONE, pause, resume, weekly) == ["lost r a"]
    unseen = sent(4, "w1", shown=frozenset("a"))
    assert judged(R, ONE, pause, unseen, resume, sent(11, "w2", ("r", "a"))) == ["old r a"]
    assert judged(R, other, ONE, pause, sent(4, "w1", ("r", "a"), ("o", "a"))) == [
        "away r",
        "cadence r",
        "old r a",
    ]


def test_who_comes_back_gets_nothing_that_was_dealt_with_meanwhile() -> None:
    other = Joined(at(0), "o")
    log = [R, other, TWO, Left(at(2), "r"), *sent(4, "w1", ("o", "a")), Joined(at(5), "r")]
    assert judged(*log, sent(11, "w2", ("o", "b"), ("r", "b"))) == []
    assert judged(*log, sent(11, "w2", ("o", "b"), ("r", "a b"))) == ["old r a"]


def test_who_is_gone_gets_nothing() -> None:
    assert judged(R, ONE, Left(at(2), "r"), sent(4, "w1", ("r", "a"))) == ["away r", "cadence r"]


def test_what_is_off_topic_never_comes() -> None:
    fan, other = Joined(at(0), "r", "", FILM), Joined(at(0), "o")
    posts = read(1, listed("a", 1, "film"), listed("b", 1, "books"))
    weekly = sent(4, "w1", ("r", "a"), ("o", "a b"))
    everything = ChoseTopics(at(5), "r", frozenset())
    assert judged(fan, other, posts, weekly, everything, topics=TOPICS) == []
    assert judged(fan, other, posts, weekly, everything, sent(11, "w2", ("r", "b")), topics=TOPICS) == ["old r b"]
    assert judged(fan, other, posts, sent(4, "w1", ("r", "a b"), ("o", "a b")), topics=TOPICS) == [
        "old r b",
        "unwanted r b",
    ]


def test_the_topics_at_approval_count() -> None:
    fan, other = Joined(at(0), "r", "", FILM), Joined(at(0), "o")
    posts = read(1, listed("b", 1, "books"))
    begun = [
        approved(3, "w1"),
        ChoseTopics(at(3.5), "r", frozenset()),
        Began(at(4), "w1"),
        Email(at(4), "o", "w1", "b"),
    ]
    assert judged(fan, other, posts, begun, topics=TOPICS) == []
    assert judged(fan, other, posts, begun, sent(11, "w2", ("r", "b")), topics=TOPICS) == ["old r b"]


def test_the_topics_with_which_somebody_came_after_the_approval_count() -> None:
    posts, came = read(1, listed("b", 1, "books")), Joined(at(3.5), "r", "", frozenset({"books"}))
    begun = [approved(3, "w1"), came, ChoseTopics(at(3.5), "r", FILM), Began(at(4), "w1")]
    assert judged(posts, begun, Email(at(4), "r", "w1", ("b",)), Finished(at(4), "w1"), topics=TOPICS) == []


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


def test_what_an_editor_includes_is_not_out_for_what_is_left_out_at_the_same_time() -> None:
    daily, a = Joined(at(0), "d", "day"), frozenset("a")
    included = sent(2, "d1", ("d", "a"), cadence="day", shown=a, added=a)
    left_out = approved(2, "w1", out=a)
    offered = {"cadences": ("week", "day")}
    assert judged(R, daily, ONE, included, left_out, sent(9, "w2", ("r", "a")), **offered) == []
    later = approved(3, "w1", out=a)
    assert judged(R, daily, ONE, included, later, sent(9, "w2", ("r", "a")), **offered) == ["unwanted r a"]


def test_what_another_edition_includes_at_the_same_time_may_be_in_this_one() -> None:
    both = Configured(at(0.5), "week", ("week", "day"))
    out = approved(4, "w1", shown=frozenset({"b"}), out=frozenset({"a"}))
    included = approved(11, "w2", refreshed=at(5), reaches=at(5), shown=frozenset({"a"}), added=frozenset({"a"}))
    log = [R, Joined(at(0), "d", "day"), both, TWO, out, Began(at(4), "w1"), Email(at(4), "r", "w1", ("b",))]
    daily = sent(11, "d1", ("d", "a b"), cadence="day", shown=frozenset({"a", "b"}))
    assert "unwanted d a" in judged(*log, *daily)
    assert "unwanted d a" not in judged(*log, included, *daily)


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


def test_an_edition_that_is_cancelled_while_it_is_sent_is_over_unless_it_is_sent_to_those_left() -> None:
    other = Joined(at(0), "o")
    stopped = [approved(4, "w1"), Began(at(4), "w1"), Email(at(4), "o", "w1", ("a",)), Stopped(at(4), "w1")]
    assert judged(R, other, ONE, stopped) == []
    assert judged(R, other, ONE, stopped, sent(11, "w2", ("r", "a"))) == ["old r a"]
    assert judged(R, other, ONE, stopped, Resent(at(5), "w1")) == ["lost r a"]
    assert judged(R, other, ONE, stopped, Resent(at(5), "w1"), Email(at(5), "r", "w1", ("a",))) == []


def test_a_letter_may_bring_a_post_again_and_no_edition_does_afterwards() -> None:
    letter = sent(5, "letter", ("r", "a"), kind=Kind.LETTER, added=frozenset("a"))
    assert judged(R, ONE, sent(4, "w1", ("r", "a")), letter) == []
    assert judged(R, ONE, letter, sent(11, "w1", ("r", "a"))) == ["twice r a"]
    assert judged(R, ONE, letter, Joined(at(6), "new")) == []


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


def test_a_page_that_an_editor_added_and_removed_again_is_due_once_it_is_listed() -> None:
    removed = [PageAdded(at(3), "a"), approved(4, "w1", out=frozenset("a")), Began(at(4), "w1")]
    assert judged(R, removed) == []
    assert judged(R, removed, read(5, listed("a", 5))) == ["lost r a"]
    assert judged(R, removed, read(50, listed("a", 5)), late_days=30) == []
    switched_on = Configured(at(5), "week", ("week", "day"))
    assert judged(removed, switched_on, Joined(at(6), "d", "day"), read(7, listed("a", 3))) == ["lost d a"]
    listed_before = [removed[0], read(3.5, listed("a", 3)), *removed[1:]]
    assert judged(R, listed_before, sent(11, "w2", ("r", "a"))) == ["unwanted r a"]


def test_a_letter_to_a_segment_decides_nothing_for_others() -> None:
    daily, both, a = Joined(at(0), "d", "day"), {"cadences": ("week", "day")}, frozenset("a")
    letter = sent(2, "letter", ("d", "a"), kind=Kind.LETTER, added=a, shown=a, segment="day")
    assert judged(R, daily, ONE, letter, **both) == ["lost r a"]
    assert judged(R, daily, ONE, letter, sent(4, "w1", ("r", "a")), **both) == []
    assert "twice d a" in judged(R, daily, ONE, letter, sent(4, "d1", ("d", "a"), cadence="day"), **both)


def test_the_rest_of_an_edition_comes_whatever_a_letter_brought_meanwhile() -> None:
    begun = [approved(4, "w1", shown=frozenset("a")), Began(at(4), "w1")]
    letter = sent(5, "letter", ("r", "a"), kind=Kind.LETTER, added=frozenset("a"))
    rest = Email(at(6), "r", "w1", ("a",))
    assert judged(R, ONE, begun, letter, rest) == []
    assert judged(R, ONE, begun, letter, rest, rest) == ["twice r a"]
    assert judged(R, ONE, begun, letter, rest, sent(11, "w2", ("r", "a"))) == ["twice r a"]


def test_an_unconfirmed_email_leaves_both_open() -> None:
    begun = [approved(4, "w1", shown=frozenset("a")), Began(at(4), "w1"), Lost(at(4), "w1", "r")]
    assert judged(R, ONE, begun) == ["either: in an email that is unconfirmed"]


def test_an_edition_that_was_never_approved() -> None:
    assert judged(R, ONE, Email(at(4), "r", "w1", ("a",))) == ["lost r a", "unwanted r"]
