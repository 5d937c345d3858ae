"""Counts and times requests by route, method and status.

A route is the template of an address, such as `/u/<str:token>`: a path may hold a token, and would be one series each.
"""

import os
import time
from collections.abc import Callable
from functools import cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.multiprocess import MultiProcessCollector

SHARED_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""The environment variable by which several web processes share their numbers, as prometheus-client defines it."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
METHODS = frozenset({"GET", "HEAD", "POST", "OPTIONS"})
OTHER, UNRESOLVED, STATIC = "other", "unresolved", "static files"


class RequestMetrics:
    """The requests that this process answered, in a registry of their own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._seconds = Histogram(
            "newsletter_http_request_duration_seconds",
            "Time to answer HTTP requests, by route, method and status.",
            ("route", "method", "status"),
            registry=self._registry,
            buckets=BUCKETS,
        )

    def observe(self, route: str, method: str | None, status: int, seconds: float) -> None:
        """Count an answered request."""
        self._seconds.labels(route, method if method in METHODS else OTHER, str(status)).observe(seconds)

    def registry(self) -> CollectorRegistry:
        """Return the registry to read from: that of all web processes if they share a folder, else of this one."""
        if SHARED_FOLDER not in os.environ:
            return self._registry
        shared = CollectorRegistry()
        MultiProcessCollector(shared)
        return shared


@cache
def requests() -> RequestMetrics:
    """Return the metrics of this process, made at the first call."""
    return RequestMetrics()


def route_of(request: HttpRequest) -> str:
    """Return the template of a request's address; a path that no view answers gets a fixed name."""
    if request.resolver_match is not None:
        return f"/{request.resolver_match.route}"
    return STATIC if request.path.startswith(settings.STATIC_URL) else UNRESOLVED


class TimedRequests:
    """Middleware that times every request; the outermost one, so that it sees what the others answer."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        requests().observe(route_of(request), request.method, response.status_code, time.perf_counter() - began)
        return response
