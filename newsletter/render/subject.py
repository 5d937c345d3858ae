"""The subject line and the preview text, made from an edition's posts."""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from zoneinfo import ZoneInfo

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from newsletter.domain.digest import DigestPost, Letterhead
from newsletter.messages import lint as messages
from newsletter.messages.general import ABOUT, TEXT
from newsletter.render.content.headline import shortened
from newsletter.render.content.spaces import collapse
from newsletter.render.content.text import plain
from newsletter.render.dates import last_day, month_name, month_of_year, short_date
from newsletter.render.html.loader import TemplateProblem
from newsletter.render.template_context import newsletter_view
from newsletter.render.words import week_name, words

_SHORTEST, _LONGEST = 40, 140
_LONGEST_HEADLINE = 60
_NAMES = "news, newsletter, posts, week, week_name, year, month, month_year, date, words, since, until"


@lru_cache(maxsize=1)
def _environment() -> jinja2.Environment:
    return ImmutableSandboxedEnvironment(undefined=jinja2.StrictUndefined, autoescape=False)


def subject(
    template: str,
    letterhead: Letterhead,
    posts: Sequence[DigestPost],
    since: datetime,
    until: datetime,
) -> str:
    """Render `template` (Jinja2; "" for the period's default) as a subject on one line.

    Raises `TemplateProblem`, which names the configuration key and the available names.
    """
    where = f"newsletters.{letterhead.newsletter}.subject"
    try:
        text = _environment().from_string(template).render(_names(letterhead, posts, since, until))
    except jinja2.TemplateSyntaxError as error:
        said = TEXT(words=str(error.message))
        raise TemplateProblem(messages.AT_LINE(file=where, line=error.lineno, problem=said)) from error
    except jinja2.UndefinedError as error:
        no_post = not posts and "posts" in template
        reason = messages.SUBJECT_WITHOUT_POST() if no_post else TEXT(words=str(error.message))
        named = messages.SUBJECT_NAMES(problem=reason, names=_NAMES)
        raise TemplateProblem(ABOUT(subject=where, message=named)) from error
    except Exception as error:
        said = TEXT(words=f"{type(error).__name__}: {error}")
        raise TemplateProblem(ABOUT(subject=where, message=said)) from error
    line = collapse(text)
    if not line:
        raise TemplateProblem(ABOUT(subject=where, message=messages.SUBJECT_RESULT_EMPTY()))
    return line


def _names(letterhead: Letterhead, posts: Sequence[DigestPost], since: datetime, until: datetime) -> dict[str, object]:
    zone = ZoneInfo(letterhead.timezone)
    day = last_day(until, zone)
    return {
        "news": _news(posts, letterhead),
        "newsletter": newsletter_view(letterhead),
        "posts": tuple(posts),
        "week": day.isocalendar().week,
        "week_name": week_name(day.isocalendar().week, letterhead.language),
        "year": day.year,
        "month": month_name(day, letterhead.language),
        "month_year": month_of_year(day, letterhead.language),
        "date": short_date(day, letterhead.language),
        "words": words(letterhead.language),
        "since": since.astimezone(zone),
        "until": until.astimezone(zone),
    }


def _news(posts: Sequence[DigestPost], letterhead: Letterhead) -> str:
    """Return the first headline and the number of further posts; the newsletter's title if there are no posts."""
    if not posts:
        return letterhead.title
    first = shortened(collapse(posts[0].title), _LONGEST_HEADLINE)
    return words(letterhead.language)["news"].format(first=first, count=len(posts) - 1) if len(posts) > 1 else first


def preheader(posts: Sequence[DigestPost]) -> str:
    """Return the preview text: as many headlines after the first one as fit into 140 characters.

    If those are few, the beginning of the first post's text is added.
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
