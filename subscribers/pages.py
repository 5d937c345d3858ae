"""Rendering of the public pages: Jinja2, the reader's language, and security headers.

A page sets no cookie, loads nothing from other sites, can't be framed and sends no referrer, since its address may be a
secret. None runs a script but the one that solves a challenge.
"""

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from functools import lru_cache
from typing import Any, cast

from babel import Locale
from babel.dates import format_date
from babel.lists import format_list
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from newsletter.config import Newsletter
from newsletter.config.colour import readable_on
from newsletter.messages.localized import in_own_digits
from subscribers.requests import config_of
from subscribers.tokens import TEST_NUMBER, read_link

LANGUAGES = dict(settings.LANGUAGES)
PLAIN = "#1d4f73"
"""The accent colour of pages without a newsletter."""
ANY_NONCE = secrets.token_urlsafe(12)
"""Stands for the nonce in pages that are rendered once."""
RELATED = {"no": "nb", "nb-no": "nb", "nn-no": "nn"}


def environment(**options: Any) -> Environment:
    """Return the Jinja2 environment of the pages; Django calls this with the loader."""
    jinja = Environment(  # noqa: S701 - Django hands over autoescape=True
        **{**options, "undefined": StrictUndefined, "trim_blocks": True, "lstrip_blocks": True},
        extensions=["jinja2.ext.i18n"],
    )
    cast(Any, jinja).install_gettext_callables(
        translation.gettext, translation.ngettext, newstyle=True, pgettext=translation.pgettext
    )
    jinja.filters["day"] = day
    jinja.filters["whole"] = whole
    jinja.filters["locale"] = Locale.parse
    jinja.globals["languages"] = LANGUAGES
    return jinja


def day(value: date | datetime) -> str:
    """Return a day in the page's language, such as `6. februar 2026`. English has the day first, as at the desk."""
    language = translation.get_language() or "en"
    locale = Locale.parse("en-GB" if language == "en" else language, sep="-")
    return in_own_digits(format_date(value, "long", locale=locale), language)


def listed(names: Sequence[str]) -> str:
    """Return names as a list in the active language, such as `Kinaforum and Daily`."""
    return format_list(list(names), locale=Locale.parse(translation.get_language() or "en", sep="-"))


def share_by_email() -> str:
    """Return the label of the link that shares a page by email, in the active language."""
    return translation.gettext("Share by email")


def whole(text: str) -> Markup:
    """Keep a masked address on one line; one that is not masked may be too long for that."""
    return Markup('<span class="whole">{}</span>').format(text) if "…" in text else escape(text)


def supported(tag: str) -> str:
    """Return the supported language that matches a tag, or ""."""
    tag_in_lower_case = tag.lower().replace("_", "-")
    for candidate in (tag_in_lower_case, tag_in_lower_case.partition("-")[0]):
        language = RELATED.get(candidate, candidate)
        if language in LANGUAGES:
            return language
    return ""


def language_of(request: HttpRequest, *, own_language: str = "", newsletter: str = "") -> str:
    """Return the language of `?lang=`, the subscriber, the browser or the newsletter (its name), in this order, or
    English.
    """
    configured = config_of(request).newsletters.get(newsletter)
    accepted = [tag.partition(";")[0].strip() for tag in request.headers.get("Accept-Language", "").split(",")]
    tags = (request.GET.get("lang", ""), own_language, *accepted, configured.language if configured else "", "en")
    return next(language for tag in tags if (language := supported(tag)))


def page(
    request: HttpRequest,
    template: str,
    language: str,
    *,
    newsletter: str = "",
    status: int = 200,
    scripts: bool = False,
    **context: Any,
) -> HttpResponse:
    """Render a template of templates/pages in a language and a newsletter's colours, with the headers above.

    `scripts` allows scripts that have the nonce, and their workers and requests on this site.
    """
    nonce, head = secrets.token_urlsafe(12), _letterhead(newsletter, config_of(request).newsletters.get(newsletter))
    policy = f"; script-src 'nonce-{nonce}'; worker-src 'self'; connect-src 'self'" if scripts else ""
    return _response(_rendered(template, language, nonce, head, context), language, nonce, status, policy)


def html(template: str, language: str, newsletter: Newsletter, **context: Any) -> str:
    """Render a template of templates/pages in a newsletter's colours; whoever sends it adds the headers. It has no
    nonce.
    """
    return _rendered(template, language, "", _letterhead(newsletter.name, newsletter), context)


def message(
    request: HttpRequest, language: str, *, kind: str, newsletter: str = "", status: int = 200, nonce: str = ""
) -> HttpResponse:
    """Return a page that is the same for everyone, which is rendered once; the nonce is a new one if none is given."""
    head = _letterhead(newsletter, config_of(request).newsletters.get(newsletter))
    nonce = nonce or secrets.token_urlsafe(12)
    html = _message(kind, language, tuple(head.items())).replace(ANY_NONCE, nonce)
    return _response(html, language, nonce, status)


def no_subscription(request: HttpRequest, token: str) -> HttpResponse:
    """Return the page of a link that belongs to no subscription: it is from a test email, or invalid."""
    if read_link(token) == TEST_NUMBER:
        return message(request, language_of(request), kind="proof")
    return message(request, language_of(request), kind="gone", status=404)


@lru_cache(maxsize=256)
def _message(kind: str, language: str, letterhead: tuple[tuple[str, str], ...]) -> str:
    return _rendered("message.html", language, ANY_NONCE, dict(letterhead), {"kind": kind})


def _rendered(template: str, language: str, nonce: str, letterhead: dict[str, str], context: dict[str, Any]) -> str:
    values = {"language": language, "nonce": nonce, "letterhead": letterhead, **context}
    with translation.override(language):
        return render_to_string(template, values, using="pages")


def _response(html: str, language: str, nonce: str, status: int, policy: str = "") -> HttpResponse:
    response = HttpResponse(html, status=status)
    response["Content-Language"] = language
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; img-src https: http:; form-action 'self'; "
        f"base-uri 'none'; frame-ancestors 'none'{policy}"
    )
    response["Referrer-Policy"] = "no-referrer"
    response["Cache-Control"] = "no-store"
    return response


def _letterhead(name: str, newsletter: Newsletter | None) -> dict[str, str]:
    """Return the header of a page; plain if the newsletter doesn't exist."""
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
