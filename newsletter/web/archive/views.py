"""The archive's pages. They are the same for everybody, set no cookie, and may be kept by caches for a while.

An edition's page has metadata for search engines and other sites: Open Graph, Twitter cards, and JSON-LD of schema.org.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import condition, require_safe
from markupsafe import Markup

from newsletter.config import Newsletter
from newsletter.domain.digest import Letterhead
from newsletter.editions import letterheads, rendering
from newsletter.models import ApprovedContent
from newsletter.render import preview
from newsletter.render.content.headline import shortened
from newsletter.render.dates import day_heading, day_of_month, direction, short_date
from newsletter.render.teaser import teaser
from newsletter.render.theme.colours import palette
from newsletter.render.theme.sharing import share_links
from newsletter.render.words import number as in_digits, words
from newsletter.web.archive import queries
from newsletter.web.archive.article import Article, article_of
from newsletter.web.archive.queries import teasers
from newsletter.web.converters import whole_number
from subscribers import cadences, pages
from subscribers.models import local_day
from subscribers.requests import config_of, newsletter_of
from subscribers.subscription_requests import consent_text


def metadata(
    newsletter: Newsletter,
    url: str,
    archive: str,
    title: str,
    description: str,
    image: str,
    published: datetime | None = None,
) -> dict[str, Any]:
    """Return the metadata of a page. `published` is the time of an edition's first email; an archive has none.

    `kind` is the type in Open Graph, and `locale` the language as that writes it: `nb_NO` or `nb`.
    """
    meta = {
        "newsletter": newsletter,
        "url": url,
        "archive": archive,
        "title": title,
        "description": description,
        "image": image,
        "kind": "article" if published else "website",
        "locale": newsletter.language.replace("-", "_"),
        "published_at": published.astimezone(UTC).isoformat(timespec="seconds") if published else "",
    }
    return {**meta, "json_ld": _json_ld(newsletter, meta)}


def _json_ld(newsletter: Newsletter, meta: Mapping[str, Any]) -> Markup:
    """Return a page in the vocabulary of schema.org, safe inside `<script>`."""
    publisher: dict[str, Any] = {"@type": "Organization", "name": newsletter.title, "url": meta["archive"]}
    if newsletter.theme.logo:
        publisher["logo"] = {"@type": "ImageObject", "url": newsletter.theme.logo}
    document: dict[str, Any] = {
        "@context": "https://schema.org",
        "url": meta["url"],
        "inLanguage": newsletter.language,
        "publisher": publisher,
    }
    if meta["published_at"]:
        series = {"@type": "Periodical", "name": newsletter.title, "url": meta["archive"]}
        document |= {"@type": "Article", "headline": meta["title"][:110], "datePublished": meta["published_at"]}
        document |= {"mainEntityOfPage": meta["url"], "isPartOf": series, "author": publisher}
    else:
        document |= {"@type": "CollectionPage", "name": meta["title"]}
    document |= {key: meta[key] for key in ("description", "image") if meta[key]}
    text = json.dumps(document, ensure_ascii=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)  # noqa: S704 - no character of it can end the element


class Neighbour(NamedTuple):
    """The edition before or after another one."""

    path: str
    title: str


def edition_page(
    article: Article,
    meta: Mapping[str, Any],
    newsletter: Newsletter,
    published: datetime,
    older: Neighbour | None,
    newer: Neighbour | None,
) -> str:
    """Return the page of an edition in its newsletter's language, with links to the editions before and after it."""
    language = pages.supported(newsletter.language) or "en"
    day = local_day(newsletter, published)
    with translation.override(language):
        shares = share_links(
            newsletter.theme.share or ("email",),
            title=meta["title"],
            url=meta["url"],
            forward=pages.share_by_email(),
        )
        day_in_words, consent = _in_words(day, newsletter, language), consent_text(newsletter.title)
        author = cadences.author(newsletter)
    return pages.html(
        "edition.html",
        language,
        newsletter,
        meta=meta,
        shown=newsletter,
        article=article,
        colours=palette(newsletter.theme.text, newsletter.theme.background),
        day=(day, day_in_words),
        minutes=_reading_time(article.minutes, language),
        author=author,
        consent=consent,
        shares=shares,
        older=older,
        newer=newer,
    )


def _reading_time(minutes: int, language: str) -> str:
    """Return a reading time in words, "" for a page without text."""
    return words(language)["minutes"].format(count=in_digits(minutes, language)) if minutes else ""


