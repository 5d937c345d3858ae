"""Pages of errors: of public addresses in the language of whoever asks, of the desk's in one of the desk's."""

from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.views.defaults import page_not_found
from jinja2 import TemplateError

from newsletter.api.problem_document import API_ROOT
from subscribers.pages import language_of, message
from subscribers.requests import config_of

PROGRAM_PATHS = ("/desk/", API_ROOT, "/hooks/", "/static/", "/metrics")
"""What no public page begins with."""


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404, with the newsletter's header where the address has the name of one."""
    name = request.path.removeprefix("/n/").partition("/")[0]
    newsletter = name if name in config_of(request).newsletters else ""
    return _public_page(request, "missing", 404, newsletter) or page_not_found(request, exception)


def failed(request: HttpRequest, status: int = 500) -> HttpResponse:
    """Answer that this didn't work."""
    page = _public_page(request, "failed", status)
    return page or HttpResponse(loader.render_to_string(f"{status}.html", using="django"), status=status)


def _public_page(request: HttpRequest, kind: str, status: int, newsletter: str = "") -> HttpResponse | None:
    """Return the page of an error; None for an address that is not public, and if a publisher's own template has a
    fault, or is of an earlier version that didn't show errors.
    """
    if not request.path.startswith(PROGRAM_PATHS):
        with suppress(TemplateError, TypeError):  # operators and calls in templates raise the latter
            language = language_of(request, newsletter=newsletter)
            return message(request, language, kind=kind, newsletter=newsletter, status=status)
    return None
