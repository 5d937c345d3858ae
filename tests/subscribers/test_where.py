"""The filter: what it picks, and what it says of what it can't read."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from subscribers.models import Subscription, WhereProblem, parse_where
from tests.subscribers.make import AT, subscription


@pytest.fixture
def four(db: None) -> None:
    subscription("a@reader.example", tags=("film", "oslo"), language="nb", joined=datetime(2025, 1, 1, tzinfo=UTC))
    subscription("b@reader.example", tags=("film",), language="en", joined=datetime(2026, 1, 1, tzinfo=UTC))
    subscription(
        "c@reader.example", tags=("filmfest",), language="nb", joined=datetime(2026, 1, 31, 23, 30, tzinfo=UTC)
    )
    subscription("d@reader.example", tags=("50% off",), language="", joined=datetime(2026, 2, 1, tzinfo=UTC))


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
def test_it_picks(where: str, expected: str) -> None:
    found = Subscription.objects.receiving("kinaforum", AT, where)
    assert "".join(sorted(s.subscriber.address[0] for s in found)) == expected


@pytest.mark.parametrize(
    ("where", "sentence"),
    [
        ("tag", "'=' or '!=' is wanted after 'tag'"),
        ("tag =", "a tag is wanted after 'tag ='"),
        ("colour = red", "'tag' or 'language' or 'joined' is wanted, not 'colour' (character 1)"),
        ("tag = a b", "'and', 'or' or the end is wanted, not 'b' (character 9)"),
        ("(tag = a", "')' is wanted after '(tag = a'"),
        ("joined before yesterday", "a date such as 2026-01-31 is wanted, not 'yesterday'"),
        ("tag = a; drop table", "';' (character 8) can't stand there"),
        ('tag = "a', "'\"' (character 7) can't stand there"),
        ("tag = " + "a" * 1_000, "longer than 1000 characters"),
        ("not " * 30 + "tag = a", "more than 20 parentheses or 'not'"),
    ],
)
def test_it_says_what_is_wrong(where: str, sentence: str) -> None:
    with pytest.raises(WhereProblem) as told:
        parse_where(where)
    assert sentence in str(told.value)


@given(st.text(alphabet="tagnotoribed=!()\"' 0123456789-\x00é", max_size=60))
def test_anything_is_read_or_refused(text: str) -> None:
    try:
        parse_where(text)
    except WhereProblem as refused:
        told = str(refused)
    else:
        told = "where: read"
    assert told.startswith("where: ")