A_PAGE = 24
_LONGEST_BESIDE_OTHERS, _LONGEST_IN_LIST = 72, 150
"""Characters of the excerpts of editions on the front page but for the latest one, and in a list."""
KEPT = "public, max-age=300"
PAGE_VERSION = 7
"""A number that increases when the templates of an edition's page change, so that browsers load it again."""
EDITION_POLICY = (
    "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'; sandbox allow-forms allow-same-origin allow-popups allow-popups-to-escape-sandbox"
)
"""The email's HTML has style attributes. No script runs, and the only form is that of this page."""


def cacheable(response: HttpResponse, newsletter: Newsletter | None = None) -> HttpResponse:
    """Let caches keep a response, and keep it out of search engines if the publisher wants that.

    Its language is the newsletter's unless it names another one.
    """
    response["Cache-Control"] = KEPT
    if newsletter is not None:
        response.setdefault("Content-Language", newsletter.language)
        if newsletter.noindex:
            response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def newsletters(request: HttpRequest) -> HttpResponse:
    """Show all newsletters of this site; if it has one, that newsletter's page."""
    if len(config_of(request).newsletters) == 1:
        return archive(request, next(iter(config_of(request).newsletters)))
    latest = queries.latest_of_each()
    newsletter = next(iter(config_of(request).newsletters.values()))
    language = pages.language_of(request, newsletter=newsletter.name)
    with translation.override(language):
        rows = [_row(configured, latest.get(configured.name)) for configured in config_of(request).newsletters.values()]
    return cacheable(pages.page(request, "newsletters.html", language, shown=rows))


def _row(newsletter: Newsletter, latest: queries.ListedEdition | None) -> dict[str, object]:
    """Return a newsletter on the front page, with its latest edition and its day; all days there have the same form."""
    if latest is None:
        return {"newsletter": newsletter, "latest": None}
    (shown,) = teasers([latest], newsletter.theme)
    day = pages.day(local_day(newsletter, latest.at))
    return {"newsletter": newsletter, "latest": latest, "title": shown.title, "day": day}


