"""In or out, and why: one rule a test, and what must hold whatever the facts are."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.config import Filter
from newsletter.jobs import selection
from newsletter.jobs.selection import Decision, Facts, decide
from tests.factories import DAY, DUE, HOUR, NOW, WEEK

SINCE, UNTIL = DUE - WEEK, DUE
NONE = Filter()


def choose(facts: Facts, now: datetime = NOW) -> Decision | None:
    return decide(facts, since=SINCE, until=UNTIL, now=now, late_posts=timedelta(days=30), look_back=WEEK)


def facts(published: datetime | None = NOW - DAY, **fields: object) -> Facts:
    return replace(Facts(published, first_seen=NOW - HOUR), **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "included", "reason"),
    [
        (facts(), True, "in the window"),
        (facts(SINCE), True, "in the window"),
        (facts(SINCE - HOUR), True, "late"),
        (facts(UNTIL - timedelta(days=31)), False, "too late"),
        (facts(SINCE - HOUR, there_before=True), False, "there before the first collection"),
        (facts(None, there_before=True), False, "there before the first collection"),
        (facts(there_before=True), True, "in the window"),
        (facts(None), True, "in the window"),
        (facts(UNTIL), False, "dated in the future"),
        (facts(gone=True), False, "gone from its source"),
        (facts(gone=True, choice="in"), True, "included by an editor"),
        (facts(choice="out"), False, "left out by an editor"),
        (facts(UNTIL + WEEK, choice="in"), True, "included by an editor"),
        (facts(held_by="kinaforum/2026-W05"), False, "already in kinaforum/2026-W05"),
        (facts(held_by="kinaforum/2026-W05", choice="in"), False, "already in kinaforum/2026-W05"),
        (facts(settled="left out by an editor (in x)"), False, "left out by an editor (in x)"),
        (facts(title="Advert for tea", filters=((NONE, Filter(words=("advert",))),)), False, "filtered by word"),
        (facts(categories=("Ads",), filters=((NONE, Filter(categories=("ads",))),)), False, "filtered by category"),
        (facts(categories=("Asia",), filters=((Filter(categories=("asia",)), NONE),)), True, "in the window"),
        (facts(filters=((Filter(categories=("asia",)), NONE),)), False, "filtered by category"),
        (facts(filters=((Filter(words=("tea",)), NONE),)), False, "filtered by word"),
        (facts(text="of tea and trade", filters=((Filter(words=("tea",)), NONE),)), True, "in the window"),
    ],
)  # fmt: skip
def test_each_reason(given: Facts, included: bool, reason: str) -> None:
    assert choose(given) == Decision(included, reason)


@pytest.mark.parametrize(
    "given",
    [
        facts(SINCE - WEEK - HOUR, there_before=True),
        facts(SINCE - HOUR, settled="too late (in kinaforum/2026-W05)"),
        facts(None, there_before=True, settled="there before the first collection (in kinaforum/2026-W05)"),
        facts(SINCE - HOUR, held_by="kinaforum/2026-W05"),
    ],
)
def test_what_is_settled_or_long_past_is_not_listed_again(given: Facts) -> None:
    assert choose(given) is None


def test_a_post_of_the_next_window_is_none_of_this_ones_business() -> None:
    assert choose(facts(UNTIL + HOUR), now=UNTIL + DAY) is None


def test_one_source_that_lets_a_post_through_is_enough() -> None:
    strict = (Filter(words=("tea",)), NONE)
    assert choose(facts(filters=(strict, (NONE, NONE)))) == Decision(True, "in the window")


@pytest.mark.parametrize(("word", "title"), [("tea", "Steam"), ("C++", "C+ and more"), ("ÅL", "Stål")])
def test_a_word_is_a_whole_word(word: str, title: str) -> None:
    assert choose(facts(title=title, filters=((NONE, Filter(words=(word,))),))) == Decision(True, "in the window")


@pytest.mark.parametrize(
    ("word", "title"), [("tea", "TEA, again"), ("C++", "On C++."), ("ål", "Ål"), ("a b", "x a\u00a0b y")]
)
def test_a_word_is_found_whatever_its_case(word: str, title: str) -> None:
    assert choose(facts(title=title, filters=((NONE, Filter(words=(word,))),))) == Decision(False, "filtered by word")


moments = st.datetimes(datetime(2025, 10, 1), datetime(2026, 4, 1)).map(lambda at: at.replace(tzinfo=NOW.tzinfo))
any_facts = st.builds(
    Facts,
    published=st.none() | moments,
    first_seen=moments,
    there_before=st.booleans(),
    gone=st.booleans(),
    held_by=st.sampled_from(["", "kinaforum/2026-W05"]),
    settled=st.sampled_from(["", "too late (in kinaforum/2026-W05)"]),
    choice=st.sampled_from(["", "in", "out"]),
)


@given(any_facts)
def test_what_another_edition_holds_is_never_in(given: Facts) -> None:
    decision = choose(replace(given, held_by="kinaforum/2026-W05"))
    assert decision is None or not decision.included


@given(any_facts)
def test_an_editors_choice_stands(given: Facts) -> None:
    given = replace(given, held_by="")
    decision = choose(given)
    if given.choice:
        assert decision is not None
        assert decision.included == (given.choice == "in")


@given(any_facts)
def test_old_posts_never_come_in_by_themselves(given: Facts) -> None:
    given = replace(given, choice="")
    decision = choose(given)
    if decision and decision.included:
        dated = given.published or given.first_seen
        assert dated >= UNTIL - timedelta(days=30)
        assert dated >= SINCE or not given.there_before


@given(any_facts, st.integers(1, 4))
def test_a_free_post_is_in_exactly_one_of_the_windows_that_follow_each_other(given: Facts, weeks: int) -> None:
    """Whatever is not in now, nor settled, is in later, as its date says."""
    given = replace(given, held_by="", settled="", choice="", gone=False, published=given.published or given.first_seen)
    held, settled, times = "", "", 0
    for n in range(weeks + 12):
        since, until = SINCE + n * WEEK, UNTIL + n * WEEK
        decision = decide(
            replace(given, held_by=held, settled=settled),
            since=since, until=until, now=until - HOUR, late_posts=timedelta(days=30), look_back=WEEK,
        )  # fmt: skip
        if decision and decision.included:
            held, times = f"kinaforum/{n}", times + 1
        elif decision and decision.reason in selection.SETTLED:
            settled = decision.reason
    assert times == (0 if settled or (given.there_before and given.published < SINCE) else 1)
