"""How often a newsletter comes and can be chosen to come, in the words of the pages, and when the next email comes."""

from datetime import datetime

from babel import Locale
from babel.numbers import format_decimal
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from newsletter.config import Cadence, Newsletter, next_moment
from subscribers.pages import day


def choices(newsletter: Newsletter) -> tuple[tuple[Cadence, str], ...]:
    """Return what a subscriber can choose from, the most frequent first; nothing if there is no choice."""
    words: dict[Cadence, str] = {
        "post": _("Every post"),
        "day": _("Every day"),
        "week": _("Every week"),
        "month": _("Every month"),
    }
    offered = newsletter.offered if len(newsletter.offered) > 1 else ()
    return tuple((key, word) for key, word in words.items() if key in offered)


def frequency(newsletter: Newsletter) -> str:
    """Return how often a newsletter comes, in the words of its page; "" for one that comes when there is something."""
    moment = newsletter.at("").send_moment
    if not newsletter.has_schedule:
        return ""
    if moment.weekday is not None:
        names = Locale.parse(translation.get_language() or "en", sep="-").days["format"]["wide"]
        return _("Every %(weekday)s") % {"weekday": names[moment.weekday]}
    return _("Every month") if moment.day is not None else _("Every day")


def facts(newsletter: Newsletter, subscribers: int) -> list[str]:
    """Return what a newsletter's page says below its title: who writes it, how often it comes, and how many subscribe
    unless that is 0.
    """
    by = author(newsletter)
    if newsletter.status == "archived":
        return [by] if by else []
    locale = Locale.parse(translation.get_language() or "en", sep="-")
    count = _("%(count)s subscribers") % {"count": format_decimal(subscribers, locale=locale)} if subscribers else ""
    return [fact for fact in (by, frequency(newsletter), count) if fact]


def author(newsletter: Newsletter) -> str:
    """Return who writes a newsletter, "" if it doesn't say."""
    return _("By %(author)s") % {"author": newsletter.author} if newsletter.author else ""


def chosen(newsletter: Newsletter, cadence: str) -> str:
    """Return the cadence in which somebody gets a newsletter who chose this one; it may not be offered any more."""
    return cadence if cadence in newsletter.offered else newsletter.default_cadence


def what_comes(newsletter: Newsletter, cadence: str, since: datetime) -> str:
    """Return a sentence about how often somebody gets a newsletter who subscribed at a moment, and the first email."""
    settings = newsletter.at(chosen(newsletter, cadence))
    if settings.by_post:
        return _("You get an email for each new post.")
    next_at = timezone.localtime(next_moment(settings.send_moment, settings.zone, since), settings.zone)
    sentences = {
        "day": _("You get an email each day that has new posts, the first one around %(day)s."),
        "week": _("You get an email each week, the first one around %(day)s."),
        "month": _("You get an email each month, the first one around %(day)s."),
    }
    return sentences[settings.period] % {"day": day(next_at.date())}


def next_due(newsletter: Newsletter, cadence: str, now: datetime) -> str:
    """Return a sentence about when the next email of a subscription comes; "" if that isn't known."""
    settings = newsletter.at(chosen(newsletter, cadence))
    if settings.by_post or not newsletter.has_schedule or newsletter.status != "active":
        return ""
    next_at = timezone.localtime(next_moment(settings.send_moment, settings.zone, now), settings.zone)
    return _("The next email comes around %(day)s.") % {"day": day(next_at.date())}


def next_email(newsletter: Newsletter, cadence: str, now: datetime) -> str:
    """Return a sentence about when the first email of a cadence comes after somebody chose it."""
    settings = newsletter.at(cadence)
    if settings.by_post:
        return _("Saved. The next email comes with the next post, and has the posts that you haven't received yet.")
    next_at = timezone.localtime(next_moment(settings.send_moment, settings.zone, now), settings.zone)
    return _("Saved. The next email comes around %(day)s, with the posts that you haven't received yet.") % {
        "day": day(next_at.date())
    }