@require_safe
def archive(request: HttpRequest, name: str) -> HttpResponse:
    """Show a newsletter's editions, newest first; with `q`, those that contain its words."""
    newsletter, site = newsletter_of(request, name), config_of(request).site.url
    requested = whole_number(request.GET.get("page", "1")) or 1
    number = requested if requested < 10_000 else 1
    query = " ".join(request.GET.get("q", "").replace("\0", " ").split())[: queries.LONGEST_QUERY]
    rows = queries.listed(name, query, start=(number - 1) * A_PAGE, count=A_PAGE + 1)
    if number > 1 and not rows:
        raise Http404("the archive has no such page")
    language = pages.language_of(request, newsletter=newsletter.name)
    editions = rows[:A_PAGE]
    days = [local_day(newsletter, edition.at) for edition in editions]
    with translation.override(language):
        consent = consent_text(newsletter.title)
        facts = cadences.facts(newsletter, queries.subscribers_shown(newsletter)) if number == 1 and not query else []
        days_in_words = [_in_words(day, newsletter, language) for day in days]
    is_front = number == 1 and not query
    url = f"{site}/n/{name}/"
    page = f"{url}?page={number}" if number > 1 else url
    response = pages.page(
        request,
        "archive.html",
        language,
        newsletter=name,
        shown=newsletter,
        direction=direction(newsletter.language),
        editions=editions,
        teasers=_with_short_excerpts(teasers(editions, newsletter.theme), is_front=is_front),
        days=list(zip(days, days_in_words, strict=True)),
        number=number,
        pages=1 if query else -(-queries.number_of_editions(name) // A_PAGE),
        older=number + 1 if len(rows) > A_PAGE else None,
        newer=number - 1 if number > 1 else None,
        query=query,
        searchable=bool(rows) or bool(query),
        consent=consent,
        facts=facts,
        meta=metadata(
            newsletter, page, url, newsletter.title, newsletter.description, newsletter.cover or newsletter.theme.logo
        ),
    )
    if query:
        response["X-Robots-Tag"] = "noindex"
    return cacheable(response, newsletter)


def _with_short_excerpts(shown: list[queries.EditionTeaser], *, is_front: bool) -> list[queries.EditionTeaser]:
    """Return teasers with excerpts for which there is room; that of the latest edition on the front page is whole."""
    longest, latest = (_LONGEST_BESIDE_OTHERS, 1) if is_front else (_LONGEST_IN_LIST, 0)
    return shown[:latest] + [replace(each, excerpt=shortened(each.excerpt, longest)) for each in shown[latest:]]


def _in_words(day: date, newsletter: Newsletter, language: str) -> str:
    """Return a day in the active language, `language`: if it is the newsletter's, as in its emails, such as
    `February 6, 2026` in American English.
    """
    if newsletter.language.partition("-")[0] == language:
        return short_date(day, newsletter.language)
    return pages.day(day)


def _etag(request: HttpRequest, name: str, period: str) -> str | None:
    public = queries.public_edition(name, period)
    if public is None or (newsletter := config_of(request).newsletters.get(name)) is None:
        return None
    around = [neighbour.path if neighbour else "" for neighbour in queries.neighbours(name, public[0])]
    basis = repr((*public[:2], config_of(request).site.url, around, newsletter, PAGE_VERSION))
    return f'"{blake2b(basis.encode(), digest_size=12).hexdigest()}"'


@require_safe
@condition(etag_func=_etag)
def edition(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """Show an edition as an article, without anyone's own links; 404 before its first accepted email, and 410 once an
    editor removed it.
    """
    newsletter = newsletter_of(request, name)
    public = queries.public_edition(name, period)
    if public is None and queries.was_removed(name, period):
        language = pages.language_of(request, newsletter=newsletter.name)
        return pages.message(request, language, kind="removed", newsletter=name, status=410)
    if public is None:
        raise Http404(f"there is no edition {name}/{period}, or it has not been sent yet")
    number, revision, published_at = public
    letterhead = letterheads.letterhead(config_of(request), newsletter)
    email = _email(number, revision, letterhead, local_day(newsletter, published_at))
    archive = f"{config_of(request).site.url}/n/{name}/"
    meta = metadata(
        newsletter,
        f"{archive}{period}/",
        archive,
        email.article.title,
        email.preheader,
        email.picture or newsletter.theme.logo,
        published_at,
    )
    older, newer = _neighbours(newsletter, number)
    page = edition_page(email.article, meta, newsletter, published_at, older, newer)
    return cacheable(HttpResponse(page, headers={"Content-Security-Policy": EDITION_POLICY}), newsletter)


def _neighbours(newsletter: Newsletter, edition: int) -> tuple[Neighbour | None, Neighbour | None]:
    """Return the editions before and after one: older, newer."""
    neighbours = queries.neighbours(newsletter.name, edition)
    rows = [row for row in neighbours if row]
    titles = {row.path: teaser.title for row, teaser in zip(rows, teasers(rows, newsletter.theme), strict=True)}
    older, newer = (Neighbour(row.path, titles[row.path]) if row else None for row in neighbours)
    return older, newer


class _Email(NamedTuple):
    """The article of an approved edition, with its preview text and picture ("" for none)."""

    article: Article
    preheader: str
    picture: str


@lru_cache(maxsize=64)
def _email(edition: int, revision: int, letterhead: Letterhead, day: date) -> _Email:
    """Return the email of an edition that was published on a day; what was approved never changes, so it is made
    once.
    """
    content = ApprovedContent.objects.select_related("edition").get(edition_id=edition, revision=revision)
    html = preview.public_html(rendering.rendered_of(content), letterhead)
    logos = (letterhead.theme.logo, letterhead.theme.logo_dark)
    picture = teaser(html, content.preheader, written=True, logos=logos).picture
    dates = tuple(form(day, letterhead.language) for form in (day_heading, short_date, day_of_month))
    article = article_of(
        html,
        content.subject,
        written=queries.has_own_subject(content),
        dates=[" ".join(text.split()) for text in dates],
    )
    return _Email(article, content.preheader, picture.url if picture else "")


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Return the addresses of the public pages that search engines may show, as a sitemap."""
    site = config_of(request).site.url
    addresses = [f"{site}/"]
    for name, newsletter in config_of(request).newsletters.items():
        if not newsletter.noindex:
            addresses.append(f"{site}/n/{name}/")
            addresses += [site + edition.path for edition in queries.listed(name, count=10_000)]
    # Names and periods are letters, digits, hyphens and dots, so that nothing needs escaping but the site's address.
    lines = "".join(f"<url><loc>{address.replace('&', '&amp;')}</loc></url>" for address in addresses)
    document = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{lines}</urlset>'
    return cacheable(HttpResponse(document, content_type="application/xml; charset=utf-8"))


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Keep search engines away from the desk and subscribers' own links."""
    closed = "".join(
        f"Disallow: {path}\n" for path in ("/desk/", "/u/", "/p/", "/still/", "/me/", "/confirm/", "/l/", "/api/")
    )
    text = f"User-agent: *\n{closed}Sitemap: {config_of(request).site.url}/sitemap.xml\n"
    return cacheable(HttpResponse(text, content_type="text/plain; charset=utf-8"))
