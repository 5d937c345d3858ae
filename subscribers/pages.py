"""How readers' pages are made: Jinja2 with the reader's language, and headers that let nothing leak.

A page sets no cookie, runs no script, loads nothing from elsewhere, can't be framed and tells no referrer: its address
may be a secret.
"""

import secrets
from datetime import date, datetime
from typing import Any

from babel import Locale
from babel.dates import format_date
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from newsletter import config
from newsletter.config import Newsletter
from newsletter.config.colour import readable_on

LANGUAGES = dict(settings.LANGUAGES)
PLAIN = "#1d4f73"
"""The accent colour of pages and letters that belong to no newsletter."""
RELATED = {"no": "nb", "nb-no": "nb", "nn-no": "nn"}


def environment(**options: Any) -> Environment:
    """The Jinja2 environment of the pages; Django calls it with the loader."""
    made = Environment(  # noqa: S701 - Django hands over autoescape=True
        **{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True},
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_callables(  # type: ignore[attr-defined]
        translation.gettext, translation.ngettext, newstyle=True, pgettext=translation.pgettext
    )
    made.filters["day"] = day
    made.filters["whole"] = whole
    made.globals["languages"] = LANGUAGES
    return made


def day(value: date | datetime) -> str:
    """A day in the words of the page's language, such as `6. februar 2026`."""
    return format_date(value, "long", locale=Locale.parse(translation.get_language() or "en", sep="-"))


def whole(text: str) -> Markup:
    """A masked address on one line: its dots would let it break anywhere. One that is not masked may be too long."""
    return Markup('<span class="whole">{}</span>').format(text) if "…" in text else escape(text)


def supported(tag: str) -> str:
    """The language of pages that this one is, or is a kind of; "" where there is none."""
    lowered = tag.lower().replace("_", "-")
    for candidate in (lowered, lowered.partition("-")[0]):
        found = RELATED.get(candidate, candidate)
        if found in LANGUAGES:
            return found
    return ""


def language_of(request: HttpRequest, *, known: str = "", newsletter: str = "") -> str:
    """A page's language: asked for by `?lang=`, else the reader's, their browser's, the newsletter's, English."""
    accepted = [tag.partition(";")[0].strip() for tag in request.headers.get("Accept-Language", "").split(",")]
    wanted = (request.GET.get("lang", ""), known, *accepted, newsletter, "en")
    return next(found for tag in wanted if (found := supported(tag)))


def page(
    request: HttpRequest, template: str, language: str, *, newsletter: str = "", status: int = 200, **context: Any
) -> HttpResponse:
    """A page of templates/pages in this language and this newsletter's colours, with the headers promised above."""
    nonce = secrets.token_urlsafe(12)
    shown = config.current().newsletters.get(newsletter)
    with translation.override(language):
        html = render_to_string(
            template,
            {"language": language, "nonce": nonce, "letterhead": _letterhead(newsletter, shown), **context},
            using="pages",
        )
    response = HttpResponse(html, status=status)
    response["Content-Language"] = language
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src https: http:; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    )
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def _letterhead(name: str, newsletter: Newsletter | None) -> dict[str, str]:
    """What stands on top of a page; plain where the newsletter is gone or there is none."""
    accent = newsletter.theme.accent if newsletter else PLAIN
    return {
        "newsletter": name,
        "title": newsletter.title if newsletter else name,
        "description": newsletter.description if newsletter else "",
        "logo": newsletter.theme.logo if newsletter else "",
        "postal_address": newsletter.address if newsletter else "",
        "accent": accent,
        "on_accent": readable_on(accent),
    }
