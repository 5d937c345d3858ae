"""Filters: what they select, and errors."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.db.models import JSONField
from django.db.models.fields.json import KeyTransform
from django.utils import timezone
from hypothesis import given, strategies as st

from newsletter import config
from newsletter.config.newsletters import Topic
from newsletter.config.own_fields import RESERVED
from subscribers.models import Subscriber, Subscription, WhereProblem, parse_where
from tests.subscribers.make import AT, add_subscription
from tests.subscribers.own_fields import declare


@pytest.fixture
def four(db: None) -> None:
    add_subscription("a@reader.example", tags=("film", "oslo"), language="nb", joined=datetime(2025, 1, 1, tzinfo=UTC))
    add_subscription("b@reader.example", tags=("film",), language="en", joined=datetime(2026, 1, 1, tzinfo=UTC))
    add_subscription(
        "c@reader.example", tags=("filmfest",), language="nb", joined=datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    )
    add_subscription("d@reader.example", tags=("50% off",), language="", joined=datetime(2026, 2, 1, tzinfo=UTC))


@pytest.fixture
def valued(four: None) -> None:
    """The four with values of own fields; the last has none."""
    declare()
    for letter, values in {
        "a": {"town": "Ålesund", "shoe-size": 42.5, "born": "1950-02-06", "member": "yes"},
        "b": {"town": "Mo i Rana", "shoe-size": 40, "born": "2026-01-31", "level": "Old hand"},
        "c": {"shoe-size": 100},
    }.items():
        Subscriber.objects.filter(key__startswith=letter).update(field_values=values)


@pytest.mark.usefixtures("valued")
@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("town = ålesund", "a"),
        ("town != Ålesund", "bcd"),
        ('town = "mo I rana"', "b"),
        ("has town", "ab"),
        ("has no town", "cd"),
        ("not has no town", "ab"),
        ("has no language", "d"),
        ("has name", ""),
        ("has tag and has no born", "cd"),
        ("shoe-size = 42.50", "a"),
        ("shoe-size != 40", "acd"),
        ("shoe-size above 40", "ac"),
        ("not shoe-size above 40", "bd"),
        ("shoe-size below 42.5", "b"),
        ("born before 2026-01-31", "a"),
        ("born after 1950-02-06", "b"),
        ("born this year", "b"),
        ("born this month", ""),
        ("joined this year", "bcd"),
        ("joined this month and not member = yes", "cd"),
        ('level = "old hand" or member = yes', "ab"),
    ],
)
def test_a_filter_selects_by_fields_of_ones_own(where: str, expected: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: AT)
    matching = Subscription.objects.receiving(replace(config.current().newsletters["kinaforum"], where=where), AT)
    assert "".join(sorted(s.subscriber.address[0] for s in matching)) == expected


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("shoe-size = large", "needs a number such as 12 or 3.5 instead of 'large'"),
        ("shoe-size above nan", "needs a number such as 12 or 3.5 instead of 'nan'"),
        ("born = 1950-02-06", "needs one of 'before', 'after', 'this' instead of '='"),
        ("town above 3", "needs one of '=', '!=' instead of 'above'"),
        ("has colour", "needs one of 'name', 'language', 'tag', 'town', 'shoe-size', 'born', 'member', 'level'"),
        ("joined this week", "needs one of 'year', 'month' instead of 'week'"),
    ],
)
def test_an_invalid_condition_of_a_field_is_explained(where: str, sentence: str) -> None:
    declare()
    with pytest.raises(WhereProblem, match=re.escape(sentence)):
        parse_where(where)


def test_no_field_has_the_name_of_a_lookup() -> None:
    """The conditions name a field's key among Django's lookups."""
    lookups = {*JSONField.get_class_lookups(), *KeyTransform.get_class_lookups()}
    assert {name for name in lookups if "_" not in name} <= RESERVED


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
            "needs one of 'tag', 'language', 'frequency', 'topic', 'joined', 'has' instead of 'colour' (character 1)",
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
