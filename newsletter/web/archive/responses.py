"""Shared by the archive's responses: the requested newsletter, and headers for caches and search engines."""

from django.http import Http404, HttpRequest, HttpResponse

from newsletter.config import Newsletter
from subscribers.requests import config_of

KEPT = "public, max-age=300"


def newsletter_of(request: HttpRequest, name: str) -> Newsletter:
    """Return a configured newsletter, or raise Http404."""
    newsletter = config_of(request).newsletters.get(name)
    if newsletter is None:
        raise Http404(f"there is no newsletter '{name}'")
    return newsletter


def cacheable(response: HttpResponse, newsletter: Newsletter | None = None) -> HttpResponse:
    """Let caches keep a response, and keep it out of search engines if the publisher wants that."""
    response["Cache-Control"] = KEPT
    if newsletter is not None and newsletter.noindex:
        response["X-Robots-Tag"] = "noindex"
    return response
