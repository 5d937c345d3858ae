"""What templates see: an edition's parts with everything worded, escaped and in the newsletter's language.

docs/templates.md lists these names for publishers; a name may be added, none changes its meaning.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from newsletter.config.colour import readable_on
from newsletter.mail import Digest, DigestPost, Form, Group, Image, Letterhead, Value
from newsletter.render.colours import lightened
from newsletter.render.content import COLUMN, prepare
from newsletter.render.dates import clock, date_range, direction, direction_of_text, last_day, short_date
from newsletter.render.images import fitted, sized
from newsletter.render.markdown import markdown
from newsletter.render.placeholders import Placeholders
from newsletter.render.spaces import collapse
from newsletter.render.text import plain
from newsletter.render.words import language_of_words, words

_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff￾￿]")
_NAME = re.compile(r"\{name(?:\|([^{}]*))?\}")
CONTENTS_FROM = 6


@dataclass(frozen=True, slots=True)
class PostView:
    """A post in a template. `html` and `text` are its body, "" for a headline only."""

    id: str
    url: str
    title: str
    html: Markup
    text: str
    whole: bool
    source: str
    author: str
    time: str
    date: str
    language: str
    dir: str
    image: Image | None
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class GroupView:
    """Posts under one heading ("" for none)."""

    heading: str
    posts: tuple[PostView, ...]
    level: int


@dataclass(frozen=True, slots=True)
class Scope:
    """What one rendering of one form (HTML or text) gathers: placeholders, and bodies that stand aside meanwhile."""

    placeholders: Placeholders
    form: Form
    bodies: dict[str, str] = field(default_factory=dict)

    def aside(self, html: str) -> Markup:
        """A word that stands for a body until MJML has become HTML."""
        if not html:
            return Markup()
        word = f"b{secrets.token_hex(8)}x{len(self.bodies)}b"
        self.bodies[word] = html
        return Markup(word)  # noqa: S704 - a word of our own


def newsletter_view(letterhead: Letterhead) -> Mapping[str, Any]:
    """The newsletter's own facts, for editions, letters and subjects alike."""
    return {
        "name": letterhead.newsletter,
        "title": letterhead.title,
        "description": letterhead.description,
        "language": letterhead.language,
        "dir": direction(letterhead.language),
        "address": letterhead.postal_address,
        "url": f"{letterhead.site_url}/n/{letterhead.newsletter}/",
        "accent": letterhead.accent,
        "accent_dark": lightened(letterhead.accent),
        "on_accent": readable_on(letterhead.accent),
        "logo": letterhead.logo,
        "font": letterhead.font,
    }


def edition_context(digest: Digest, scope: Scope) -> dict[str, Any]:
    """All names of an edition's template, in HTML or in text."""
    return {
        "newsletter": newsletter_view(digest.letterhead),
        "edition": _edition(digest),
        "greeting": _written(digest.greeting, scope),
        "closing": _written(digest.closing, scope),
        "links": {
            "unsubscribe": scope.placeholders.place(Value.UNSUBSCRIBE, scope.form),
            "preferences": scope.placeholders.place(Value.PREFERENCES, scope.form),
        },
        "reader_name": lambda fallback="": scope.placeholders.place(Value.NAME, scope.form, fallback),
        **_posts(digest, scope),
        **_fixed(digest.letterhead),
    }


def _edition(digest: Digest) -> Mapping[str, Any]:
    letterhead, zone = digest.letterhead, ZoneInfo(digest.letterhead.timezone)
    day = last_day(digest.until, zone)
    return {
        "name": digest.name,
        "subject": _clean(digest.subject),
        "preheader": _clean(digest.preheader),
        "dates": date_range(digest.since, digest.until, zone, letterhead.language),
        "date": short_date(day, letterhead.language),
        "week": day.isocalendar().week,
        "year": day.year,
        "url": f"{letterhead.site_url}/n/{digest.name}/",
    }


def _fixed(letterhead: Letterhead) -> Mapping[str, Any]:
    fixed = words(letterhead.language)
    return {
        "words": fixed,
        "words_language": language_of_words(letterhead.language),
        "reason": fixed["reason"].format(title=letterhead.title),
        "dir": direction(letterhead.language),
    }


def _written(text: str, scope: Scope) -> str:
    """What an editor wrote, in the form at hand; `{name}` and `{name|dear reader}` stand for the reader's name."""
    if not text.strip():
        return ""
    named = _NAME.sub(lambda m: scope.placeholders.place(Value.NAME, scope.form, m[1] or ""), text)
    html = markdown(named)
    return scope.aside(html) if scope.form is Form.HTML else plain(html)


def _posts(digest: Digest, scope: Scope) -> Mapping[str, Any]:
    zone, language = ZoneInfo(digest.letterhead.timezone), digest.letterhead.language
    look = partial(_post, scope=scope, zone=zone, language=language)
    return {
        "groups": tuple(_group(group, look) for group in digest.groups),
        "headlines": tuple(look(replace(post, html="", image=None), level=3) for post in digest.headlines),
        "contents": digest.contents and len(digest.posts) >= CONTENTS_FROM,
    }


def _group(group: Group, look: Callable[..., PostView]) -> GroupView:
    level = 3 if group.heading else 2
    return GroupView(_clean(group.heading), tuple(look(post, level=level) for post in group.posts), level)


def _post(post: DigestPost, *, level: int, scope: Scope, zone: ZoneInfo, language: str) -> PostView:
    title = _clean(post.title)
    html = prepare(post.html, url=post.url, title=title, level=level, whole=post.whole) if post.html else ""
    return PostView(
        id=post.id,
        url=post.url,
        title=title,
        html=scope.aside(html),
        text=plain(html) if scope.form is Form.TEXT else "",
        whole=post.whole,
        source=_clean(post.source),
        author=_clean(post.author),
        time=clock(post.published, zone, language) if post.published else "",
        date=short_date(post.published.astimezone(zone).date(), language) if post.published else "",
        language=post.language,
        dir=direction(post.language) if post.language else direction_of_text(title),
        image=_lead(post.image, html),
        categories=post.categories,
    )


def _lead(image: Image | None, html: str) -> Image | None:
    """The post's own picture, fitted to the column, where its body does not show one."""
    if image is None or not html or "<img" in html:
        return None
    width, height = fitted(image.width, image.height, COLUMN)
    return Image(sized(image.url), collapse(_clean(image.alt)), width, height)


def _clean(text: str) -> str:
    """Text on one line, without the control characters that HTML and XML forbid."""
    return _CONTROLS.sub("", collapse(text))
