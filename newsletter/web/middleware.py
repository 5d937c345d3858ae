"""Middleware: a request's configuration, probes under any host, the desk's language, the origins of forms, a content
security policy, answers to errors, and redirects from old addresses.
"""

import ipaddress
from http import HTTPStatus
from urllib.parse import urlsplit

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.http.request import split_domain_port
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.template import loader
from django.utils import translation
from django.utils.deprecation import MiddlewareMixin

from newsletter import config
from newsletter.api.problem_document import API_ROOT, MEDIA_TYPE, problem_document
from newsletter.editions.imported.old_addresses import edition_at
from newsletter.messages import api as messages
from newsletter.sending.sql import database_watch
from newsletter.web import error_pages
from subscribers.requests import attach_config, config_of

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: https: http:; "
    "connect-src 'self'; form-action 'self'; frame-src 'self'; font-src 'self'; base-uri 'none'; frame-ancestors 'none'"
)


PROBES = ("/healthz", "/readyz", "/metrics")


class Probes(MiddlewareMixin):
    """Lets machines ask for health by IP address or by a bare host name, as load balancers and Prometheus do.

    Other names stay subject to ALLOWED_HOSTS: a web page could point its own name at this server (DNS rebinding) and
    read what is for private networks only.
    """

    def process_request(self, request: HttpRequest) -> None:
        if request.path in PROBES and _is_local_name(request.META.get("HTTP_HOST", "")):
            request.META["HTTP_HOST"] = "localhost"


class DatabaseInPlace(MiddlewareMixin):
    """Answers 503 while the database can't be used, or its SQLite file is gone or another one.

    What is written to a removed file is lost, so that nothing is even tried then.
    """

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Answer 503 if the file isn't the one that was opened; probes look for themselves."""
        if request.path not in PROBES:
            try:
                database_watch.check()
            except database_watch.DatabaseChanged:
                return _unavailable(request)
        return None

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Tell a database that is away, locked or full, which the services log once, from a mistake in a statement."""
        if isinstance(exception, OperationalError | InterfaceError):
            cause = database_watch.explained(exception) or database_watch.problem()
            return _unavailable(request) if cause else None
        return None


def _unavailable(request: HttpRequest) -> HttpResponse:
    response = error_pages.failed(request, status=503)
    response["Retry-After"], response["Cache-Control"] = "60", "no-store"
    return response


def _is_local_name(host: str) -> bool:
    """Return whether a Host header holds an IP address, or a name without a dot, which public DNS doesn't have."""
    name = split_domain_port(host)[0]
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return bool(name) and "." not in name
    return True


class ConfigSnapshot(MiddlewareMixin):
    """Gives each request the configuration in force when it begins; a changed file is read first."""

    def process_request(self, request: HttpRequest) -> None:
        attach_config(request, config.refresh().config)


def desk_language(language: str | None) -> str:
    """Return the language of the desk for a request: Norwegian, or English for anyone who asks for another language."""
    return "nb" if (language or "").split("-")[0] in ("nb", "nn", "no") else "en"


class DeskLanguage(LocaleMiddleware):
    """Chooses one of the desk's languages for a request; public pages have languages of their own."""

    def process_request(self, request: HttpRequest) -> None:
        super().process_request(request)
        translation.activate(desk_language(translation.get_language()))


class CsrfOfSiteAddresses(CsrfViewMiddleware):
    """Django's protection against CSRF, which trusts the origins of the public addresses in force if they are https.

    Django keeps CSRF_TRUSTED_ORIGINS as it was at first. Without `web.trusted_proxies`, a request that came by https
    seems to have come by http, so that its origin is not that of its host. An earlier address, which may be given up
    one day, is trusted for requests to that address only.
    """

    @property
    def csrf_trusted_origins_hosts(self) -> list[str]:
        """Return the host from whose pages a request without an origin may come."""
        return [urlsplit(url).netloc for url in (config.current().site.url,) if url.startswith("https://")]

    def _origin_verified(self, request: HttpRequest) -> bool:
        if super()._origin_verified(request):  # type: ignore[misc]
            return True
        site, origin = config_of(request).site, request.META["HTTP_ORIGIN"]
        earlier = [url for url in site.url_previous if urlsplit(url).netloc == request.META.get("HTTP_HOST")]
        return any(url.startswith("https://") and url == origin for url in (site.url, *earlier))


class MethodNotAllowedPage(MiddlewareMixin):
    """Gives a browser that opens the address of a form (RFC 9110, section 15.5.6) a page instead of an empty answer."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        wants_page = request.method == "GET" and "text/html" in request.headers.get("Accept", "")
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and wants_page and not response.content:
            response.content = loader.render_to_string("405.html", using="django")
        return response


SERVER_ERRORS = {500: messages.INTERNAL_ERROR, 503: messages.UNAVAILABLE}


class OldAddresses(MiddlewareMixin):
    """Redirects (301) from the paths that imported editions had at another tool, where nothing else is there."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        is_missing_page = response.status_code == HTTPStatus.NOT_FOUND and request.method in ("GET", "HEAD")
        if not is_missing_page or request.path.startswith(error_pages.PROGRAM_PATHS):
            return response
        try:
            edition = edition_at(request.get_full_path())
        except (OperationalError, InterfaceError):
            return response  # the database is away, which is logged by the services
        if edition is None:
            return response
        return HttpResponsePermanentRedirect(f"/n/{edition.name}/", headers={"Cache-Control": "public, max-age=3600"})


class ProblemsOfTheApi(MiddlewareMixin):
    """Gives a program that used the API a problem document where people get a page of an error of the server."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if request.path.startswith(API_ROOT) and response.status_code in SERVER_ERRORS:
            status = HTTPStatus(response.status_code)
            response.content = problem_document(status, SERVER_ERRORS[status](), {})
            response.headers["Content-Type"] = MEDIA_TYPE
            response.headers["Content-Length"] = str(len(response.content))
        return response


class ContentSecurityPolicy(MiddlewareMixin):
    """Sets a strict policy where a view has not set its own (previews and archived emails do)."""

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:  # noqa: ARG002
        response.headers.setdefault("Content-Security-Policy", POLICY)
        return response
