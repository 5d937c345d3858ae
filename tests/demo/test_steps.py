"""Which week the demo sends: one that is over, so that what follows it has posts."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.demo.place import place
from newsletter.demo.sample_posts import published_by
from newsletter.demo.steps import last_full_week

TUESDAY = datetime(2026, 2, 10, 12, tzinfo=UTC)


@pytest.mark.parametrize("days", range(7))
def test_the_week_is_over_and_has_five_days_of_posts(days: int, tmp_path: Path) -> None:
    now = TUESDAY + timedelta(days=days)
    with place(tmp_path) as found:
        asked = last_full_week(now, found)
    since = asked.until - timedelta(days=7)
    assert asked.until <= now
    assert len({p.published.date() for p in published_by(now) if since <= p.published < asked.until}) == 5


@pytest.mark.parametrize("days", range(7))
def test_the_following_week_has_posts_too(days: int, tmp_path: Path) -> None:
    now = TUESDAY + timedelta(days=days)
    with place(tmp_path) as found:
        until = last_full_week(now, found).until
    assert sum(p.published >= until for p in published_by(now)) >= 3


def test_it_is_named_after_its_calendar_week(tmp_path: Path) -> None:
    with place(tmp_path) as found:
        assert last_full_week(TUESDAY, found).period == "2026-W06"
