"""Windows of editions: local days in every zone, across changes of the clock, with nothing between two."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, strategies as st

from newsletter import config
from newsletter.config import Moment, Newsletter, Period, next_moment
from newsletter.editions.selection.windows import (
    NoPeriod,
    RequestedWindow,
    bounds,
    moment_of,
    name_of,
    one_period_before,
    requested,
    window,
)

OSLO = ZoneInfo("Europe/Oslo")
ZONES = [
    "Europe/Oslo",
    "America/New_York",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Pacific/Kiritimati",
    "America/Sao_Paulo",
    "Africa/Casablanca",
]
PERIODS: list[Period] = ["day", "week", "month"]

zones = st.sampled_from(ZONES).map(ZoneInfo)
instants = st.datetimes(datetime(2005, 1, 1), datetime(2038, 1, 1), timezones=st.just(UTC))
clocks = st.times(max_value=time(23, 59)).map(lambda at: at.replace(second=0, microsecond=0))


def moments(period: Period) -> st.SearchStrategy[Moment]:
    """Any moment that a newsletter of this period may have."""
    if period == "week":
        return st.builds(Moment, clocks, weekday=st.integers(0, 6))
    return st.builds(Moment, clocks, day=st.integers(1, 28)) if period == "month" else st.builds(Moment, clocks)


pauses = st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=40)), max_size=6)
schedules = st.sampled_from(PERIODS).flatmap(lambda period: st.tuples(st.just(period), moments(period)))


def newsletter(period: Period, send: Moment, zone: str) -> Newsletter:
    return config.Newsletter(  # the alias `from` is no name that Python knows
        title="Kinaforum",
        sender="brev@example.org",
        address="Oslo",
        sources=(config.SourceSettings(url="https://kinaforum.example/"),),
        period=period,
        send=send,
        timezone=zone,
    )


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("period", "since", "until"),
    [
        ("2026-W06", "2026-02-01T23:00", "2026-02-08T23:00"),
        ("2026-02-06", "2026-02-05T23:00", "2026-02-06T23:00"),
        ("2026-02", "2026-01-31T23:00", "2026-02-28T23:00"),
        ("2026-W13", "2026-03-22T23:00", "2026-03-29T22:00"),
        ("2026-10-25", "2026-10-24T22:00", "2026-10-25T23:00"),
        ("2026-12", "2026-11-30T23:00", "2026-12-31T23:00"),
        ("2020-W53", "2020-12-27T23:00", "2021-01-03T23:00"),
    ],
)
def test_a_period_is_its_local_days(period: str, since: str, until: str) -> None:
    assert bounds(period, OSLO) == (utc(since), utc(until))


@pytest.mark.parametrize("text", ["2026-W54", "2026-W00", "2026-02-30", "2026-13", "2026", "", "W06", "2026-W6", "x"])
def test_an_invalid_period_is_refused_by_name(text: str) -> None:
    forms = "; write a week as 2026-W06, a day as 2026-02-06, a month as 2026-02"
    with pytest.raises(NoPeriod, match=f"'{text}' (is not a period|does not exist){forms}"):
        bounds(text, OSLO)


@pytest.mark.parametrize("text", ["1000-W06", "1989-12-31", "1989-12", "2027-W08", "9998-01-01"])
def test_a_period_of_years_that_no_blog_has_is_refused(text: str) -> None:
    asked = RequestedWindow(until=bounds(text, OSLO)[1], period=text)
    week = newsletter("week", Moment(time(18), weekday=4), "Europe/Oslo")
    with pytest.raises(NoPeriod, match=f"no blog has posts from {text}; choose one from 1990 on that"):
        window(week, asked, [], utc("2026-02-06T12:00"))


@pytest.mark.parametrize("text", ["1990-W02", "1990-02", "2026-W06", "2027-02-06", "2027-W05"])
def test_a_period_of_years_that_blogs_have_is_accepted(text: str) -> None:
    asked = RequestedWindow(until=bounds(text, OSLO)[1], period=text)
    week = newsletter("week", Moment(time(18), weekday=4), "Europe/Oslo")
    assert window(week, asked, [], utc("2026-02-06T12:00")).period == text


def test_a_person_can_ask_for_no_period_before_blogs_began() -> None:
    week = newsletter("week", Moment(time(18), weekday=4), "Europe/Oslo")
    with pytest.raises(NoPeriod, match="no blog has posts from 1000-W06"):
        requested(week, "1000-02-06", utc("2026-02-06T12:00"))


@given(instants, zones, st.sampled_from(PERIODS))
def test_the_period_named_after_an_end_holds_the_instant_before_it(
    until: datetime, zone: ZoneInfo, period: Period
) -> None:
    first, last = bounds(name_of(until, period, zone), zone)
    assert first <= until - timedelta(microseconds=1) < last


@given(st.dates(date(2005, 1, 1), date(2037, 1, 1)), zones)
def test_days_follow_one_another_without_a_gap(day: date, zone: ZoneInfo) -> None:
    today, tomorrow = bounds(day.isoformat(), zone), bounds((day + timedelta(days=1)).isoformat(), zone)
    assert today[1] == tomorrow[0]
    assert timedelta() <= today[1] - today[0] <= timedelta(hours=25)


@given(schedules, zones, instants)
def test_a_repeating_moment_comes_round_on_each_of_its_days(
    schedule: tuple[Period, Moment], zone: ZoneInfo, after: datetime
) -> None:
    period, moment = schedule
    times = [after]
    for _ in range(4):
        times.append(next_moment(moment, zone, times[-1]))
    longest = {"day": 2, "week": 8, "month": 32}[period]
    for earlier, later in pairwise(times):
        assert earlier < later <= earlier + timedelta(days=longest)
    names = [name_of(at + timedelta(microseconds=1), period, zone) for at in times[1:]]
    assert len(set(names)) == len(names)


def test_a_time_that_spring_leaves_out_comes_as_much_later() -> None:
    assert next_moment(Moment(time(2, 30)), OSLO, utc("2026-03-28T20:00")) == utc("2026-03-29T01:30")


def test_a_time_that_autumn_repeats_comes_the_first_time_only() -> None:
    first = next_moment(Moment(time(2, 30)), OSLO, utc("2026-10-24T20:00"))
    assert first == utc("2026-10-25T00:30")
    assert next_moment(Moment(time(2, 30)), OSLO, first) == utc("2026-10-26T01:30")


@pytest.mark.parametrize(
    ("period", "until", "before"),
    [
        ("month", "2026-03-31T16:00", "2026-02-28T17:00"),
        ("week", "2026-04-03T16:00", "2026-03-27T17:00"),
        ("day", "2026-03-29T16:00", "2026-03-28T17:00"),
        ("month", "2026-01-15T17:00", "2025-12-15T17:00"),
    ],
)
def test_one_period_earlier_is_the_same_local_time(period: Period, until: str, before: str) -> None:
    assert one_period_before(utc(until), period, OSLO) == utc(before)


@given(
    schedules,
    st.sampled_from(ZONES),
    instants,
    st.lists(st.timedeltas(timedelta(minutes=1), timedelta(days=40)), max_size=6),
)
def test_windows_that_are_frozen_in_turn_leave_nothing_between_them(
    schedule: tuple[Period, Moment], zone: str, now: datetime, pauses: list[timedelta]
) -> None:
    ends: list[datetime] = []
    written = newsletter(*schedule, zone)
    for pause in pauses:
        planned = window(written, None, ends, now)
        assert planned.due_at == planned.until > now
        assert not ends or planned.since == ends[-1]
        ends.append(min(planned.until, now))
        now += pause


def test_an_asked_week_begins_where_the_last_edition_ended() -> None:
    written = newsletter("week", Moment(time(18), weekday=4), "Europe/Oslo")
    asked = RequestedWindow(until=bounds("2026-W06", OSLO)[1], period="2026-W06")
    planned = window(written, asked, [utc("2026-01-30T17:00"), utc("2026-02-13T17:00")], utc("2026-02-20T12:00"))
    assert (planned.since, planned.until) == (utc("2026-01-30T17:00"), utc("2026-02-08T23:00"))
    assert (planned.period, planned.due_at) == ("2026-W06", None)


def test_a_window_that_ends_before_it_begins_is_refused() -> None:
    written = newsletter("week", Moment(time(18), weekday=4), "Europe/Oslo")
    with pytest.raises(NoPeriod, match=r"would end .* before it begins"):
        window(
            written,
            RequestedWindow(until=utc("2026-02-01T00:00"), since=utc("2026-02-02T00:00")),
            [],
            utc("2026-02-01T00:00"),
        )


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2026-02-06", "2026-02-05T23:00"),
        ("2026-07-06T18:00", "2026-07-06T16:00"),
        ("2026-02-06T18:00+05:30", "2026-02-06T12:30"),
        (" 2026-02-06T18:00Z ", "2026-02-06T18:00"),
    ],
)
def test_a_time_without_an_offset_is_local(text: str, meant: str) -> None:
    assert moment_of(text, OSLO) == utc(meant)


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59", "0001-01-01", "0001-01-01T00:00+14:00"]
)
def test_a_time_outside_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(NoPeriod, match="is not a time"):
        moment_of(text, OSLO)


def test_an_hour_that_the_clock_skips_is_refused() -> None:
    with pytest.raises(NoPeriod, match=r"clocks in Europe/Oslo skip that time.* such as 2026-03-29 01:30 UTC"):
        moment_of("2026-03-29T02:30", OSLO)
    assert moment_of("2026-10-25T02:30", OSLO) == utc("2026-10-25T00:30")


def test_an_invalid_time_is_refused_by_name() -> None:
    with pytest.raises(NoPeriod, match="'yesterday' is not a time"):
        moment_of("yesterday", OSLO)
