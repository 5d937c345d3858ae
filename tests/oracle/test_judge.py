"""The judge on small logs: what it calls broken, what it lets pass, and what it leaves open."""

from tests.oracle.acts import (
    Began,
    ChoseCadence,
    ChoseTopics,
    Configured,
    Email,
    Finished,
    Joined,
    Kind,
    Left,
    Lost,
    Paused,
    Resent,
    Resumed,
    Stopped,
    Unlocked,
)
from tests.oracle.small_logs import FILM, ONE, TOPICS, TWO, R, approved, at, judged, listed, read, sent


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
