"""In or out, and why: one rule a test, and what must hold whatever the facts are."""

from dataclasses import replace
from datetime import datetime

import pytest
from hypothesis import given, strategies as st

from newsletter.config import Filter
from newsletter.editions.selection.rules import Decision, Facts, decide
from newsletter.messages import Message, posts as messages
from tests.factories import DAY, DUE, HOUR, NOW, WEEK

SINCE, UNTIL = DUE - WEEK, DUE
NONE = Filter()
EARLIER = messages.DECIDED_BEFORE(reason=messages.TOO_LATE(), edition="kinaforum/2026-W05")


def choose(facts: Facts, now: datetime = NOW) -> Decision | None:
    return decide(facts, since=SINCE, until=UNTIL, now=now, look_back=WEEK)


def facts(published: datetime | None = NOW - DAY, **fields: object) -> Facts:
    return replace(Facts(published, first_seen=NOW - HOUR), **fields)


@pytest.mark.parametrize(
    ("given", "included", "reason"),
    [
        (facts(), True, messages.IN_THE_PERIOD()),
        (facts(SINCE), True, messages.IN_THE_PERIOD()),
        (facts(SINCE - HOUR), True, messages.LATE()),
        (facts(refusal=messages.TOO_LATE()), False, messages.TOO_LATE()),
        (facts(SINCE - HOUR, refusal=messages.THERE_BEFORE()), False, messages.THERE_BEFORE()),
        (facts(None, refusal=messages.THERE_BEFORE()), False, messages.THERE_BEFORE()),
        (facts(refusal=messages.THERE_BEFORE(), by_dates=True), True, messages.IN_THE_PERIOD()),
        (facts(None), True, messages.IN_THE_PERIOD()),
        (facts(UNTIL), False, messages.IN_THE_FUTURE()),
        (facts(gone=True), False, messages.GONE()),
        (facts(gone=True, choice="in"), True, messages.INCLUDED()),
        (facts(choice="out"), False, messages.LEFT_OUT()),
        (facts(UNTIL + WEEK, choice="in"), True, messages.INCLUDED()),
        (facts(offered=True, held_by="kinaforum/2026-W05"), False, messages.ALREADY_IN(edition="kinaforum/2026-W05")),
        (facts(offered=True, held_by="kinaforum/2026-W05", choice="in"), True, messages.INCLUDED()),
        (facts(settled=EARLIER), False, EARLIER),
        (facts(title="Advert for tea", filters=((NONE, Filter(words=("advert",))),)), False, messages.BY_WORD()),
        (facts(categories=("Ads",), filters=((NONE, Filter(categories=("ads",))),)), False, messages.BY_CATEGORY()),
        (facts(categories=("Asia",), filters=((Filter(categories=("asia",)), NONE),)), True, messages.IN_THE_PERIOD()),
        (facts(filters=((Filter(categories=("asia",)), NONE),)), False, messages.BY_CATEGORY()),
        (facts(filters=((Filter(words=("tea",)), NONE),)), False, messages.BY_WORD()),
        (facts(text="of tea and trade", filters=((Filter(words=("tea",)), NONE),)), True, messages.IN_THE_PERIOD()),
    ],
)  # fmt: skip
def test_each_reason(given: Facts, included: bool, reason: Message) -> None:
    assert choose(given) == Decision(included, reason)


@pytest.mark.parametrize(
    "given",
    [
        facts(SINCE - WEEK - HOUR, refusal=messages.THERE_BEFORE()),
        facts(SINCE - HOUR, settled=EARLIER),
        facts(SINCE - DAY, refusal=messages.THERE_BEFORE(), settled=EARLIER),
        facts(SINCE - HOUR, offered=True, held_by="kinaforum/2026-W05"),
    ],
)
def test_posts_that_are_decided_or_old_are_not_listed_again(given: Facts) -> None:
    assert choose(given) is None


def test_a_post_of_the_next_window_is_none_of_this_ones_business() -> None:
    assert choose(facts(UNTIL + HOUR), now=UNTIL + DAY) is None


def test_one_source_that_lets_a_post_through_is_enough() -> None:
    strict = (Filter(words=("tea",)), NONE)
    assert choose(facts(filters=(strict, (NONE, NONE)))) == Decision(True, messages.IN_THE_PERIOD())


@pytest.mark.parametrize(("word", "title"), [("tea", "Steam"), ("C++", "C+ and more"), ("ÅL", "Stål")])
def test_a_word_is_a_whole_word(word: str, title: str) -> None:
    assert choose(facts(title=title, filters=((NONE, Filter(words=(word,))),))) == Decision(
        True, messages.IN_THE_PERIOD()
    )


@pytest.mark.parametrize(
    ("word", "title"), [("tea", "TEA, again"), ("C++", "On C++."), ("ål", "Ål"), ("a b", "x a\u00a0b y")]
)
def test_a_word_is_found_whatever_its_case(word: str, title: str) -> None:
    assert choose(facts(title=title, filters=((NONE, Filter(words=(word,))),))) == Decision(False, messages.BY_WORD())


moments = st.datetimes(datetime(2025, 10, 1), datetime(2026, 4, 1)).map(lambda at: at.replace(tzinfo=NOW.tzinfo))
any_facts = st.builds(
    Facts,
    published=st.none() | moments,
    first_seen=moments,
    refusal=st.sampled_from([None, messages.THERE_BEFORE(), messages.TOO_LATE()]),
    gone=st.booleans(),
    offered=st.booleans(),
    held_by=st.sampled_from(["", "kinaforum/2026-W05"]),
    settled=st.sampled_from([None, EARLIER]),
    choice=st.sampled_from(["", "in", "out"]),
)


@given(any_facts)
def test_a_post_that_subscribers_were_offered_is_never_included_by_the_rules(given: Facts) -> None:
    decision = choose(replace(given, offered=True, choice=""))
    assert decision is None or not decision.included


@given(any_facts)
def test_an_editors_choice_stands(given: Facts) -> None:
    decision = choose(given)
    if given.choice:
        assert decision is not None
        assert decision.included == (given.choice == "in")


@given(any_facts)
def test_what_is_out_from_the_beginning_is_never_included_by_the_rules(given: Facts) -> None:
    decision = choose(replace(given, choice=""))
    if decision and decision.included:
        assert given.refusal is None
        assert given.settled is None


@given(any_facts, st.integers(1, 4))
def test_a_free_post_is_in_exactly_one_of_the_windows_that_follow_each_other(given: Facts, weeks: int) -> None:
    """Whatever is not in now, nor settled, is in later, as its date says."""
    given = replace(given, offered=False, settled=None, choice="", gone=False, refusal=None)
    times = 0
    for n in range(weeks + 12):
        since, until = SINCE + n * WEEK, UNTIL + n * WEEK
        decision = decide(
            replace(given, offered=times > 0), since=since, until=until, now=until - HOUR, look_back=WEEK
        )  # fmt: skip
        times += decision is not None and decision.included
    assert times == 1
