"""The sample posts: always a fortnight of them, the same for the same day, untidy as blogs are."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, strategies as st

from newsletter.demo.sample_posts import ZONE, published_by
from newsletter.feeds.html.clean import clean

NOON = datetime(2026, 2, 10, 12, tzinfo=UTC)
moments = st.datetimes(datetime(2024, 2, 1), datetime(2040, 1, 1), timezones=st.just(UTC))


@given(moments)
def test_no_text_comes_twice_within_the_fortnight(now: datetime) -> None:
    titles = [p.title for p in published_by(now)]
    assert len(titles) == len(set(titles))


@given(moments)
def test_addresses_and_numbers_are_its_own(now: datetime) -> None:
    posts = published_by(now)
    assert len({p.path for p in posts}) == len({p.number for p in posts}) == len(posts)


@given(moments)
def test_nothing_is_dated_ahead_or_at_a_weekend(now: datetime) -> None:
    assert all(p.published <= now and p.published.astimezone(ZONE).weekday() < 5 for p in published_by(now))


@pytest.mark.parametrize("weekday", range(7))
def test_the_last_seven_days_have_posts_whatever_day_it_is(weekday: int) -> None:
    now = NOON + timedelta(days=weekday)
    assert sum(p.published > now - timedelta(days=7) for p in published_by(now)) >= 14


def test_a_day_has_the_same_posts_on_the_next_day() -> None:
    day = date(2026, 2, 9)
    seen = [[p for p in published_by(n) if p.published.date() == day] for n in (NOON, NOON + timedelta(days=1))]
    assert seen[0] == seen[1]
    assert len(seen[0]) >= 3


def test_newest_first() -> None:
    times = [p.published for p in published_by(NOON)]
    assert times == sorted(times, reverse=True)


def test_times_are_those_of_oslo() -> None:
    post = next(p for p in published_by(NOON) if p.published.date() == date(2026, 2, 9))
    assert post.published.utcoffset() == timedelta(hours=1)
    assert post.published.time() > time(6)


def test_some_paragraphs_are_doubled() -> None:
    assert any(len(set(p.paragraphs)) < len(p.paragraphs) for p in published_by(NOON))


def test_no_doubled_paragraph_is_left_in_an_email() -> None:
    for post in published_by(NOON):
        html = clean(post.html("http://blog.example")).html
        assert [html.count(f"<p>{p}</p>") for p in set(post.paragraphs)] == [1] * len(set(post.paragraphs)), post.title


def test_some_posts_end_with_a_lone_read_more() -> None:
    post = next(p for p in published_by(NOON) if p.more)
    assert post.html("http://blog.example").endswith(f'<p><a href="http://blog.example{post.path}">Read more</a></p>')


def test_a_picture_tells_its_size_and_what_it_shows() -> None:
    post = next(p for p in published_by(NOON) if p.alt)
    html = post.html("http://blog.example")
    assert (
        f'<img alt="{post.alt}" border="0" height="360" src="http://blog.example{post.picture}" width="640" />' in html
    )
