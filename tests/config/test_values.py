"""Value types of `config.toml`."""

from collections.abc import Callable
from contextlib import suppress
from datetime import time, timedelta

import pytest
from hypothesis import given, strategies as st

from newsletter.config import Moment, NamedAddress, Rate
from newsletter.config.values import (
    parse_address,
    parse_colour,
    parse_duration,
    parse_language,
    parse_mailbox,
    parse_moment,
    parse_months,
    parse_rate,
    parse_size,
    parse_timezone,
)
from newsletter.messages import Problem

PARSERS = (
    parse_address,
    parse_colour,
    parse_duration,
    parse_language,
    parse_mailbox,
    parse_moment,
    parse_months,
    parse_rate,
    parse_size,
    parse_timezone,
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("20s", timedelta(seconds=20)),
        ("1.5 h", timedelta(minutes=90)),
        ("250ms", timedelta(milliseconds=250)),
        ("30d", timedelta(days=30)),
    ],
)
def test_durations(text: str, value: timedelta) -> None:
    assert parse_duration(text) == value


@pytest.mark.parametrize(("text", "value"), [("100 KB", 100_000), ("1KiB", 1024), ("8MB", 8_000_000), (17, 17)])
def test_sizes(text: object, value: int) -> None:
    assert parse_size(text) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", Rate(0, 1)),
        (5, Rate(5, 1)),
        ("20/s", Rate(20, 1)),
        ("5_000/h", Rate(5000, 3600)),
        ("1 / min", Rate(1, 60)),
    ],
)
def test_rates(text: object, value: Rate) -> None:
    assert parse_rate(text) == value


def test_the_rate_per_second() -> None:
    assert (Rate(7200, 3600).per_second, Rate(0, 1).per_second) == (2.0, 0.0)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("fri 15:00", Moment(time(15), weekday=4)),
        ("Friday 9:05", Moment(time(9, 5), weekday=4)),
        ("00:00", Moment(time())),
        ("28 23:59", Moment(time(23, 59), day=28)),
    ],
)
def test_moments(text: str, value: Moment) -> None:
    assert parse_moment(text) == value


@pytest.mark.parametrize("text", ["24:00", "12:60", "29 10:00", "0 10:00", "fri", "fri 15", "", 15, "fri  sat 10:00"])
def test_invalid_times(text: object) -> None:
    with pytest.raises(ValueError, match=r"not a time|weekday|day of the month"):
        parse_moment(text)


@pytest.mark.parametrize(
    ("text", "name", "address"),
    [
        ("Kinaforum <brev@Example.ORG>", "Kinaforum", "brev@example.org"),
        ("brev@example.org", "", "brev@example.org"),
        ('"Ål, by" <brev@example.org>', "Ål, by", "brev@example.org"),
    ],
)
def test_mailboxes(text: str, name: str, address: str) -> None:
    found = parse_mailbox(text)
    assert found == NamedAddress(name, address)
    assert parse_mailbox(str(found)).address == address


@pytest.mark.parametrize(
    "text",
    [
        "A <a@x.example>, B <b@x.example>", "a@x.example, b@x.example", "A <a@x.example> <b@x.example>",
        "a@x.example <b@x.example>", "Ål, by <brev@example.org>",
    ],
)  # fmt: skip
def test_several_mailboxes_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not one sender; write one address"):
        parse_mailbox(text)


@pytest.mark.parametrize("text", ["Kinaforum", "a@b@c.example", "x <y>", "a@example.org\nBcc: b@example.org", 5, ""])
def test_invalid_mailboxes(text: object) -> None:
    with pytest.raises(ValueError, match=r"is not an? (sender|email address)"):
        parse_mailbox(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("#FFF", "#ffffff"),
        ("#b3261e", "#b3261e"),
        ("1f5fa8", "#1f5fa8"),
        (" FfF ", "#ffffff"),
    ],
)
def test_colours(text: str, value: str) -> None:
    assert parse_colour(text) == value


def test_a_time_zone_is_one_that_the_database_knows() -> None:
    assert parse_timezone("Asia/Kathmandu") == "Asia/Kathmandu"
    with pytest.raises(ValueError, match="'Asia/Katmandoo' is not a time zone; did you mean 'Asia/Kat"):
        parse_timezone("Asia/Katmandoo")


@pytest.mark.parametrize(("parse", "text"), [(parse_duration, "9" * 12 + "d"), (parse_size, "9" * 400 + " MB")])
def test_values_that_are_too_large_are_refused(parse: Callable[[str], object], text: str) -> None:
    with pytest.raises(ValueError, match=f"'{text}' is too l(ong a duration|arge a size)"):
        parse(text)


@given(st.sampled_from(PARSERS), st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.text(), max_size=2))
def test_any_value_is_read_or_refused(parse: Callable[[object], object], value: object) -> None:
    with suppress(ValueError):
        parse(value)


@pytest.mark.parametrize(
    ("text", "value"), [("", ""), ("24 months", "24 months"), ("2 years", "24 months"), (" 1 year ", "12 months")]
)
def test_months(text: str, value: str) -> None:
    assert parse_months(text) == value


@pytest.mark.parametrize("text", ["5 months", "11 years", "24", "24 weeks", "x", "٢٤ months", 24, None, "9" * 5_000])
def test_invalid_months(text: object) -> None:
    with pytest.raises(Problem, match="6 to 120 months"):
        parse_months(text)
