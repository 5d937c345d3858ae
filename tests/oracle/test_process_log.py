"""What the form with processes logs for the judge, without a process."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.oracle.acts import Read
from tests.oracle.blog import Settings
from tests.oracle.processes import ProcessSite

MONDAY = datetime(2026, 2, 23, 9, tzinfo=UTC)


def test_a_feed_reaches_back_to_its_oldest_post_and_an_empty_one_to_all(tmp_path: Path) -> None:
    site = ProcessSite(MONDAY, Settings(period="day"), tmp_path)
    site._note_reading(site.blog, site.blog.listed())
    site.publish(MONDAY - timedelta(hours=1))
    site.publish(MONDAY)
    site._note_reading(site.blog, site.blog.listed())
    readings = [each.reaches_back_to for each in site.log if isinstance(each, Read)]
    assert readings == [datetime(1900, 1, 1, tzinfo=UTC), MONDAY - timedelta(hours=1)]
