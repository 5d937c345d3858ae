"""Which stretch of time an edition covers, and what it is called. Pure.

Promises: windows are half open, `[since, until)`, in UTC; they follow local days of the newsletter's zone across
changes of the clock; each begins where the last frozen one ended, so that nothing falls between two.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from newsletter.config import Moment, Newsletter
from newsletter.jobs.problems import JobProblem

Period = Literal["day", "week", "month"]
SECOND = re.compile(r"\.\d+$")


class NoPeriod(JobProblem):
    """A week, day, month or time that can't be read."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A window that somebody asked for by dates; `since` None: from the last edition on."""

    until: datetime
    since: datetime | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """`[since, until)` in UTC, the edition's period (`2026-W06`), and when it leaves by itself, if it does."""

    since: datetime
    until: datetime
    period: str
    due_at: datetime | None = None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a local day begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def bounds(period: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """The calendar period of that name, `[start, end)` in UTC: 2026-W06, 2026-02-06 or 2026-02."""
    try:
        if found := re.fullmatch(r"(\d{4})-W(\d{2})", period):
            first = date.fromisocalendar(int(found[1]), int(found[2]), 1)
            return midnight(first, zone), midnight(first + timedelta(days=7), zone)
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
            first = date.fromisoformat(period)
            return midnight(first, zone), midnight(first + timedelta(days=1), zone)
        if re.fullmatch(r"\d{4}-\d{2}", period):
            first = date.fromisoformat(f"{period}-01")
            return midnight(first, zone), midnight(_months_later(first, 1), zone)
    except (ValueError, OverflowError) as e:
        raise NoPeriod(f"'{period}' is no period: {e}") from e
    raise NoPeriod(f"'{period}' is no period; write a week as 2026-W06, a day as 2026-02-06, a month as 2026-02")


def name_of(until: datetime, period: Period, zone: ZoneInfo) -> str:
    """The name of the period that holds the instant before `until`."""
    last = (until - timedelta(microseconds=1)).astimezone(zone).date()
    if period == "week":
        year, week, _ = last.isocalendar()
        return f"{year:04}-W{week:02}"
    return last.isoformat() if period == "day" else f"{last:%Y-%m}"


def one_period_before(until: datetime, period: Period, zone: ZoneInfo) -> datetime:
    """The same local time a day, a week or a month earlier, in UTC."""
    local = until.astimezone(zone).replace(tzinfo=None, fold=0)
    if period == "month":
        day = _months_later(local.date().replace(day=1), -1)
        earlier = datetime.combine(day.replace(day=min(local.day, _days_in(day))), local.time())
    else:
        earlier = local - timedelta(days=7 if period == "week" else 1)
    return earlier.replace(tzinfo=zone).astimezone(UTC)


def next_moment(moment: Moment, zone: ZoneInfo, after: datetime) -> datetime:
    """The first time after `after` at which a repeating local moment comes round, in UTC.

    A time that the clock leaves out in spring comes as much later; one that it repeats in autumn comes the first time.
    """
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        if _falls_on(moment, day):
            at = datetime.combine(day, moment.at, zone).astimezone(UTC)
            if at > after:
                return at
        day += timedelta(days=1)


def window(newsletter: Newsletter, asked: Asked | None, frozen: Iterable[datetime], now: datetime) -> Window:
    """The window of the edition to be drafted at `now`; `frozen` are the `until` of those that are frozen already."""
    zone = newsletter.zone
    if asked is None:
        until = due = next_moment(newsletter.send_moment, zone, now)
    else:
        until, due = asked.until.astimezone(UTC), None
    earlier = [u for u in frozen if u < until]
    since = asked.since.astimezone(UTC) if asked and asked.since else None
    since = since or (max(earlier) if earlier else one_period_before(until, newsletter.period, zone))
    if since >= until:
        raise NoPeriod(f"the window would end ({until:%F %T}Z) before it begins ({since:%F %T}Z)")
    name = (asked.period if asked else "") or name_of(until, newsletter.period, zone)
    return Window(since, until, name, due)


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """A time as people write it, ISO 8601; without an offset it is local. A bare date is its midnight."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise NoPeriod(f"'{text}' is no time; write such as 2026-02-06T18:00, with or without an offset") from None
    return (found if found.tzinfo else found.replace(tzinfo=zone)).astimezone(UTC)


def _falls_on(moment: Moment, day: date) -> bool:
    if moment.weekday is not None:
        return day.weekday() == moment.weekday
    return moment.day is None or day.day == moment.day


def _months_later(first: date, months: int) -> date:
    """The first of the month so many months later."""
    count = first.year * 12 + first.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def _days_in(first: date) -> int:
    return (_months_later(first, 1) - first).days
