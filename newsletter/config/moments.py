"""When a recurring local time occurs."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from newsletter.config.values import Moment


def next_moment(moment: Moment, zone: ZoneInfo, after: datetime) -> datetime:
    """Return the first occurrence of a recurring local time after `after`, in UTC.

    A time that clocks skip in spring is moved forward by as much; one that they repeat in autumn occurs the first time.
    """
    day = after.astimezone(zone).date() - timedelta(days=1)
    while True:
        if _falls_on(moment, day):
            at = datetime.combine(day, moment.at, zone).astimezone(UTC)
            if at > after:
                return at
        day += timedelta(days=1)


def _falls_on(moment: Moment, day: date) -> bool:
    if moment.weekday is not None:
        return day.weekday() == moment.weekday
    return moment.day is None or day.day == moment.day
