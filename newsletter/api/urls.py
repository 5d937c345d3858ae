"""The addresses under /api/v1.

This module loads the framework. Django imports it with the first request to the API, and not before: newsletter/web
names it by its path.
"""

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, re_path
from django.views.decorators.csrf import csrf_exempt
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError

from newsletter.api import description, refusals
from newsletter.api.operations import LIMIT, count_network
from newsletter.api.rate_limits import RateLimit
from newsletter.api.refusals import Refused
from newsletter.api.routes import editions, event_list, ledger_posts, newsletters, sending_acts, subscribers
from newsletter.messages import Problem, api as messages

app_name = "api"
View = Callable[..., HttpResponseBase]

api = NinjaAPI(
    title="Newsletter",
    version="1",
    description=description.ABOUT,
    docs_url=None,
    openapi_url=None,
    urls_namespace="api",
)
for _routes in (newsletters, editions, sending_acts, ledger_posts, subscribers, event_list):
    api.add_router("", _routes.router)


@api.exception_handler(Problem)
def _refused(_request: HttpRequest, problem: Problem) -> HttpResponse:
    return refusals.response(problem)


@api.exception_handler(ValidationError)
def _invalid(_request: HttpRequest, problem: ValidationError) -> HttpResponse:
    return refusals.invalid(problem.errors)


@api.exception_handler(HttpError)
def _unreadable(_request: HttpRequest, _problem: HttpError) -> HttpResponse:
    """Answer a body that can't be parsed, the one error of this kind that the framework raises."""
    return refusals.response(Refused(HTTPStatus.BAD_REQUEST, messages.NOT_JSON()))


def _framed(view: View) -> View:
    """Wrap a view so that every answer has the headers of the API, and every refusal is a problem document."""

    @wraps(view)
    def framed(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        answer = _checked(view, request, *args, **kwargs)
        limit = request.META.get(LIMIT)
        if isinstance(limit, RateLimit):
            for name, value in limit.headers().items():
                answer.headers.setdefault(name, value)
        answer.headers.setdefault("Cache-Control", "private, no-store")
        return answer

    return framed


def _checked(view: View, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
    try:
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise Refused(HTTPStatus.BAD_REQUEST, messages.NUL())
        answer = view(request, *args, **kwargs)
        if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            allowed = answer.headers["Allow"]
            message = messages.METHOD_NOT_ALLOWED(method=str(request.method), allowed=allowed)
            raise Refused(HTTPStatus.METHOD_NOT_ALLOWED, message, {"Allow": allowed})
    except Problem as problem:
        return refusals.response(problem)
    return answer


@csrf_exempt
def _nothing(request: HttpRequest, **_: str) -> HttpResponse:
    count_network(request)
    raise Refused(HTTPStatus.NOT_FOUND, messages.NOT_FOUND(path=request.path))


def read_description(_request: HttpRequest) -> HttpResponse:
    """Answer with the description of the API (OpenAPI 3.1)."""
    return description.as_json(api)


def explain_problem(_request: HttpRequest, code: str) -> HttpResponse:
    """Explain a code of messages: the sentence, with its parameters in braces."""
    explanation = refusals.explanation(code)
    if explanation is None:
        raise Http404
    return explanation


def _patterns() -> list[URLPattern]:
    patterns = [url for url in api.urls[0] if isinstance(url, URLPattern) and url.name != "api-root"]
    for pattern in patterns:
        pattern.callback = _framed(pattern.callback)
    return patterns


urlpatterns: list[URLPattern] = [
    path("openapi.json", read_description, name="read_description"),
    path("docs", description.page_view(api), name="docs"),
    path("problems/<str:code>", explain_problem, name="explain_problem"),
    *_patterns(),
    re_path("^(?P<rest>.*)$", _framed(_nothing)),
]
