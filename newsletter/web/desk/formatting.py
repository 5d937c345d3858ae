"""Formats times, states, numbers and differences in the language of the page."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, tzinfo

from babel.dates import format_date, format_skeleton, format_timedelta
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent
from django.utils import timezone
from django.utils.translation import get_language, gettext, gettext as _, ngettext

from newsletter.config import Cadence
from newsletter.domain.cadence import cadence_in
from newsletter.editions import edition_names
from newsletter.editions.titles import title_of
from newsletter.messages import Message, acts, from_text, render, sending as sending_messages
from newsletter.messages.localized import Localized, time_of_day, with_time
from newsletter.models import Act, Edition, State
from newsletter.web.desk import users


def language() -> str:
    """Return the locale of the page, as CLDR names it; English dates are written day first."""
    code = (get_language() or "en").replace("-", "_")
    return "en_GB" if code == "en" else code


def period(edition: Edition, zone: tzinfo = UTC) -> str:
    """Return an edition's period in words: `Week 6, 2–8 February 2026`, and its cadence if it isn't the default.

    `zone` is the newsletter's time zone, which counts for letters that are approved.
    """
    if edition.welcome_id:
        return _("Welcome series email")
    title, name = title_of(edition, language().replace("_", "-"), zone), cadence_in(edition.period)
    return f"{title} · {cadence(name)}" if name else title


def cadence(of: Cadence) -> str:
    """Return a cadence in a word, as editors read it."""
    words = {"post": _("Every post"), "day": _("Daily"), "week": _("Weekly"), "month": _("Monthly")}
    return words[of]


def message(message: Message | None, zone: tzinfo = UTC, editions: Mapping[str, str] | None = None) -> str:
    """Return a message in the language of the page, with people by name and editions by title; "" for none.

    `editions` has the titles of editions for a list of messages, as `edition_titles` returns them.
    """
    if message is None:
        return ""
    titles = edition_titles([message]) if editions is None else editions
    renamed = _with_names(message).changed(lambda text: titles.get(text, text))
    return render(renamed, Localized(language(), gettext, ngettext, zone))


def edition_titles(messages: Iterable[Message | None]) -> Mapping[str, str]:
    """Return titles for the editions that messages name, by identifier: `“News of the week”`."""
    return edition_names.titles(filter(None, messages), period)


def titles_of(names: Iterable[str]) -> Mapping[str, str]:
    """Return titles for those of the names that are identifiers of editions."""
    return edition_names.titles_of(names, period)


def _with_names(message: Message) -> Message:
    who = dict(message.params).get("who")
    return message.renamed(who, users.names([who])[who]) if isinstance(who, str) else message


def stored(text: str) -> str:
    """Return a server's reply or a message, as a text column has it, in the language of the page."""
    return message(from_text(text))


def capital(sentence: str) -> str:
    """Return a sentence with a capital letter at its beginning, unless it begins with a name (a key, a file, an
    edition).
    """
    word = sentence.partition(" ")[0].rstrip(",:").removeprefix("e-")  # Norwegian words such as "e-postserveren"
    return (sentence[:1].upper() if word.isalpha() else sentence[:1]) + sentence[1:]


def sentence(text: str) -> str:
    """Return a text with a capital letter and a full stop."""
    return capital(text) + ("" if text.endswith((".", "!", "?")) else ".")


def moment(at: datetime | None, zone: tzinfo = UTC) -> str:
    """Return a time with its weekday: `Fri 6 Feb, 18:00`; "" for none."""
    if at is None:
        return ""
    local = at.astimezone(zone)
    day = format_skeleton(
        "MMMEd" if local.year == timezone.now().astimezone(zone).year else "yMMMEd", local, locale=language()
    )
    return with_time(_without_comma(day), clock(local, zone), language())


def _without_comma(day: str) -> str:
    """English dates have no comma behind the weekday, with a year or without: `Fri 6 Feb 2026`."""
    return day.replace(",", "") if language() == "en_GB" else day


def clock(at: datetime | None, zone: tzinfo = UTC) -> str:
    """Return the time of day: `18:00`, in Norwegian `18.00`; "" for none."""
    return time_of_day(at.astimezone(zone), language()) if at else ""


