"""The subject line and the preheader, worded from an edition's posts."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.mail import DigestPost, Letterhead
from newsletter.render.dates import last_day, month_name, short_date
from newsletter.render.headline import shortened
from newsletter.render.loader import TemplateProblem
from newsletter.render.spaces import collapse
from newsletter.render.text import plain
from newsletter.render.views import newsletter_view
from newsletter.render.words import words

Period = Literal["day", "week", "month"]

_FIRST = "{% if posts %}: {{ posts[0].title }}{% endif %}"
DEFAULTS: dict[Period, str] = {
    "day": "{{ newsletter.title }}, {{ date }}" + _FIRST,
    "week": "{{ newsletter.title }}, {{ words.week }} {{ week }}" + _FIRST,
    "month": "{{ newsletter.title }}, {{ month }} {{ year }}" + _FIRST,
}
_SHORTEST, _LONGEST = 40, 140
_NAMES = "newsletter, posts, week, year, month, date, words, since, until"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)


def subject(
    template: str,
    letterhead: Letterhead,
    posts: Sequence[DigestPost],
    since: datetime,
    until: datetime,
    period: Period = "week",
) -> str:
    """The subject that `template` (Jinja2; "" for the period's default) gives, on one line.

    Raises `TemplateProblem`: one sentence with the key and the names that there are.
    """
    where = f"newsletters.{letterhead.newsletter}.subject"
    try:
        text = _environment().from_string(template or DEFAULTS[period]).render(_names(letterhead, posts, since, until))
    except jinja2.TemplateSyntaxError as error:
        raise TemplateProblem(f"{where} line {error.lineno}: {error.message}") from error
    except jinja2.UndefinedError as error:
        reason = "there is no post to name" if not posts and "posts" in template else f"{error.message}"
        raise TemplateProblem(f"{where}: {reason}; the names are {_NAMES}.") from error
    except Exception as error:
        raise TemplateProblem(f"{where}: {type(error).__name__}: {error}.") from error
    line = collapse(text)
    if not line:
        raise TemplateProblem(f"{where}: it gives an empty subject.")
    return line


def _names(letterhead: Letterhead, posts: Sequence[DigestPost], since: datetime, until: datetime) -> dict[str, object]:
    zone = ZoneInfo(letterhead.timezone)
    day = last_day(until, zone)
    return {
        "newsletter": newsletter_view(letterhead),
        "posts": tuple(posts),
        "week": day.isocalendar().week,
        "year": day.year,
        "month": month_name(day, letterhead.language),
        "date": short_date(day, letterhead.language),
        "words": words(letterhead.language),
        "since": since.astimezone(zone),
        "until": until.astimezone(zone),
    }


def preheader(posts: Sequence[DigestPost]) -> str:
    """The line that inboxes show beside the subject: as many headlines after the first as fit in 140 characters.

    Where those are few, the beginning of the first post's text.
    """
    line = ""
    for post in posts[1:]:
        longer = " · ".join(filter(None, (line, collapse(post.title))))
        if len(longer) > _LONGEST:
            break
        line = longer
    if len(line) >= _SHORTEST or not posts:
        return line
    beginning = collapse(plain(posts[0].html)) or collapse(posts[0].title)
    return shortened(" · ".join(filter(None, (line, beginning))), _LONGEST)
