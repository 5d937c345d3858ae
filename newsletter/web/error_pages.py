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
    if request.path.startswith(PROGRAM_PATHS):
        return page_not_found(request, exception)
    name = request.path.removeprefix("/n/").partition("/")[0]
    newsletter = name if name in config_of(request).newsletters else ""
    return message(
        request, language_of(request, newsletter=newsletter), kind="missing", newsletter=newsletter, status=404
    )


def failed(request: HttpRequest, status: int = 500) -> HttpResponse:
    """Answer that this didn't work; without a publisher's own templates if the fault is in them."""
    if not request.path.startswith(PROGRAM_PATHS):
        with suppress(TemplateError):
            return message(request, language_of(request), kind="failed", status=status)
    return HttpResponse(loader.render_to_string(f"{status}.html", using="django"), status=status)