def ago(at: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago, or how soon: `2 hours ago`, `in 3 days`; "" for none."""
    if at is None:
        return ""
    return format_timedelta(at - (now or timezone.now()), add_direction=True, locale=language())


def span(length: timedelta) -> str:
    """Return a length of time in its largest unit: `4 minutes`."""
    return format_timedelta(length, locale=language())


def number(value: float) -> str:
    """Return a number with its thousands apart."""
    return format_decimal(value, locale=language())


def share(part: int, whole: int, decimals: int = 1) -> str:
    """Return a part of a whole in per cent, `100%` or with one decimal or more; a dash where there is no whole."""
    if not whole:
        return "–"
    space, decimal = "" if language() == "en_GB" else "\N{NO-BREAK SPACE}", "0" if 0 < part < whole else "#"
    return format_percent(part / whole, format=f"#,##0.{decimal * decimals}{space}%", locale=language())


def state(value: str) -> str:
    """Return an edition's state in a word."""
    return {
        State.DRAFT: _("Draft"),
        State.APPROVED: _("Approved"),
        State.QUEUED: _("Scheduled"),
        State.SENDING: _("Sending"),
        State.PAUSED: _("Paused"),
        State.SENT: _("Sent"),
        State.CANCELLED: _("Cancelled"),
        State.SKIPPED: _("Skipped"),
        State.IMPORTED: _("Imported"),
    }[State(value)]


def is_undelivered(edition: Edition) -> bool:
    """Return whether an edition's sending is over, and no email was accepted."""
    return edition.state == State.SENT and sending_messages.NONE_ACCEPTED.matches(edition.reason)


def edition_state(edition: Edition) -> tuple[str, str]:
    """Return an edition's state in a word, and its class of the style sheet; one that no server accepted failed."""
    if is_undelivered(edition):
        return _("Not delivered"), "failed"
    return state(edition.state), edition.state


def outcomes() -> dict[str, str]:
    """Return the states of a delivery in words, by their names in the database."""
    return {
        "accepted": _("accepted"),
        "pending": _("not sent yet"),
        "deferred": _("deferred"),
        "refused": _("refused"),
        "unknown": _("unconfirmed"),
        "skipped": _("skipped"),
    }


def standing(edition: Edition, zone: tzinfo) -> str:
    """Return where an edition stands, in a sentence."""
    name, when, due = State(edition.state), words_for_time(edition, zone), _due(edition, zone)
    scheduled = _("Scheduled for %(when)s.") % {"when": due} if due else ""
    return {
        State.DRAFT: _draft(edition, zone),
        State.APPROVED: scheduled or _approved(edition) % {"when": when},
        State.QUEUED: scheduled or _("Sending begins as soon as possible."),
        State.SENDING: _("Sending started %(when)s.") % {"when": when},
        State.PAUSED: _paused(edition, zone),
        State.SENT: _sent(edition, zone),
        State.CANCELLED: _cancelled(edition, zone) if name == State.CANCELLED else "",
        State.SKIPPED: sentence(_("Skipped: %(reason)s") % {"reason": message(edition.reason, zone)}),
        State.IMPORTED: _("Sent with another tool %(when)s.") % {"when": when},
    }[name].strip()


def _approved(edition: Edition) -> str:
    if edition.welcome_id is not None:
        return _("Approved %(when)s. New subscribers get it.")
    return _("Approved %(when)s. Not sent or scheduled yet.")


def _draft(edition: Edition, zone: tzinfo) -> str:
    refreshed, due = ago(edition.refreshed_at), _due(edition, zone)
    if cadence_in(edition.period) == "post":
        return _("Sent as soon as it is approved. Sources checked %(ago)s.") % {"ago": refreshed}
    if due:
        return _("Planned for %(when)s. Sources checked %(ago)s.") % {"when": due, "ago": refreshed}
    if edition.welcome_id is not None:
        return _("Not approved yet.")
    if edition.is_unscheduled:
        return _("Not sent or scheduled yet.")
    return _("Sources checked %(ago)s.") % {"ago": refreshed}


def _paused(edition: Edition, zone: tzinfo) -> str:
    """Return why an edition is paused; "paused by hand" needs no words before it."""
    reason = message(edition.reason, zone)
    if sending_messages.PAUSED_BY.matches(edition.reason) or sending_messages.PAUSED_BY_HAND.matches(edition.reason):
        return sentence(reason)
    return sentence(_("Paused: %(reason)s") % {"reason": reason})


def _sent(edition: Edition, zone: tzinfo) -> str:
    if is_undelivered(edition):
        return _("Not delivered: %(reason)s") % {"reason": sentence(message(edition.reason, zone))}
    return _("Sent %(when)s.") % {"when": words_for_time(edition, zone)}


def _cancelled(edition: Edition, zone: tzinfo) -> str:
    by = (
        Act.objects.filter(about=edition.name, what__code=acts.CANCELLED.code)
        .order_by("-at")
        .values_list("by", flat=True)
        .first()
    )
    values = {"who": users.names([by or ""])[by or ""], "when": moment(edition.ended_at, zone)}
    return (_("Cancelled by %(who)s, %(when)s.") if by else _("Cancelled %(when)s.")) % values


def _due(edition: Edition, zone: tzinfo) -> str:
    """Return when an edition will be sent, if that is in the future."""
    return moment(edition.due_at, zone) if edition.due_at and edition.due_at > timezone.now() else ""


def words_for_time(edition: Edition, zone: tzinfo) -> str:
    """Return the time that matters in an edition's present state."""
    at = {
        State.APPROVED: edition.approved_at,
        State.SENDING: edition.began_at,
        State.SENT: edition.ended_at or edition.began_at,
        State.IMPORTED: edition.published_at,
    }.get(State(edition.state))
    return moment(at, zone)


def listed(names: Sequence[str]) -> str:
    """Names in a row: `a, b and c`."""
    return format_list(list(names), locale=language())


def subscribers(count: int) -> str:
    """Return a number of subscribers: `1,214 subscribers`."""
    return ngettext("%(count)s subscriber", "%(count)s subscribers", count) % {"count": number(count)}


def day(at: datetime | date | None, zone: tzinfo = UTC) -> str:
    """Return a day without its weekday: `6 Feb 2026`; "" for none."""
    local = at.astimezone(zone).date() if isinstance(at, datetime) else at
    return format_date(local, "medium", locale=language()) if local else ""


def day_heading(at: date) -> str:
    """Return a day in full, with a capital letter in every language: `Friday 6 February 2026`."""
    day = _without_comma(format_date(at, "full", locale=language()))
    return day[:1].upper() + day[1:]
