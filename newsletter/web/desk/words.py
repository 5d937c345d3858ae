"""How the desk says things: times, states, numbers, differences; in the language of whoever looks."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from babel.dates import format_date, format_datetime, format_skeleton, format_timedelta
from babel.numbers import format_decimal, format_percent
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from newsletter.models import Edition, State
from newsletter.web.desk.said import in_words

SILENT = ("content", "position", "moved_rank")
"""What the audit log keeps of a post for the program alone."""


def language() -> str:
    """The language of the page, as CLDR names it."""
    return (get_language() or "en").replace("-", "_")


def moment(at: datetime | None, zone: tzinfo = UTC) -> str:
    """A point in time with its weekday: `Fri 6 Feb, 18:00`; "" for none."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    day = format_skeleton(
        "MMMEd" if local.year == timezone.now().astimezone(zone).year else "yMMMEd", local, locale=language()
    )
    return f"{day}, {format_datetime(local, 'HH:mm', locale=language())}"


def clock(at: datetime | None, zone: tzinfo = UTC) -> str:
    """The time of day: `18:00`; "" for none."""
    return format_datetime(at.astimezone(zone), "HH:mm", locale=language()) if at else ""


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """How long ago, or how soon: `2 hours ago`, `in 3 days`; "" for none."""
    if at is None:
        return ""
    return format_timedelta(at - (now or timezone.now()), add_direction=True, locale=language())


def span(length: timedelta) -> str:
    """A length of time in its largest unit: `4 minutes`."""
    return format_timedelta(length, locale=language())


def number(value: float) -> str:
    """A number with its thousands apart."""
    return format_decimal(value, locale=language())


def share(part: int, whole: int) -> str:
    """A part of a whole in per cent, with one decimal; a dash where there is no whole."""
    if not whole:
        return "–"
    return format_percent(part / whole, format="#,##0.0 %" if language() != "en" else "#,##0.0%", locale=language())


def state(value: str) -> str:
    """An edition's state in a word."""
    return {
        State.DRAFT: _("Draft"),
        State.APPROVED: _("Approved"),
        State.QUEUED: _("Queued"),
        State.SENDING: _("Sending"),
        State.PAUSED: _("Paused"),
        State.SENT: _("Sent"),
        State.CANCELLED: _("Cancelled"),
        State.SKIPPED: _("Skipped"),
    }[State(value)]


def standing(edition: Edition, zone: tzinfo) -> str:
    """Where an edition stands, in a sentence."""
    name, when = State(edition.state), words_for_time(edition, zone)
    return {
        State.DRAFT: _draft(edition, zone),
        State.APPROVED: _("Leaves %(when)s.") % {"when": due}
        if (due := _due(edition, zone))
        else _("Approved %(when)s; not sent yet.") % {"when": when},
        State.QUEUED: _("Leaves %(when)s.") % {"when": when},
        State.SENDING: _("On its way since %(when)s.") % {"when": when},
        State.PAUSED: _("Paused: %(reason)s") % {"reason": in_words(edition.reason) or _("by an editor.")},
        State.SENT: _("Sent %(when)s.") % {"when": when},
        State.CANCELLED: _("Cancelled. %(reason)s") % {"reason": in_words(edition.reason)},
        State.SKIPPED: _("Skipped. %(reason)s") % {"reason": in_words(edition.reason)},
    }[name].strip()


def _draft(edition: Edition, zone: tzinfo) -> str:
    refreshed, due = ago(edition.refreshed_at), _due(edition, zone)
    if due:
        return _("To leave %(when)s. Sources read %(ago)s.") % {"when": due, "ago": refreshed}
    return _("Sources read %(ago)s.") % {"ago": refreshed}


def _due(edition: Edition, zone: tzinfo) -> str:
    """When an edition is to leave, where that is ahead."""
    return moment(edition.due_at, zone) if edition.due_at and edition.due_at > timezone.now() else ""


def words_for_time(edition: Edition, zone: tzinfo) -> str:
    """The time that matters in an edition's present state."""
    at = {
        State.APPROVED: edition.approved_at,
        State.QUEUED: edition.due_at,
        State.SENDING: edition.began_at,
        State.SENT: edition.ended_at or edition.began_at,
    }.get(State(edition.state))
    return moment(at, zone)


def difference(before: Any, after: Any) -> list[tuple[str, str, str]]:
    """What differs between two states of a thing: key, before, after; only what changed, however deep it lies.

    Of a post its headline stands for its number; marks of what it holds, and its place, are no news to anybody.
    """
    return list(_differing("", before, after))


def _differing(name: str, before: Any, after: Any) -> Iterator[tuple[str, str, str]]:
    if not isinstance(before, Mapping) and not isinstance(after, Mapping):
        old, new = _plain(before), _plain(after)
        if old != new:
            yield name, old, new
        return
    was = before if isinstance(before, Mapping) else {}
    now = after if isinstance(after, Mapping) else {}
    name = str(now.get("headline") or was.get("headline") or name)
    for key in [*was, *(key for key in now if key not in was)]:
        if key not in SILENT:
            inner = f"{name}, {key}" if name and name != "posts" else str(key)
            yield from _differing(inner, was.get(key), now.get(key))


def _plain(value: Any) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(v) for v in value)
    return str(value)


def readers(count: int) -> str:
    """A number of readers: `1,214 readers`."""
    return ngettext("%(count)s reader", "%(count)s readers", count) % {"count": number(count)}


def day(at: datetime, zone: tzinfo = UTC) -> str:
    """A day without its weekday: `6 Feb 2026`."""
    return format_date(at.astimezone(zone).date(), "medium", locale=language())
