"""Titles of editions on pages and in emails: the subject, with the period beneath."""

from collections.abc import Iterable
from datetime import tzinfo
from zoneinfo import ZoneInfo

from newsletter.config import Config
from newsletter.domain.cadence import cadence_in
from newsletter.editions.rendering import default_subject
from newsletter.editions.selection.windows import bounds
from newsletter.models import LOCKED_STATES, ApprovedContent, Edition, EditionPost, State
from newsletter.render.dates import last_day, long_range, month_of_year, week_name
from newsletter.render.html.loader import TemplateProblem

LETTER = "letter-"
"""What the name of a letter outside the schedule begins with; its day follows."""

ISSUE = "issue-"
"""What the name of an imported edition begins with; the day when it was sent follows."""

WELCOME = "welcome-"
"""What the name of a letter of the welcome series begins with; its number follows, then `.2` for its first change."""

_UTC = ZoneInfo("UTC")
_UNUSED = ("html", "summary", "dropped", "refusal", "link_key", "text_key", "content_hash")
"""The columns of posts that subjects are not made of."""


def period_title(period: str, language: str) -> str:
    """Return a period in words: "Week 6, 2–8 February 2026", "6 February 2026" or "February 2026".

    A letter outside the schedule and an imported edition have their day, one of the welcome series its name,
    `welcome-1`, and an edition of another cadence the period in its name.
    """
    if period.startswith(WELCOME):
        return period
    prefix = next((p for p in (LETTER, ISSUE) if period.startswith(p)), f"{cadence_in(period)}-")
    calendar, _, number = period.removeprefix(prefix).partition(".")
    since, until = bounds(calendar, _UTC)
    first, last = since.date(), last_day(until, _UTC)
    if "W" in calendar:
        week = week_name(first.isocalendar().week, language)
        title = f"{week[:1].upper()}{week[1:]}, {long_range(first, last, language)}"
    elif first == last:
        title = long_range(first, last, language)
    else:
        title = month_of_year(first, language)
    return f"{title} ({number})" if number else title


def title_of(edition: Edition, language: str, zone: tzinfo) -> str:
    """Return an edition's period in words; that of a letter, once it is approved, is the day on which it is sent."""
    if edition.period.startswith(LETTER) and edition.state in LOCKED_STATES:
        sent_on = last_day(edition.until, zone)
        if not edition.period.startswith(f"{LETTER}{sent_on.isoformat()}"):
            return long_range(sent_on, sent_on, language)
    return period_title(edition.period, language)


def subjects(editions: Iterable[Edition], configuration: Config) -> dict[int, str]:
    """Return the subject of each edition by its primary key: as approved, as an editor wrote it, or from its posts."""
    listed = list(editions)
    past = [e.pk for e in listed if e.state != State.DRAFT]
    approved = dict(ApprovedContent.objects.filter(edition__in=past).values_list("edition_id", "subject"))
    titles = {e.pk: approved.get(e.pk) or e.subject for e in listed}
    return titles | _from_posts([e for e in listed if not titles[e.pk]], configuration)


def _from_posts(editions: list[Edition], configuration: Config) -> dict[int, str]:
    """Return the subjects from the newsletters' templates, in a fixed number of queries."""
    entries = EditionPost.objects.filter(edition__in=editions, included=True).select_related("post")
    light = entries.prefetch_related("post__listings__source").defer("reason", *(f"post__{name}" for name in _UNUSED))
    posts: dict[int, list[EditionPost]] = {e.pk: [] for e in editions}
    for entry in light if editions else ():
        posts[entry.edition_id].append(entry)
    return {e.pk: _default(e, configuration, posts[e.pk]) for e in editions}


def _default(edition: Edition, configuration: Config, posts: list[EditionPost]) -> str:
    """Return the subject from the template, or the newsletter's title if it is invalid, which lint reports."""
    try:
        return default_subject(edition, configuration, posts)
    except TemplateProblem:
        return configuration.newsletters[edition.newsletter].title
