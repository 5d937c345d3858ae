"""The window of time that an edition covers, and its name. Pure functions.

Windows are half-open, `[since, until)`, in UTC. They follow local days of the newsletter's time zone, also when clocks
change, and each begins where the last approved one ended, so that no post is missed.
"""

import re
from calendar import monthrange
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from newsletter.config import Cadence, Newsletter, next_moment
from newsletter.domain.cadence import edition_name
from newsletter.domain.found_post import FoundPost
from newsletter.editions.problems import Impossible
from newsletter.messages import editions as messages

EARLIEST, FURTHEST = datetime(1990, 1, 2, tzinfo=UTC), timedelta(days=367)
"""When an edition may end, at the earliest, and how far ahead of now: a year, with a leap day and a time zone."""


class NoPeriod(Impossible):
    """A week, day, month or time is invalid."""


@dataclass(frozen=True, slots=True)
class RequestedWindow:
    """A window requested by dates; `since` None means from the last edition on."""

    until: datetime
    since: datetime | None = None
    period: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """`[since, until)` in UTC, the edition's period (`2026-W06`), and its scheduled time, if any."""

    since: datetime
    until: datetime
    period: str
    due_at: datetime | None = None


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the instant at which a local day begins, in UTC."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def bounds(period: str, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return a calendar period (2026-W06, 2026-02-06 or 2026-02) as `[start, end)` in UTC."""
    try:
        if re.fullmatch(r"\d{4}-W\d{2}", period):
            first_day = date.fromisoformat(period)
            end = first_day + timedelta(days=7)
        elif re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
            first_day = date.fromisoformat(period)
            end = first_day + timedelta(days=1)
        elif re.fullmatch(r"\d{4}-\d{2}", period):
            first_day = date.fromisoformat(f"{period}-01")
            end = _months_later(first_day, 1)
        else:
            raise NoPeriod(messages.NOT_A_PERIOD(text=period))
        return midnight(first_day, zone), midnight(end, zone)
    except (ValueError, OverflowError) as e:
        raise NoPeriod(messages.NO_SUCH_PERIOD(text=period)) from e


def name_of(until: datetime, period: Cadence, zone: ZoneInfo) -> str:
    """Return the name of the period that contains the instant before `until`; a single post has its day."""
    last_day = (until - timedelta(microseconds=1)).astimezone(zone).date()
    if period == "week":
        year, week, _ = last_day.isocalendar()
        return f"{year:04}-W{week:02}"
    return f"{last_day:%Y-%m}" if period == "month" else last_day.isoformat()


def one_period_before(until: datetime, period: Cadence, zone: ZoneInfo) -> datetime:
    """Return the same local time a day, a week or a month earlier, in UTC."""
    local = until.astimezone(zone).replace(tzinfo=None, fold=0)
    if period == "month":
        day = _months_later(local.date().replace(day=1), -1)
        earlier = datetime.combine(day.replace(day=min(local.day, monthrange(day.year, day.month)[1])), local.time())
    else:
        earlier = local - timedelta(days=7 if period == "week" else 1)
    return earlier.replace(tzinfo=zone).astimezone(UTC)


def window(
    newsletter: Newsletter, requested_window: RequestedWindow | None, frozen: Iterable[datetime], now: datetime
) -> Window:
    """Return the window of the edition to draft at `now`; `frozen` has the ends of approved editions' windows.

    That of a single post ends now. Raises NoPeriod if another is requested, or one of years that no blog
    has posts from.
    """
    zone = newsletter.zone
    if newsletter.by_post:
        if requested_window is not None:
            raise NoPeriod(messages.POST_HAS_NO_PERIOD())
        until, due = just_after(now), None
    elif requested_window is None:
        until = due = next_moment(newsletter.send_moment, zone, now)
    else:
        until, due = requested_window.until.astimezone(UTC), None
        _check_year(requested_window.period or name_of(until, newsletter.period, zone), until, now)
    earlier = [u for u in frozen if u < until]
    since = requested_window.since.astimezone(UTC) if requested_window and requested_window.since else None
    since = since or (max(earlier) if earlier else one_period_before(until, newsletter.period, zone))
    if since >= until:
        raise NoPeriod(messages.PERIOD_ENDS_FIRST(since=since, until=until))
    name = (requested_window.period if requested_window else "") or name_of(until, newsletter.period, zone)
    return Window(since, until, edition_name(name, newsletter.period, newsletter.default_cadence), due)


def _check_year(name: str, until: datetime, now: datetime) -> None:
    """Raise NoPeriod for a period that a slip of the keyboard made."""
    if not EARLIEST < until <= now + FURTHEST:
        raise NoPeriod(messages.PERIOD_IMPLAUSIBLE(period=name, first=str(EARLIEST.year)))


def just_after(now: datetime) -> datetime:
    """Return the end of a window that contains this moment."""
    return now.astimezone(UTC) + timedelta(microseconds=1)


def requested(newsletter: Newsletter, period: str, now: datetime) -> RequestedWindow:
    """Return the window of a period that a person asks for; a day stands for the newsletter's period that it is in.

    Raises NoPeriod if it is not a period, or has not begun.
    """
    start, end = bounds(period, newsletter.zone)
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", period):
        period = name_of(end, newsletter.period, newsletter.zone)
        start, end = bounds(period, newsletter.zone)
    if start > now:
        raise NoPeriod(messages.PERIOD_NOT_BEGUN(period=period))
    _check_year(period, end, now)
    return RequestedWindow(until=end, period=period)


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """Parse an ISO 8601 time, local without an offset; a date alone is its midnight.

    Raises NoPeriod if it can't be parsed, can't be represented as a datetime in UTC, or is in the hour that clocks
    skip in spring.
    """
    try:
        moment = datetime.fromisoformat(text.strip())
        instant = (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)
        if instant.year == MAXYEAR:
            raise OverflowError("the end of its period may not be a time")
        is_local_time = moment.tzinfo is None and len(text.strip()) > len("2026-02-06")
        if is_local_time and instant.astimezone(zone).replace(tzinfo=None, fold=0) != moment.replace(fold=0):
            raise NoPeriod(messages.TIME_SKIPPED(zone=zone.key, at=instant))
    except (ValueError, OverflowError):
        raise NoPeriod(messages.NOT_A_TIME(text=text)) from None
    return instant


def _months_later(first_day: date, months: int) -> date:
    """Return the first day of the month that many months later."""
    count = first_day.year * 12 + first_day.month - 1 + months
    return date(count // 12, count % 12 + 1, 1)


def of_first_draft(posts: Iterable[FoundPost], newsletter: Newsletter, now: datetime) -> list[FoundPost]:
    """Return the posts that the first draft will have, newest first: those of one period, up to the next sending.

    What is dated before one period before its source is first read is never sent (`newsletter/editions/offers`).
    """
    since = one_period_before(now, newsletter.period, newsletter.zone)
    until = next_moment(newsletter.send_moment, newsletter.zone, now)
    dated = [(post.published, post) for post in posts if post.published and since <= post.published < until]
    dated.sort(key=lambda row: row[0], reverse=True)
    return [post for _, post in dated][: newsletter.maximum_posts]
