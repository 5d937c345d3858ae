"""Histories by real emails: `newsletter run` with a moved clock, its API, public pages and a mail server.

`make check` plays the shortest of them, and `make soak` all.
"""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.e2e.wall import Wall
from tests.oracle.histories import DAILY, HISTORIES, played
from tests.oracle.judge import judge
from tests.oracle.processes import ProcessSite
from tests.oracle.program import ClockSite, clock_server

pytestmark = pytest.mark.e2e
SHORT = "found an hour after the newsletter was set up"
LONG = (pytest.param(name, marks=pytest.mark.soak) for name in HISTORIES if name != SHORT)


def next_monday() -> datetime:
    """The time at which a history begins: the clock of a program can be set on, but not before its files were made."""
    today = datetime.now(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
    return today + timedelta(days=7 - today.weekday() + 7)


@pytest.mark.soak
def test_the_first_program_begins_with_the_clock_of_its_site(tmp_path: Path) -> None:
    """A fork would go on for a second with the time that its server has read from a clock's file."""
    clock_server.cache_clear()
    wall = Wall(tmp_path)
    wall.set("+10d")
    site = ClockSite(tmp_path, DAILY.text("http://127.0.0.1:9/feed"))
    site.environment |= wall.environment
    program = site.begin([sys.executable, "-c", "import time; print(time.time())"])
    begun_at = datetime.fromtimestamp(float(program.communicate(timeout=60)[0]), UTC)
    assert begun_at - datetime.now(UTC) > timedelta(days=9)


@pytest.mark.parametrize("name", [SHORT, *LONG])
def test_each_reader_gets_each_post_once(name: str, tmp_path: Path) -> None:
    history = HISTORIES[name]
    judgement = judge(played(history, ProcessSite(next_monday(), history.settings, tmp_path)))
    assert not judgement.violations, "\n".join(map(str, judgement.violations))
    assert judgement.pairs
    assert judgement.share < 0.05, judgement
