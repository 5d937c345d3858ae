"""Filters: what they select, and errors."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, strategies as st

from newsletter import config
from newsletter.config.newsletters import Topic
from subscribers.models import Subscription, WhereProblem, parse_where
from tests.subscribers.make import AT, add_subscription


@pytest.fixture
def four(db: None) -> None:
    add_subscription("a@reader.example", tags=("film", "oslo"), language="nb", joined=datetime(2025, 1, 1, tzinfo=UTC))
    add_subscription("b@reader.example", tags=("film",), language="en", joined=datetime(2026, 1, 1, tzinfo=UTC))
    add_subscription(
        "c@reader.example", tags=("filmfest",), language="nb", joined=datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    )
    add_subscription("d@reader.example", tags=("50% off",), language="", joined=datetime(2026, 2, 1, tzinfo=UTC))


@pytest.mark.usefixtures("four")
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("", "abcd"),
        ("tag = film", "ab"),
        ("TAG = Film", "ab"),
        ("tag != film", "cd"),
        ('tag = "50% off"', "d"),
        ("language = nb", "ac"),
        ("language = nb and tag = film", "a"),
        ("language = nb or tag = film", "abc"),
        ("not language = nb", "bd"),
        ("tag = oslo or tag = filmfest and language = en", "a"),
        ("(tag = oslo or tag = filmfest) and not (language = en)", "ac"),
        ("joined before 2026-01-01", "a"),
        ("joined before 2026-01-02", "ab"),
        ("joined after 2026-01-31", "cd"),
        ("joined before 2026-02-01", "ab"),
    ],
)
def test_a_filter_selects_subscribers(where: str, expected: str) -> None:
    found = Subscription.objects.receiving(replace(config.current().newsletters["kinaforum"], where=where), AT)
    assert "".join(sorted(s.subscriber.address[0] for s in found)) == expected


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("tag", "needs one of '=', '!=' after 'tag'"),
        ("tag =", "needs a value for tag after 'tag ='"),
        (
            "colour = red",
            "needs one of 'tag', 'language', 'frequency', 'topic', 'joined' instead of 'colour' (character 1)",
        ),
        ("tag = a b", "needs 'and', 'or' or the end instead of 'b' (character 9)"),
        ("(tag = a", "needs ')' after '(tag = a'"),
        ("joined before yesterday", "needs a date such as 2026-01-31 instead of 'yesterday'"),
        ("tag = a; drop table", "';' (character 8) is not allowed in the filter"),
        ('tag = "a', "'\"' (character 7) is not allowed in the filter"),
        ("frequency = often", "needs one of 'post', 'day', 'week', 'month' instead of 'often' (character 13)"),
        ("tag = " + "a" * 1_000, "at most 1,000 characters"),
        ("not " * 30 + "tag = a", "at most 20 parentheses or 'not'"),
    ],
)
def test_an_invalid_filter_is_explained(where: str, sentence: str) -> None:
    with pytest.raises(WhereProblem) as told:
        parse_where(where)
    assert sentence in str(told.value)


@given(st.text(alphabet="tagnotoribed=!()\"' 0123456789-\x00é", max_size=60))
def test_any_text_is_parsed_or_refused(text: str) -> None:
    try:
        parse_where(text)
    except WhereProblem as refused:
        told = str(refused)
    else:
        told = "the filter was read"
    assert "the filter" in told


TOPICS = {"film": Topic(words=("film",)), "film-noir": Topic(words=("noir",)), "trade": Topic(words=("trade",))}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("frequency = week", "acd"),
        ("frequency = day", "b"),
        ("frequency != day", "acd"),
        ("frequency = month", ""),
        ("topic = film", "acd"),
        ("topic = film-noir", "bcd"),
        ("topic = trade", "acd"),
        ("not topic = film", "b"),
        ("topic = unknown", ""),
        ("frequency = week and topic = film", "acd"),
    ],
)
def test_frequency_and_topic_are_those_in_force(where: str, expected: str) -> None:
    """`a` picked two topics, `b` another one and each day; `c` picked none, and `d` one that isn't configured now."""
    for name, cadence, topics in (
        ("a", "", "film,trade"),
        ("b", "day", "film-noir"),
        ("c", "week", ""),
        ("d", "month", "x"),
    ):
        subscription = add_subscription(f"{name}@reader.example")
        Subscription.objects.filter(pk=subscription.pk).update(cadence=cadence, topics=topics)
    shared = config.current().newsletters["kinaforum"]
    newsletter = replace(shared, cadences=("week", "day"), topics=TOPICS)
    rows = Subscription.objects.filter(parse_where(where).q(newsletter))
    assert "".join(sorted(row.subscriber.address[0] for row in rows)) == expected
