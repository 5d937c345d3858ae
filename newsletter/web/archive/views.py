"""The archive's pages. They are the same for everybody, set no cookie, and may be kept by caches for a while."""

from datetime import datetime
from functools import lru_cache
from hashlib import blake2b

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.feedgenerator import Atom1Feed
from django.views.decorators.http import condition, require_safe

from newsletter import config
from newsletter.config import Newsletter
from newsletter.jobs import rendering
from newsletter.mail import Letterhead
from newsletter.models import Frozen
from newsletter.render import preview
from newsletter.web.archive import queries
from subscribers import pages

A_PAGE, KEPT = 50, "public, max-age=300"
MAIL_POLICY = (
    "default-src 'none'; img-src https: http: data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


def _newsletter(name: str) -> Newsletter:
    found = config.current().newsletters.get(name)
    if found is None:
        raise Http404(f"there is no newsletter '{name}'")
    return found


def _kept(response: HttpResponse, newsletter: Newsletter | None = None) -> HttpResponse:
    """With the headers of what may be cached, and kept out of search engines where the publisher wants it."""
    response["Cache-Control"] = KEPT
    if newsletter is not None and newsletter.noindex:
        response["X-Robots-Tag"] = "noindex"
    return response


@require_safe
def newsletters(request: HttpRequest) -> HttpResponse:
    """All newsletters of this site."""
    shown = [
        {"newsletter": n, "latest": next(iter(queries.listed(n.name, count=1)), None)}
        for n in config.current().newsletters.values()
    ]
    language = pages.language_of(request, newsletter=shown[0]["newsletter"].language)  # type: ignore[union-attr]
    return _kept(pages.page(request, "newsletters.html", language, shown=shown))


@require_safe
def archive(request: HttpRequest, name: str) -> HttpResponse:
    """A newsletter's editions, newest first."""
    newsletter = _newsletter(name)
    wanted = request.GET.get("page", "1")
    number = max(int(wanted), 1) if wanted.isdecimal() and len(wanted) <= 4 else 1
    found = queries.listed(name, first=(number - 1) * A_PAGE, count=A_PAGE + 1)
    if number > 1 and not found:
        raise Http404("the archive has no such page")
    language = pages.language_of(request, newsletter=newsletter.language)
    shown = pages.page(
        request,
        "archive.html",
        language,
        newsletter=name,
        shown=newsletter,
        editions=found[:A_PAGE],
        older=number + 1 if len(found) > A_PAGE else None,
        newer=number - 1 if number > 1 else None,
    )
    return _kept(shown, newsletter)


def _etag(request: HttpRequest, name: str, period: str) -> str | None:
    state = queries.frozen_state(name, period)
    if state is None:
        return None
    basis = f"{state[0]} {state[1]} {config.current().site.url}"
    return f'"{blake2b(basis.encode(), digest_size=12).hexdigest()}"'


def _began(request: HttpRequest, name: str, period: str) -> datetime | None:
    state = queries.frozen_state(name, period)
    return state[2] if state else None


@require_safe
@condition(etag_func=_etag, last_modified_func=_began)
def edition(request: HttpRequest, name: str, period: str) -> HttpResponse:
    """The mail as it was sent, with nobody's own links; 404 before its first mail."""
    newsletter = _newsletter(name)
    state = queries.frozen_state(name, period)
    if state is None:
        raise Http404(f"there is no edition {name}/{period}, or it has not been sent yet")
    response = HttpResponse(_mail(*state[:2], rendering.letterhead(config.current(), newsletter)))
    response["Content-Security-Policy"] = MAIL_POLICY
    return _kept(response, newsletter)


@lru_cache(maxsize=64)
def _mail(edition: int, revision: int, letterhead: Letterhead) -> str:
    """The page of an edition; what was frozen never changes, so that it is made once."""
    frozen = Frozen.objects.get(edition_id=edition, revision=revision)
    return preview.public_html(rendering.thawed(frozen), letterhead)


@require_safe
def feed(request: HttpRequest, name: str) -> HttpResponse:
    """The newest editions as an Atom feed (RFC 4287)."""
    newsletter, site = _newsletter(name), config.current().site.url
    atom = Atom1Feed(
        title=newsletter.title,
        link=f"{site}/n/{name}/",
        description=newsletter.description,
        language=newsletter.language,
        feed_url=f"{site}/n/{name}/feed.atom",
        author_name=newsletter.sender.name or newsletter.title,
    )
    for each in queries.listed(name, count=25):
        atom.add_item(
            title=each.subject,
            link=site + each.path,
            description=each.preheader,
            unique_id=site + each.path,
            pubdate=each.at,
            updateddate=each.at,
        )
    return _kept(
        HttpResponse(atom.writeString("utf-8"), content_type="application/atom+xml; charset=utf-8"), newsletter
    )


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every public page that search engines may show."""
    site = config.current().site.url
    addresses = [f"{site}/"]
    for name, newsletter in config.current().newsletters.items():
        if not newsletter.noindex:
            addresses.append(f"{site}/n/{name}/")
            addresses += [site + each.path for each in queries.listed(name, count=10_000)]
    # Names and periods are letters, digits, hyphens and dots, so that nothing needs escaping but the site's address.
    lines = "".join(f"<url><loc>{address.replace('&', '&amp;')}</loc></url>" for address in addresses)
    document = f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{lines}</urlset>'
    return _kept(HttpResponse(document, content_type="application/xml; charset=utf-8"))


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Search engines keep out of the desk and of readers' own links."""
    closed = "".join(f"Disallow: {path}\n" for path in ("/desk/", "/u/", "/p/", "/me/", "/confirm/", "/l/", "/api/"))
    text = f"User-agent: *\n{closed}Sitemap: {config.current().site.url}/sitemap.xml\n"
    return _kept(HttpResponse(text, content_type="text/plain; charset=utf-8"))
