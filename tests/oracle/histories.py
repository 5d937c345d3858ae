"""Histories that once broke "each post once", and the end of every history: two quiet periods of each cadence."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from newsletter.models import State
from tests.oracle import acts
from tests.oracle.blog import Settings
from tests.oracle.fast import FastSite
from tests.oracle.site import OracleSite

HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
MONDAY = datetime(2026, 2, 23, 9, tzinfo=UTC)
DAILY, WEEKLY = Settings(period="day"), Settings(period="week")
DAILY_OR_WEEKLY = Settings(period="day", cadences=("day", "week"))
TOPICS = {"film": frozenset({"film"}), "books": frozenset({"books"})}
QUIET = {"post": 2 * DAY, "day": 3 * DAY, "week": 15 * DAY, "month": 62 * DAY}
"""Two whole periods of each cadence."""


@dataclass(frozen=True, slots=True)
class History:
    """What happens, beginning at a time with some settings; see `FastSite` for `busy`."""

    settings: Settings
    happens: Callable[[OracleSite], None]
    start: datetime = MONDAY
    busy: bool = False


def played(history: History, site: OracleSite | None = None) -> list[acts.Act]:
    """Play a history to its end, in this process if no site is given, and return its log."""
    site = site or FastSite(history.start, history.settings, busy=history.busy)
    with site.open():
        history.happens(site)
        finish(site)
    return site.log


def finish(site: OracleSite) -> None:
    """Let editors do what waits, and two quiet periods of each cadence pass."""
    site.blog.down = False
    site.blog.unlisted.clear()
    site.configure(replace(site.settings, minimum_posts=1, skip=(), host=site.blog.host, status="active"))
    site.editor_at_work = True
    site.collect()
    quiet_since = site.now
    for name in site.editions(State.DRAFT):  # of which an editor left out all posts, and decided nothing
        if site.out.get(name) and not site.inside(name):
            site.unlock(name, reopen=False)
    for name in site.editions(State.APPROVED):
        site.send(name)
    site.deliver()
    site.wait(QUIET["day"])
    for cadence in ("week", "month"):
        while cadence in site.settings.offered and site.now < quiet_since + QUIET[cadence]:
            site.skip(cadence, quiet_since + QUIET[cadence])
    site.log.append(acts.Ended(site.now, quiet_since))


def _switched_to_weekly(site: OracleSite) -> None:
    """A weekly newsletter becomes daily, then both; a reader of the daily editions chooses `week`."""
    site.collect()
    site.join("r")
    site.publish()
    site.wait(5 * DAY)
    site.configure(DAILY)
    for _ in range(2):
        site.publish()
        site.wait(DAY)
    site.configure(DAILY_OR_WEEKLY)
    site.choose_cadence("r", "week")
    for _ in range(2):
        site.publish()
        site.wait(DAY)


def _dated_tomorrow(site: OracleSite) -> None:
    """A weekly draft has a post that is dated tomorrow, and is sent today, after the daily edition."""
    site.collect()
    site.join("daily", "day")
    site.join("weekly", "week")
    site.wait(DAY)
    site.publish()
    site.publish(site.now.replace(hour=8) + DAY)
    weekly = site.draft("week")
    site.publish()
    site.wait(10 * HOUR)
    site.approve(weekly)
    site.send(weekly)
    site.wait(DAY)


def _daily_first(site: OracleSite) -> None:
    """Daily and weekly editions leave at the same hour, and the audience of the daily one is fixed first."""
    site.collect()
    site.join("daily", "day")
    site.join("weekly", "week")
    for _ in range(3):
        site.wait(DAY)
        site.publish()
        site.wait(3 * DAY)
        site.publish()
        site.wait(3 * DAY)


def _joined_after(site: OracleSite) -> None:
    """Somebody joins a monthly newsletter that was sent each day and each week before."""
    site.collect()
    site.join("r")
    site.wait(5 * DAY)
    site.configure(replace(DAILY_OR_WEEKLY, period="week", cadences=("week", "day")))
    site.join("daily", "day")
    for _ in range(4):
        site.publish()
        site.wait(DAY)
    site.configure(Settings(period="month"))
    site.look()
    site.join("late")
    site.wait(DAY)


def _before_the_first_period(site: OracleSite) -> None:
    """A blog has posts of the week before the newsletter is set up."""
    for days in (1.5, 3, 5):
        site.publish(site.now - timedelta(days=days))
    site.collect()
    for cadence in ("post", "day", "week"):
        site.join(cadence, cadence)
    site.wait(DAY)
    site.publish()
    site.wait(7 * DAY)


def _found_an_hour_later(site: OracleSite) -> None:
    """A post that is dated before the newsletter was set up appears an hour later."""
    site.publish(site.now - 5 * DAY)
    site.collect()
    site.join("r")
    site.publish(site.now - 23 * HOUR)
    site.wait(HOUR)


HISTORIES = {
    "twice: a reader of daily editions chooses weekly ones": History(WEEKLY, _switched_to_weekly),
    "lost: a weekly draft has a post that is dated tomorrow": History(
        Settings(period="week", cadences=("day", "week")), _dated_tomorrow
    ),
    "starved: the audience of the daily edition is fixed first": History(DAILY_OR_WEEKLY, _daily_first, busy=True),
    "old posts for a newcomer to a monthly newsletter": History(WEEKLY, _joined_after),
    "older than the newsletter": History(
        Settings(period="week", cadences=("week", "day", "post")), _before_the_first_period
    ),
    "found an hour after the newsletter was set up": History(WEEKLY, _found_an_hour_later),
}
